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

package initialization

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustDecode(t *testing.T, text string) Tree {
	t.Helper()
	tree, err := Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return tree
}

// TestMarkPending marks an object, looks for the marks, and takes them off again.
func TestMarkPending(t *testing.T) {
	const annotation = `"initializers.metacontroller.k8s.io/pending":"a,b"`
	for name, tc := range map[string]struct {
		object, marked string
		annotate       bool
		gated          bool
		released       string // default: object
	}{
		"Pod": {
			object: `{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{}}`, gated: true,
			marked: `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{` + annotation + `}},"spec":{"schedulingGates":[{"name":"initializers.metacontroller.k8s.io/pending"}]}}`,
		},
		"PodOfOthers": {
			object: `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"x":"y"}},"spec":{"schedulingGates":[{"name":"other"}]}}`, gated: true,
			marked: `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{` + annotation + `,"x":"y"}},"spec":{"schedulingGates":[{"name":"other"},{"name":"initializers.metacontroller.k8s.io/pending"}]}}`,
		},
		"PodAnnotated": {
			object: `{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{}}`, annotate: true,
			marked: `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{` + annotation + `}},"spec":{}}`,
		},
		"Job": {
			object: `{"apiVersion":"batch/v1","kind":"Job","metadata":{},"spec":{"suspend":false}}`, gated: true,
			marked: `{"apiVersion":"batch/v1","kind":"Job","metadata":{"annotations":{` + annotation + `,"initializers.metacontroller.k8s.io/suspended":"true"}},"spec":{"suspend":true}}`,
		},
		"JobOfSomebodyWhoSuspends": {
			object: `{"apiVersion":"batch/v1","kind":"Job","metadata":{},"spec":{"suspend":true}}`,
			marked: `{"apiVersion":"batch/v1","kind":"Job","metadata":{"annotations":{` + annotation + `}},"spec":{"suspend":true}}`,
		},
		"OtherKind": {
			object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"a":"b"}}}`,
			marked: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"annotations":{` + annotation + `},"labels":{"a":"b"}}}`,
		},
		"Misshapen": {
			object: `{"apiVersion":"v1","kind":"Pod","metadata":[],"spec":7}`, gated: true,
			marked:   `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{` + annotation + `}},"spec":{"schedulingGates":[{"name":"initializers.metacontroller.k8s.io/pending"}]}}`,
			released: `{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			object := mustDecode(t, tc.object)
			if Marked(object) || Gated(object) {
				t.Error("the object is marked before")
			}
			MarkPending(object, []string{"a", "b"}, !tc.annotate)
			if diff := cmp.Diff(mustDecode(t, tc.marked), object); diff != "" {
				t.Errorf("marked: -want, +got:\n%s", diff)
			}
			if !Marked(object) || Gated(object) != tc.gated {
				t.Errorf("Marked is %v, Gated is %v, want true and %v", Marked(object), Gated(object), tc.gated)
			}
			if diff := cmp.Diff([]string{"a", "b"}, PendingOf(object)); diff != "" {
				t.Errorf("PendingOf: -want, +got:\n%s", diff)
			}
			MarkPending(object, nil, false)
			want := tc.released
			if want == "" {
				want = tc.object
			}
			if diff := cmp.Diff(mustDecode(t, want), object); diff != "" {
				t.Errorf("released: -want, +got:\n%s", diff)
			}
		})
	}
}

func TestPending(t *testing.T) {
	if diff := cmp.Diff([]string{"a", "b"}, Pending(" a,,b,a ,")); diff != "" {
		t.Errorf("Pending: -want, +got:\n%s", diff)
	}
}
