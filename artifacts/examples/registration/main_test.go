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
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
)

// service is a request about a Service that is not registered yet.
const service = `{"object": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop", "namespace": "n", "annotations": {"examples.hookplane.dev/hostname": "shop.example.com"}}}}`

// renamed is one about the same Service, which was registered by another name.
const renamed = `{"object": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop", "namespace": "n", "annotations": {"examples.hookplane.dev/hostname": "shop.example.com", "examples.hookplane.dev/registered": "old.example.com"}}}}`

func newRegistrar(t *testing.T, outside *registry) *registrar {
	t.Helper()
	server := httptest.NewServer(outside.handler())
	t.Cleanup(server.Close)
	return &registrar{records{client: server.Client(), base: server.URL}}
}

func requestOf(t *testing.T, text string) *hook.DecoratorRequest {
	t.Helper()
	observed := &hook.DecoratorRequest{}
	if err := json.Unmarshal([]byte(text), observed); err != nil {
		t.Fatal(err)
	}
	return observed
}

func TestRegistrar(t *testing.T) {
	const others = "other.example.com"
	set := "shop.example.com"
	for name, tc := range map[string]struct {
		request    string
		decide     func(*registrar, context.Context, *hook.DecoratorRequest) (*hook.DecoratorResponse, error)
		want       map[string]string
		annotation *string
	}{
		"New":           {request: service, decide: (*registrar).sync, want: map[string]string{others: "n/other", "old.example.com": "n/shop", set: "n/shop"}, annotation: &set},
		"Renamed":       {request: renamed, decide: (*registrar).sync, want: map[string]string{others: "n/other", set: "n/shop"}, annotation: &set},
		"Deleted":       {request: renamed, decide: (*registrar).finalize, want: map[string]string{others: "n/other"}},
		"NotRegistered": {request: strings.ReplaceAll(renamed, "hostname", "x"), decide: (*registrar).finalize, want: map[string]string{others: "n/other"}},
	} {
		t.Run(name, func(t *testing.T) {
			outside := &registry{targets: map[string]string{others: "n/other", "old.example.com": "n/shop"}}
			r := newRegistrar(t, outside)
			for range 2 { // once more is the same
				answer, err := tc.decide(r, t.Context(), requestOf(t, tc.request))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]*string{registeredAnnotation: tc.annotation}, answer.Annotations); diff != "" || answer.Finalized != (tc.annotation == nil) {
					t.Errorf("finalized %t, annotations (-want +got):\n%s", answer.Finalized, diff)
				}
			}
			if diff := cmp.Diff(tc.want, outside.targets); diff != "" {
				t.Errorf("registered (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRegistrarFails(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusBadGateway) }))
	defer broken.Close()
	r := &registrar{records{client: broken.Client(), base: broken.URL}}
	for name, decide := range map[string]func(context.Context, *hook.DecoratorRequest) (*hook.DecoratorResponse, error){"PUT": r.sync, "DELETE": r.finalize} {
		if _, err := decide(t.Context(), requestOf(t, service)); err == nil || !strings.Contains(err.Error(), `answers 502 Bad Gateway to `+name+` of "shop.example.com"`) {
			t.Errorf("error = %v, want what the registry answers to %s", err, name)
		}
		if _, err := decide(t.Context(), &hook.DecoratorRequest{}); err == nil || err.Error() != "the request has no object" {
			t.Errorf("error = %v, want that there is no object", err)
		}
	}
	broken.Close()
	if _, err := r.sync(t.Context(), requestOf(t, service)); err == nil || !strings.Contains(err.Error(), "cannot reach the registry") {
		t.Errorf("error = %v, want that the registry cannot be reached", err)
	}
}

func TestRegistryLimits(t *testing.T) {
	outside := &registry{}
	put := func(name, target string) int {
		recorder := httptest.NewRecorder()
		outside.handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodPut, "/records/"+name, strings.NewReader(target)))
		return recorder.Code
	}
	if code := put("a", strings.Repeat("x", maxTarget+1)); code != http.StatusRequestEntityTooLarge {
		t.Errorf("a target that is too long is answered with %d", code)
	}
	outside.targets = map[string]string{}
	for i := range maxRecords {
		outside.targets[string(rune('a'+i%26))+strings.Repeat("b", i/26)] = ""
	}
	if code := put("new", "x"); code != http.StatusInsufficientStorage {
		t.Errorf("a record too many is answered with %d", code)
	}
	if code := put("a", "x"); code != http.StatusNoContent {
		t.Errorf("a record that is there already is answered with %d", code)
	}
}
