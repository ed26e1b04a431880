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

package hook_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
)

func TestCompositeResponseResyncAfter(t *testing.T) {
	tests := map[string]struct {
		seconds float64
		want    time.Duration
	}{
		"Zero":     {seconds: 0, want: 0},
		"Negative": {seconds: -5, want: 0},
		"NaN":      {seconds: math.NaN(), want: 0},
		"Fraction": {seconds: 1.5, want: 1500 * time.Millisecond},
		"Tiny":     {seconds: 1e-12, want: hook.MinResyncAfter},
		"Huge":     {seconds: math.MaxFloat64, want: hook.MaxResyncAfter},
		"Infinite": {seconds: math.Inf(1), want: hook.MaxResyncAfter},
		"MinusInf": {seconds: math.Inf(-1), want: 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			response := hook.CompositeResponse{ResyncAfterSeconds: tc.seconds}
			if diff := cmp.Diff(tc.want, response.ResyncAfter()); diff != "" {
				t.Errorf("ResyncAfter() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompositeResponseMarshal(t *testing.T) {
	tests := map[string]struct {
		build func(r *hook.CompositeResponse) error
		want  string
	}{
		"Zero": {
			build: func(*hook.CompositeResponse) error { return nil },
			want:  `{}`,
		},
		"Full": {
			build: func(r *hook.CompositeResponse) error {
				r.ResyncAfterSeconds = 0.5
				r.Finalized = true
				if err := r.AddChild(map[string]any{"kind": "Pod"}); err != nil {
					return err
				}
				return r.SetStatus(map[string]any{"ready": true})
			},
			want: `{"status":{"ready":true},"children":[{"kind":"Pod"}],"resyncAfterSeconds":0.5,"finalized":true}`,
		},
		"StatusCleared": {
			build: func(r *hook.CompositeResponse) error {
				r.Status = json.RawMessage(`{"old":1}`)
				return r.SetStatus(nil)
			},
			want: `{}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var response hook.CompositeResponse
			if err := tc.build(&response); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(&response)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompositeResponseUnmarshallable(t *testing.T) {
	response := hook.CompositeResponse{Children: []json.RawMessage{[]byte("{}")}}
	if err := response.AddChild(make(chan int)); err == nil || !strings.Contains(err.Error(), "child 1") {
		t.Errorf("AddChild(chan) = %v, want an error that names child 1", err)
	}
	if err := response.SetStatus(make(chan int)); err == nil || !strings.Contains(err.Error(), "status") {
		t.Errorf("SetStatus(chan) = %v, want an error that names the status", err)
	}
	if diff := cmp.Diff(1, len(response.Children)); diff != "" {
		t.Errorf("children after a failed AddChild (-want +got):\n%s", diff)
	}
}

// Requests are decoded by hook authors with encoding/json: integers must stay integers, and keys must be found.
func TestCompositeRequestUnmarshal(t *testing.T) {
	var request hook.CompositeRequest
	err := json.Unmarshal([]byte(`{
		"controller": {"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "CompositeController", "metadata": {"name": "c"}},
		"parent": {"apiVersion": "example.com/v1", "kind": "Job", "metadata": {"name": "p"}, "spec": {"completions": 9007199254740993}},
		"children": {"Pod.v1": {"p-0": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p-0"}}}, "StatefulSet.apps/v1": {}},
		"related": {},
		"finalizing": true
	}`), &request)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(int64(9007199254740993)), request.Parent.Object["spec"].(map[string]any)["completions"]); diff != "" {
		t.Errorf("completions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("p-0", request.Children.OfType("v1", "Pod")["p-0"].GetName()); diff != "" {
		t.Errorf("child (-want +got):\n%s", diff)
	}
	if got := request.Children.OfType("apps/v1", "StatefulSet"); got == nil || len(got) != 0 {
		t.Errorf("declared type without objects = %v, want an empty map", got)
	}
	if !request.Finalizing {
		t.Error("finalizing = false, want true")
	}
}
