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

package plan

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzComposite gives arbitrary answers, and arbitrary observed children to compare them with.
func FuzzComposite(f *testing.F) {
	f.Add(pod, reorderedPod, `{"phase":"Ready"}`, pod, `{"f:spec":{"f:containers":{"k:{\"name\":\"solr\"}":{".":{},"f:image":{}}}}}`)
	f.Add(`null`, `{"metadata":{"name":"a/b"}}`, `null`, `{}`, ``)
	f.Add(podWith(`"metadata":{}`), podWith(`"spec":[1,{"name":1}]`), `[]`, podWith(`"spec":[{"name":1.0},1]`), `{"f:spec":{"v:1":{},"i:0":{}}}`)
	f.Add(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"solr","finalizers":["x"],"ownerReferences":[{"uid":"y"}]}}`, `{}`,
		`{"conditions":[1]}`, pod, `{"f:metadata":{"f:finalizers":{"v:\"x\"":{}},"f:ownerReferences":{"k:{\"uid\":\"y\"}":{}}}}`)
	f.Fuzz(func(t *testing.T, first, second, status, observed, applied string) {
		for _, text := range []string{first, second, status, observed} {
			if !json.Valid([]byte(text)) {
				t.Skip("a decoded answer and an object from the API server are JSON")
			}
		}
		in := newInput(InPlace, first, second)
		in.Response.Status = json.RawMessage(status)
		in.Children = []Child{{
			Namespace: "default", Name: "solr", UID: "uid", ControllerUID: in.Parent.UID, Raw: []byte(observed), AppliedFields: applied,
		}}
		result, err := Composite(in)
		again, errAgain := Composite(in)
		if diff := cmp.Diff(result, again, cmpopts.EquateEmpty(), cmp.AllowUnexported(Write{})); diff != "" {
			t.Errorf("two plans of one input (-first +second):\n%s", diff)
		}
		if (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
			t.Errorf("two errors of one input: %v, %v", err, errAgain)
		}
		var invalid *InvalidResponseError
		if errors.As(err, &invalid) && len(invalid.Problems) == 0 {
			t.Error("an invalid response without problems")
		}
		for _, write := range result.Writes {
			if strings.ContainsAny(write.Key.Name, "/%") || write.Key.Name == ".." || write.Key.Name == "." {
				t.Errorf("the name %q is no segment of a path", write.Key.Name)
			}
			if write.Key.Namespace != "default" {
				t.Errorf("the namespace is %q", write.Key.Namespace)
			}
			if write.Body != nil && !json.Valid(write.Body) {
				t.Errorf("the body is not JSON: %q", write.Body)
			}
		}
	})
}
