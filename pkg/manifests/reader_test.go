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

package manifests

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

const (
	composite = `{apiVersion: metacontroller.k8s.io/v1alpha1, kind: CompositeController, metadata: {name: shops}, spec: {
  parentResource: {apiVersion: example.com/v1, resource: shops},
  hooks: {sync: {webhook: {url: "https://hooks.example.com/sync"}}}}}`
	of2018 = `{apiVersion: metacontroller.k8s.io/v1alpha1, kind: CompositeController, metadata: {name: shops}, spec: {
  parentResource: {apiVersion: example.com/v1, resource: shops},
  clientConfig: {service: {name: hooks, namespace: default}},
  hooks: {sync: {path: /sync}}}}`
	other = `{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}`
)

func TestRead(t *testing.T) {
	indented := strings.ReplaceAll(composite, "\n", "\n  ")
	for name, tc := range map[string]struct {
		reason, stream string
		controllers    int
		warnings       int
		err            string
	}{
		"Empty":       {reason: "nothing is in it", stream: "---\n---\n# a remark\n"},
		"Documents":   {reason: "every document is read, others are passed over", stream: composite + "\n---\n" + other + "\n---\n" + composite, controllers: 2},
		"List":        {reason: "kubectl prints lists", stream: "apiVersion: v1\nkind: List\nitems:\n- " + indented + "\n- " + other, controllers: 1},
		"JSON":        {reason: "JSON is YAML", stream: `{"apiVersion": "v1", "kind": "List", "items": []}`},
		"2018":        {reason: "old fields are folded as the API folds them", stream: of2018, controllers: 1, warnings: 2},
		"SameKind":    {reason: "a kind of another group is another kind", stream: strings.ReplaceAll(composite, "metacontroller.k8s.io", "example.com")},
		"Unknown":     {reason: "a misspelt field does nothing", stream: strings.ReplaceAll(composite, "hooks: {", "hook: {"), err: `shops.yaml: strict decoding error: unknown field "spec.hook"`},
		"Invalid":     {reason: "what the API refuses is refused", stream: strings.ReplaceAll(composite, "https:", "ftp:"), err: "must start with http:// or https://"},
		"AllProblems": {reason: "every problem is named", stream: strings.ReplaceAll(composite, "https:", "ftp:") + "\n---\n" + strings.ReplaceAll(composite, "https:", "gopher:"), err: "gopher://"},
		"NoYAML":      {reason: "what is no YAML is no manifest", stream: "a: b: c", err: "shops.yaml: "},
		"NoObject":    {reason: "an object is a mapping", stream: "text", err: "shops.yaml: "},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := NewReader().Read(t.Context(), "shops.yaml", strings.NewReader(tc.stream))
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("%s: the error is %v, want %q", tc.reason, err, tc.err)
			}
			if len(got) != tc.controllers {
				t.Fatalf("%s: %d controllers, want %d", tc.reason, len(got), tc.controllers)
			}
			var warnings []string
			for _, manifest := range got {
				warnings = append(warnings, manifest.Warnings...)
			}
			if len(warnings) != tc.warnings {
				t.Errorf("%s: %d warnings, want %d: %q", tc.reason, len(warnings), tc.warnings, warnings)
			}
		})
	}
}

func TestReadFolds(t *testing.T) {
	got, err := NewReader().Read(t.Context(), "shops.yaml", strings.NewReader(of2018))
	if err != nil {
		t.Fatal(err)
	}
	webhook := got[0].Object.(*metacontroller.CompositeController).Spec.Hooks.Sync.Webhook
	if diff := cmp.Diff("hooks/default/sync", webhook.Service.Name+"/"+webhook.Service.Namespace+webhook.Path); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
