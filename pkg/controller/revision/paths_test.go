/*
Copyright The Hookplane Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package revision

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePaths(t *testing.T) {
	tests := map[string]struct {
		dotted []string
		want   string
		err    string
	}{
		"One":          {dotted: []string{"spec"}, want: "spec"},
		"Sorted":       {dotted: []string{"spec.template", "metadata.labels"}, want: "metadata.labels,spec.template"},
		"Inside":       {dotted: []string{"spec.template", "spec", "spec.x.y"}, want: "spec"},
		"SamePrefix":   {dotted: []string{"spec.template", "spec.templates"}, want: "spec.template,spec.templates"},
		"OneLabel":     {dotted: []string{"metadata.labels.app"}, want: "metadata.labels.app"},
		"InsideHyphen": {dotted: []string{"spec.a.b", "spec.a-b", "spec.a"}, want: "spec.a,spec.a-b"},
		"Status":       {dotted: []string{"spec", "status.phase"}, err: `"status.phase": a revision is about what the parent should be`},
		"Metadata":     {dotted: []string{"metadata"}, err: `"metadata": of metadata, only labels and annotations`},
		"Name":         {dotted: []string{"metadata.name"}, err: `"metadata.name": of metadata, only labels and annotations`},
		"Kind":         {dotted: []string{"kind"}, err: `"kind": is the same in all revisions`},
		"Empty":        {dotted: []string{"spec..x"}, err: `"spec..x": must be field names joined by dots`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			paths, err := ParsePaths(tc.dotted)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("ParsePaths(%q): want error %q, got %v", tc.dotted, tc.err, err)
			}
			if got := paths.String(); got != tc.want {
				t.Errorf("ParsePaths(%q): want %s, got %s", tc.dotted, tc.want, got)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	tests := map[string]struct {
		paths        []string
		from, to     string
		picked, made string // the patch of from, and to with that
	}{
		"Whole":        {paths: []string{"spec"}, from: `{"spec":{"a":1},"x":1}`, to: `{"spec":{"b":2},"y":2}`, picked: `{"spec":{"a":1}}`, made: `{"spec":{"a":1},"y":2}`},
		"Part":         {paths: []string{"spec.t.i"}, from: `{"spec":{"t":{"i":1,"j":1}}}`, to: `{"spec":{"t":{"i":2,"j":2}}}`, picked: `{"spec":{"t":{"i":1}}}`, made: `{"spec":{"t":{"i":1,"j":2}}}`},
		"Absent":       {paths: []string{"spec.t"}, from: `{"spec":{}}`, to: `{"spec":{"t":{"i":2},"r":2}}`, picked: `{}`, made: `{"spec":{"r":2}}`},
		"AbsentBefore": {paths: []string{"spec.t.i"}, from: `{"spec":{"t":{"i":1}}}`, to: `{}`, picked: `{"spec":{"t":{"i":1}}}`, made: `{"spec":{"t":{"i":1}}}`},
		"AbsentInBoth": {paths: []string{"spec.t.i"}, from: `{}`, to: `{"x":1}`, picked: `{}`, made: `{"x":1}`},
		"Null":         {paths: []string{"spec.t"}, from: `{"spec":{"t":null}}`, to: `{"spec":{"t":2}}`, picked: `{}`, made: `{"spec":{}}`},
		"NoObject":     {paths: []string{"spec.t.i"}, from: `{"spec":[1]}`, to: `{"spec":{"t":{"i":2}}}`, picked: `{}`, made: `{"spec":{"t":{}}}`},
		"IntoNoObject": {paths: []string{"spec.t"}, from: `{"spec":{"t":1}}`, to: `{"spec":[2]}`, picked: `{"spec":{"t":1}}`, made: `{"spec":{"t":1}}`},
		"FromNoObject": {paths: []string{"spec.t"}, from: `{}`, to: `{"spec":[2]}`, picked: `{}`, made: `{"spec":[2]}`},
		"Two":          {paths: []string{"spec.a", "spec.b"}, from: `{"spec":{"a":1,"b":1,"c":1}}`, to: `{"spec":{"c":2}}`, picked: `{"spec":{"a":1,"b":1}}`, made: `{"spec":{"a":1,"b":1,"c":2}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			paths, err := ParsePaths(tc.paths)
			if err != nil {
				t.Fatal(err)
			}
			picked, made := paths.pick(object(t, tc.from)), object(t, tc.to)
			paths.put(made, picked)
			if diff := cmp.Diff(object(t, tc.picked), picked); diff != "" {
				t.Errorf("pick (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(object(t, tc.made), made); diff != "" {
				t.Errorf("put (-want +got):\n%s", diff)
			}
		})
	}
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return object
}
