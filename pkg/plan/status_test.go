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
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
)

// TestStatusReason looks at what is said of a status write; the scenarios look at what is written.
func TestStatusReason(t *testing.T) {
	for name, tc := range map[string]struct{ observed, answered, want string }{
		"First":           {answered: `{"count":1}`, want: "status.count is missing"},
		"Field":           {observed: `{"count":1,"observedGeneration":1}`, answered: `{"count":2}`, want: "status.count differs"},
		"Nested":          {observed: `{"a":{"b":[{"name":"x","v":1}]}}`, answered: `{"a":{"b":[{"name":"x","v":2}]}}`, want: "status.a.b[name=x].v differs"},
		"Removed":         {observed: `{"count":1}`, answered: `{}`, want: "status.count is not wanted any more"},
		"NotAnObject":     {observed: `[]`, answered: `{}`, want: "status differs"},
		"OnlyBookkeeping": {observed: `{"count":1,"observedGeneration":1}`, answered: `{"count":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := Composite(Input{
				Parent:   Parent{Kind: "Thing", Name: "t", Generation: 2, Status: []byte(tc.observed)},
				Response: &hook.CompositeResponse{Status: json.RawMessage(tc.answered)},
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, result.Status.Reason); diff != "" {
				t.Errorf("-want, +got:\n%s", diff)
			}
		})
	}
}
