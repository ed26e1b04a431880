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
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
)

// rollingInput is about Workers and Drones that are rolled, in the order of the names. An observed child has the image one.
func rollingInput(observed []string, wanted ...string) Input {
	in := newInput(RollingInPlace)
	in.Rules = []Rule{
		{APIVersion: "example.com/v1", Kind: "Worker", Resource: "workers", Namespaced: true, Method: RollingInPlace},
		{APIVersion: "example.com/v1", Kind: "Drone", Resource: "drones", Namespaced: true, Method: RollingRecreate},
		{APIVersion: "example.com/v2", Kind: "Worker", Resource: "workers", Namespaced: true, Method: RollingInPlace},
	}
	in.Rollout = &Rollout{Latest: Revision{Name: "latest"}, Now: "2026-01-01T00:00:00Z"}
	in.Response.Children = rollingChildren("two", wanted...)
	for _, name := range observed {
		in.Children = append(in.Children, Child{
			Namespace: "default", Name: name, ResourceVersion: "1", UID: "uid", ControllerUID: in.Parent.UID,
			Raw: rollingChildren("one", name)[0],
		})
		if name[0] == 'd' {
			in.Children[len(in.Children)-1].Rule = 1
		}
	}
	return in
}

func rollingChildren(image string, names ...string) []json.RawMessage {
	var children []json.RawMessage
	for _, name := range names {
		kind := "Worker"
		if name[0] == 'd' {
			kind = "Drone"
		}
		children = append(children, json.RawMessage(fmt.Sprintf(
			`{"apiVersion":"example.com/v1","kind":%q,"metadata":{"name":%q},"spec":{"image":%q}}`, kind, name, image)))
	}
	return children
}

func older(name, image string, members []Members, wanted ...string) Revision {
	return Revision{Name: name, Children: members, Response: &hook.CompositeResponse{Children: rollingChildren(image, wanted...)}}
}

func workers(names ...string) []Members { return []Members{{"example.com", "Worker", names}} }

func TestRollout(t *testing.T) {
	tests := map[string]struct {
		in        func() Input
		latest    []Members
		older     [][]Members
		condition string
	}{
		"InTheLatestAndAnOlder": {
			in: func() Input {
				in := rollingInput([]string{"a", "b"}, "a", "b")
				in.Rollout.Latest.Children = workers("a")
				in.Rollout.Older = []Revision{older("r", "one", workers("a", "b"), "a", "b")}
				return in
			},
			latest: workers("a"), older: [][]Members{workers("b")},
			condition: `False, RolloutWaiting: waiting for Worker "default/a": metadata.namespace is missing`,
		},
		"InTwoOlder": {
			in: func() Input {
				in := rollingInput([]string{"a", "b"}, "c", "a", "b")
				in.Rollout.Older = []Revision{older("s", "zero", workers("b", "a"), "a", "b"), older("r", "one", workers("b", "a"), "a", "b")}
				return in
			},
			latest: workers("c"), older: [][]Members{nil, workers("a", "b")},
			condition: `False, RolloutWaiting: waiting for Worker "default/c": it does not exist`,
		},
		"UndeclaredKind": {
			in: func() Input {
				in := rollingInput([]string{"a"}, "a")
				in.Rollout.Older = []Revision{older("r", "one", []Members{{"", "Worker", []string{"a"}}, {"example.com", "Queen", []string{"a"}}}, "a")}
				return in
			},
			latest: workers("a"), older: [][]Members{nil}, condition: `False, RolloutProgressing: updating Worker "default/a"`,
		},
		"TwoKinds": {
			in: func() Input {
				in := rollingInput([]string{"a", "d"}, "d", "a")
				in.Rollout.Older = []Revision{older("r", "one", append(workers("a"), Members{"example.com", "Drone", []string{"d"}}), "d", "a")}
				return in
			},
			latest: []Members{{"example.com", "Drone", []string{"d"}}}, older: [][]Members{workers("a")},
			condition: `False, RolloutProgressing: updating Drone "default/d"`,
		},
		"TwoKindsAreSorted": {
			in:     func() Input { return rollingInput(nil, "b", "d", "a") },
			latest: []Members{{"example.com", "Drone", []string{"d"}}, {"example.com", "Worker", []string{"a", "b"}}}, older: nil,
			condition: "True, OnLatestRevision: latest ControllerRevision: latest",
		},
		"OtherVersion": {
			in: func() Input {
				in := rollingInput([]string{"a"}, "a")
				in.Response.Children = []json.RawMessage{json.RawMessage(`{"apiVersion":"example.com/v2","kind":"Worker","metadata":{"name":"a"},"spec":{"image":"two"}}`)}
				observed := in.Children[0]
				observed.Rule = 2
				in.Lookup = func(rule int, _, name string) (Child, bool) { return observed, rule == 2 && name == "a" }
				in.Rollout.Older = []Revision{older("r", "one", workers("a"), "a")}
				return in
			},
			latest: workers("a"), older: [][]Members{nil}, condition: `False, RolloutProgressing: updating Worker "default/a"`,
		},
		"UnreadableStatus": {
			in: func() Input {
				in := rollingInput([]string{"a", "b"}, "a", "b")
				in.Rollout.Latest.Children = workers("a")
				in.Children[0].Raw = json.RawMessage(`{"apiVersion":"example.com/v1","kind":"Worker","metadata":{"name":"a","namespace":"default","ownerReferences":[` +
					`{"apiVersion":"apps.hybris.com/v1","kind":"Ecommerce","name":"shop-1","uid":"shop-1-uid","controller":true,"blockOwnerDeletion":true}` +
					`]},"spec":{"image":"two"},"status":{"conditions":"none"}}`)
				in.Rollout.Older = []Revision{older("r", "one", workers("b"), "b")}
				return in
			},
			latest: workers("a"), older: [][]Members{workers("b")},
			condition: `False, RolloutWaiting: waiting for Worker "default/a": its status.conditions or status.observedGeneration is not of the usual form`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			result := mustPlan(t, tc.in())
			if diff := cmp.Diff(tc.latest, result.Progress.Latest); diff != "" {
				t.Errorf("latest (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.older, result.Progress.Older); diff != "" {
				t.Errorf("older (-want +got):\n%s", diff)
			}
			if got := conditionOf(t, result.Status.Status); got != tc.condition {
				t.Errorf("Updated is %s, want %s", got, tc.condition)
			}
		})
	}
}

