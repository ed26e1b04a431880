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

package plan_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/plan"
)

// decorated is the plan's input for an object that has one label, one annotation and a status.
func decorated(response *hook.DecoratorResponse) plan.DecoratorInput {
	return plan.DecoratorInput{
		Name: "marker",
		Object: plan.Input{
			Parent: plan.Parent{
				APIVersion: "example.com/v1", Kind: "Shop", Namespace: "default", Name: "shop", UID: "u", Generation: 3,
				Status: []byte(`{"phase":"Old","count":1,"nested":{"a":1,"b":2}}`),
			},
			Rules:  []plan.Rule{{APIVersion: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespaced: true, Method: plan.InPlace}},
			Lookup: func(int, string, string) (plan.Child, bool) { return plan.Child{}, false },
		},
		Labels: map[string]string{"tier": "web"}, Annotations: map[string]string{"note": "1"},
		StatusSubresource: true,
		Response:          response,
	}
}

func TestDecoratorNothingDiffers(t *testing.T) {
	response := &hook.DecoratorResponse{Status: []byte(`{"count":1,"nested":{"b":2,"a":1},"phase":"Old"}`)}
	response.SetLabel("tier", "web")
	response.RemoveLabel("absent")
	response.SetAnnotation("note", "1")
	for name, response := range map[string]*hook.DecoratorResponse{"Repeated": response, "Silent": {}, "NullStatus": {Status: []byte("null")}} {
		t.Run(name, func(t *testing.T) {
			got, err := plan.Decorator(decorated(response))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Writes) > 0 || got.Status != nil || got.StatusPatch != nil || got.Labels != nil || got.Annotations != nil {
				t.Errorf("Decorator() = %+v, want nothing to write", got)
			}
		})
	}
}

func TestDecoratorObject(t *testing.T) {
	response := &hook.DecoratorResponse{Status: []byte(`{"phase":"New","nested":{"b":3}}`)}
	response.SetLabel("tier", "db")
	response.SetLabel("new", "")
	response.RemoveAnnotation("note")
	in := decorated(response)
	got, err := plan.Decorator(in)
	if err != nil {
		t.Fatal(err)
	}
	db, empty := "db", ""
	if diff := cmp.Diff(map[string]*string{"tier": &db, "new": &empty}, got.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]*string{"note": nil}, got.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(`{"nested":{"b":3},"phase":"New"}`, string(got.Status.Status)); diff != "" {
		t.Errorf("status, which has no observedGeneration (-want +got):\n%s", diff)
	}
	if got.StatusPatch != nil {
		t.Errorf("the status is to be written with the object: %s", got.StatusPatch)
	}
	in.StatusSubresource = false
	if got, err = plan.Decorator(in); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"count":null,"nested":{"a":null,"b":3},"phase":"New"}`, string(got.StatusPatch)); diff != "" {
		t.Errorf("patch of the status (-want +got):\n%s", diff)
	}
	in.Object.SettledStatus = got.Status.Fingerprint
	if got, err = plan.Decorator(in); err != nil || got.StatusPatch != nil {
		t.Errorf("a status that the server would not take is sent again: %s, %v", got.StatusPatch, err)
	}
}

func TestDecoratorAttachment(t *testing.T) {
	response := &hook.DecoratorResponse{}
	if err := response.AddAttachment(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "a"}}); err != nil {
		t.Fatal(err)
	}
	got, err := plan.Decorator(decorated(response))
	if err != nil || len(got.Writes) != 1 {
		t.Fatalf("Decorator() = %+v, %v, want one write", got, err)
	}
	var body struct {
		Metadata struct {
			Namespace   string
			Annotations map[string]string
			Owners      []map[string]any `json:"ownerReferences"`
		}
	}
	if err := json.Unmarshal(got.Writes[0].Body, &body); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"metacontroller.k8s.io/decorator-controller": "marker"}, body.Metadata.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	if body.Metadata.Namespace != "default" || len(body.Metadata.Owners) != 1 || body.Metadata.Owners[0]["uid"] != "u" {
		t.Errorf("metadata = %+v, want the object's namespace and the object as owner", body.Metadata)
	}
}

func TestDecoratorInvalid(t *testing.T) {
	response := &hook.DecoratorResponse{Attachments: []json.RawMessage{
		[]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}`),
		[]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`),
		[]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`),
	}}
	_, err := plan.Decorator(decorated(response))
	invalid, ok := errors.AsType[*plan.InvalidResponseError](err)
	if !ok {
		t.Fatalf("Decorator() = %v, want an InvalidResponseError", err)
	}
	want := []string{
		`attachments[0] Secret "s": no attachment rule declares this type: add {apiVersion: v1, resource: secrets} to spec.attachments`,
		`attachments[2] ConfigMap "a": is the same object as attachments[1]`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(invalid.Problems, "\n")); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
