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
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
)

func TestDecoratorResponseMarshal(t *testing.T) {
	var response hook.DecoratorResponse
	response.SetLabel("tier", "web")
	response.RemoveLabel("old")
	response.SetAnnotation("example.com/text", "any text")
	response.RemoveAnnotation("example.com/old")
	response.ResyncAfterSeconds = 0.5
	response.Finalized = true
	if err := response.AddAttachment(map[string]any{"kind": "Service"}); err != nil {
		t.Fatal(err)
	}
	if err := response.SetStatus(map[string]any{"ready": true}); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(&response)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"labels":{"old":null,"tier":"web"},"annotations":{"example.com/old":null,"example.com/text":"any text"},` +
		`"status":{"ready":true},"attachments":[{"kind":"Service"}],"resyncAfterSeconds":0.5,"finalized":true}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(500*time.Millisecond, response.ResyncAfter()); diff != "" {
		t.Errorf("ResyncAfter() (-want +got):\n%s", diff)
	}
	if err := response.SetStatus(nil); err != nil || response.Status != nil {
		t.Errorf("SetStatus(nil) = %v and leaves %s", err, response.Status)
	}
}

func TestDecoratorResponseUnmarshallable(t *testing.T) {
	response := hook.DecoratorResponse{Attachments: []json.RawMessage{[]byte("{}")}}
	if err := response.AddAttachment(make(chan int)); err == nil || !strings.Contains(err.Error(), "attachment 1") {
		t.Errorf("AddAttachment(chan) = %v, want an error that names attachment 1", err)
	}
	if err := response.SetStatus(make(chan int)); err == nil || !strings.Contains(err.Error(), "status") {
		t.Errorf("SetStatus(chan) = %v, want an error that names the status", err)
	}
}

func TestDecoratorRequestUnmarshal(t *testing.T) {
	var request hook.DecoratorRequest
	err := json.Unmarshal([]byte(`{
		"controller": {"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "DecoratorController", "metadata": {"name": "c"}},
		"object": {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}},
		"attachments": {"Service.v1": {"db-0": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db-0"}}}},
		"related": {},
		"finalizing": true
	}`), &request)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{request.Controller.GetName(), request.Object.GetName(), request.Attachments.OfType("v1", "Service")["db-0"].GetName()}
	if diff := cmp.Diff([]string{"c", "db", "db-0"}, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if !request.Finalizing {
		t.Error("finalizing = false, want true")
	}
}