// TestRolloutUnreadableChild has an observed child that is no JSON: the input is at fault, whoever finds out.
func TestRolloutUnreadableChild(t *testing.T) {
	for name, claims := range map[string][]Members{"WhereItIs": nil, "HowItDoes": workers("a")} {
		t.Run(name, func(t *testing.T) {
			in := rollingInput([]string{"a", "b"}, "a", "b")
			in.Children[0].Raw = []byte("{")
			in.Rollout.Latest.Children = claims
			if _, err := Composite(in); err == nil {
				t.Error("want an error")
			}
		})
	}
}

// TestUpdatedConditionTime keeps the time of the last transition, and sends none to a schema that has dropped it.
func TestUpdatedConditionTime(t *testing.T) {
	tests := map[string]struct {
		observed string
		want     any
	}{
		"New":         {observed: `{}`, want: "2026-01-01T00:00:00Z"},
		"SameStatus":  {observed: `{"conditions":[{"type":"Updated","status":"True","lastTransitionTime":"2025-01-01T00:00:00Z"}]}`, want: "2025-01-01T00:00:00Z"},
		"OtherStatus": {observed: `{"conditions":[{"type":"Updated","status":"False","lastTransitionTime":"2025-01-01T00:00:00Z"}]}`, want: "2026-01-01T00:00:00Z"},
		"Dropped":     {observed: `{"conditions":[{"type":"Updated","status":"True"}]}`},
		"NoStatus":    {observed: ``, want: "2026-01-01T00:00:00Z"},
		"OddStatus":   {observed: `{"conditions":"none"}`, want: "2026-01-01T00:00:00Z"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := rollingInput(nil, "a")
			in.Parent.Status = []byte(tc.observed)
			result := mustPlan(t, in)
			if result.Status == nil {
				t.Fatal("want a status")
			}
			in.Parent.Status = result.Status.Status
			if got := observedUpdated(&in)["lastTransitionTime"]; got != tc.want {
				t.Errorf("lastTransitionTime: want %v, got %v", tc.want, got)
			}
			if again := mustPlan(t, in); again.Status != nil {
				t.Errorf("the same status is written again: %s", again.Status.Status)
			}
		})
	}
}

// TestParentThatNeverRolled has a parent that goes before its first sync: there is no condition to keep, and none is made.
func TestParentThatNeverRolled(t *testing.T) {
	status := map[string]any{"phase": "Ending"}
	addUpdated(&Input{}, status, nil, &faults{})
	if diff := cmp.Diff(map[string]any{"phase": "Ending"}, status); diff != "" {
		t.Errorf("addUpdated() (-want +got):\n%s", diff)
	}
}
