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

	"github.com/hookplane/hookplane/apis/hook"
)

// pod is a child as a hook answers it; the server of these tests stores its working directory as /x.
const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"solr"},"spec":{"containers":[` +
	`{"name":"solr","image":"solr:9","workingDir":"/x/."}]}}`

// reorderedPod is the same with its members in another order.
const reorderedPod = `{"kind":"Pod","spec":{"containers":[` +
	`{"workingDir":"/x/.","image":"solr:9","name":"solr"}]},"metadata":{"name":"solr"},"apiVersion":"v1"}`

var podKey = ChildKey{Rule: 0, Namespace: "default", Name: "solr"}

func newInput(method Method, children ...string) Input {
	in := Input{
		Parent: Parent{
			APIVersion: "apps.hybris.com/v1", Kind: "Ecommerce", Namespace: "default", Name: "shop-1", UID: "shop-1-uid",
			Generation: 2, Status: []byte(`{"observedGeneration":2}`),
		},
		Rules:    []Rule{{APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespaced: true, Method: method}},
		Lookup:   func(int, string, string) (Child, bool) { return Child{}, false },
		Response: &hook.CompositeResponse{},
	}
	for _, child := range children {
		in.Response.Children = append(in.Response.Children, json.RawMessage(child))
	}
	return in
}

func mustPlan(t testing.TB, in Input) Result {
	t.Helper()
	result, err := Composite(in)
	if err != nil {
		t.Fatalf("Composite(...): %v", err)
	}
	return result
}

// created returns the only write of a plan, a Create, and the child that the server makes of it.
func created(t *testing.T, in Input) (Write, Child) {
	t.Helper()
	result := mustPlan(t, in)
	if len(result.Writes) != 1 || result.Writes[0].Op != Create {
		t.Fatalf("writes: want one Create, got %+v", result.Writes)
	}
	server := newServer(t, "v1", "Pod")
	server.apply(t, result.Writes[0].Body)
	return result.Writes[0], Child{
		Namespace: "default", Name: "solr", ResourceVersion: "10", UID: "solr-uid", ControllerUID: in.Parent.UID,
		Raw:           []byte(strings.Replace(string(server.object(t)), "/x/.", "/x", 1)),
		AppliedFields: server.appliedFields(t), ContentDigest: 100,
	}
}

func ops(result Result) []Op {
	var ops []Op
	for _, write := range result.Writes {
		ops = append(ops, write.Op)
	}
	return ops
}

// TestWriteSettle follows a child whose server stores another text than it was sent.
func TestWriteSettle(t *testing.T) {
	tests := map[string]struct {
		reason string
		method Method
		// change gets the child as created and what is known of it, and the second sync's input.
		change func(child *Child, known *Settled, in *Input)
		want   []Op
	}{
		"AsCreated": {
			reason: "the child is as our own create left it",
			method: InPlace,
			change: func(_ *Child, known *Settled, in *Input) {},
			want:   nil,
		},
		"AsCreatedRecreate": {
			reason: "likewise, and a delete would come every time",
			method: Recreate,
			change: func(_ *Child, known *Settled, in *Input) {},
			want:   nil,
		},
		"StatusMovedOn": {
			reason: "the resourceVersion of the create is history, so the child is compared",
			method: InPlace,
			change: func(child *Child, known *Settled, in *Input) { child.ResourceVersion = "11" },
			want:   []Op{Update},
		},
		"AnswerChanged": {
			reason: "what was settled is another desired state",
			method: InPlace,
			change: func(_ *Child, known *Settled, in *Input) {
				in.Response.Children[0] = json.RawMessage(strings.Replace(pod, "solr:9", "solr:10", 1))
			},
			want: []Op{Update},
		},
		"Restart": {
			reason: "nothing is remembered",
			method: InPlace,
			change: func(_ *Child, known *Settled, in *Input) { *known = Settled{} },
			want:   []Op{Update},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			write, child := created(t, newInput(tc.method, pod))
			known := write.Settle("10")
			in := newInput(tc.method, pod)
			tc.change(&child, &known, &in)
			in.Children = []Child{child}
			in.Settled = map[ChildKey]Settled{podKey: known}

			got := mustPlan(t, in)
			if diff := cmp.Diff(tc.want, ops(got)); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if len(tc.want) > 0 {
				return
			}
			in.Children[0].ResourceVersion = "11"
			in.Settled = got.Settled
			if got := mustPlan(t, in); len(got.Writes) > 0 {
				t.Errorf("a later resourceVersion with the same content: %s %s", got.Writes[0].Op, got.Writes[0].Reason)
			}
		})
	}
}

func TestWriteSettleUnchanged(t *testing.T) {
	for _, method := range []Method{InPlace, Recreate} {
		t.Run(string(method), func(t *testing.T) {
			_, child := created(t, newInput(method, pod))
			in := newInput(method, pod)
			in.Children = []Child{child}
			first := mustPlan(t, in)
			if len(first.Writes) != 1 {
				t.Fatalf("writes: want 1, got %+v", first.Writes)
			}
			// The server answers with the same resourceVersion: nothing changed.
			in.Settled = map[ChildKey]Settled{podKey: first.Writes[0].Settle(child.ResourceVersion)}

			if got := mustPlan(t, in); len(got.Writes) > 0 {
				t.Errorf("after a write that changed nothing: %s %s", got.Writes[0].Op, got.Writes[0].Reason)
			}
			in.Response.Children[0] = json.RawMessage(reorderedPod)
			reordered := mustPlan(t, in)
			if len(reordered.Writes) > 0 {
				t.Errorf("after a change of key order: %s %s", reordered.Writes[0].Op, reordered.Writes[0].Reason)
			}
			in.Children[0].ContentDigest = 101
			if got := mustPlan(t, in); len(got.Writes) != 1 {
				t.Errorf("after a change of content: want 1 write, got %+v", got.Writes)
			}
		})
	}
}

func TestRecreateCarriesObserved(t *testing.T) {
	_, child := created(t, newInput(Recreate, pod))
	in := newInput(Recreate, pod)
	in.Children = []Child{child}
	write := mustPlan(t, in).Writes[0]
	if write.Op != Delete || write.Body == nil || string(write.Observed) != string(child.Raw) {
		t.Errorf("want a Delete with Body and Observed, got %+v", write)
	}
	if write.UID != child.UID || write.ResourceVersion != child.ResourceVersion {
		t.Errorf("want preconditions %s, %s, got %s, %s", child.UID, child.ResourceVersion, write.UID, write.ResourceVersion)
	}
}

// TestSettledIsNotDecoded shows that a settled child costs no decoding: what is observed of it is not even JSON.
func TestSettledIsNotDecoded(t *testing.T) {
	write, child := created(t, newInput(InPlace, pod))
	child.Raw = []byte("not looked at")
	in := newInput(InPlace, pod)
	in.Children = []Child{child}
	in.Settled = map[ChildKey]Settled{podKey: write.Settle(child.ResourceVersion)}
	if got := mustPlan(t, in); len(got.Writes) > 0 {
		t.Errorf("want no writes, got %+v", got.Writes)
	}
}

func TestLookupFindsOwnChild(t *testing.T) {
	_, child := created(t, newInput(InPlace, pod))
	in := newInput(InPlace, pod)
	in.Lookup = func(int, string, string) (Child, bool) { return child, true }
	if diff := cmp.Diff([]Op{Update}, ops(mustPlan(t, in))); diff != "" {
		t.Errorf("a child that is missing from Children only (-want +got):\n%s", diff)
	}
}

func TestSettledStatus(t *testing.T) {
	in := newInput(InPlace)
	in.Response.Status = json.RawMessage(`{"phase":"Ready","dropped":true}`)
	first := mustPlan(t, in).Status
	if first == nil {
		t.Fatal("want a status write")
	}
	in.SettledStatus = first.Fingerprint
	if got := mustPlan(t, in).Status; got != nil {
		t.Errorf("after a write that changed nothing: %s", got.Status)
	}
	in.Parent.Status = []byte(`{"observedGeneration":2,"phase":"Other"}`)
	if mustPlan(t, in).Status == nil {
		t.Error("after somebody else changed the status: want a write")
	}
}

func TestCompositeUnreadableObserved(t *testing.T) {
	tests := map[string]struct {
		change func(in *Input)
		want   string
	}{
		"Object": {
			change: func(in *Input) { in.Children[0].Raw = []byte("{") },
			want:   `cannot compare Pod "default/solr": cannot read the observed object`,
		},
		"AppliedFields": {
			change: func(in *Input) { in.Children[0].AppliedFields = "[]" },
			want:   `cannot compare Pod "default/solr": cannot read the fields applied to it`,
		},
		"Status": {
			change: func(in *Input) { in.Parent.Status = []byte("{") },
			want:   `cannot read the observed status of Ecommerce "shop-1"`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, child := created(t, newInput(InPlace, pod))
			in := newInput(InPlace, pod)
			in.Children = []Child{child}
			tc.change(&in)
			_, err := Composite(in)
			var invalid *InvalidResponseError
			if err == nil || errors.As(err, &invalid) || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("want %q, got %v", tc.want, err)
			}
		})
	}
}
