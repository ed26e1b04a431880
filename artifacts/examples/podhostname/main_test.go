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

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/apis/hook"
)

func TestHandleInit(t *testing.T) {
	const wishes = `"annotations": {"pod.beta.kubernetes.io/hostname": "web", "pod.beta.kubernetes.io/subdomain": "front"}`
	tests := map[string]struct {
		pod        string
		wantStatus int
		want       map[string]any // the Pod's spec
	}{
		"Wishes":   {pod: `{"kind": "Pod", "metadata": {` + wishes + `}, "spec": {}}`, wantStatus: 200, want: map[string]any{"hostname": "web", "subdomain": "front"}},
		"SaysSelf": {pod: `{"kind": "Pod", "metadata": {` + wishes + `}, "spec": {"hostname": "own"}}`, wantStatus: 200, want: map[string]any{"hostname": "own", "subdomain": "front"}},
		"NoWishes": {pod: `{"kind": "Pod", "metadata": {}, "spec": {}}`, wantStatus: 200, want: map[string]any{}},
		"NotJSON":  {pod: `hello`, wantStatus: 400},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			hooks("").ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/init", strings.NewReader(`{"object": `+tc.pod+`}`)))
			if recorder.Code != tc.wantStatus {
				t.Fatalf("status %d, want %d: %s", recorder.Code, tc.wantStatus, recorder.Body)
			}
			if tc.want == nil {
				return
			}
			var response hook.InitializeResponse
			var pod struct{ Spec map[string]any }
			if err := json.Unmarshal(recorder.Body.Bytes(), &response); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(response.Object, &pod); err != nil {
				t.Fatal(err)
			}
			for _, field := range []string{"hostname", "subdomain"} {
				if pod.Spec[field] != tc.want[field] {
					t.Errorf("spec.%s is %v, want %v", field, pod.Spec[field], tc.want[field])
				}
			}
		})
	}
}
