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
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/hook"
)

// sync wants one ConfigMap per Greeting, and reports in the status whether it is there.
func sync(request *hook.CompositeRequest) (*hook.CompositeResponse, error) {
	name := request.Parent.GetName()
	text, _, err := unstructured.NestedString(request.Parent.Object, "spec", "text")
	if err != nil {
		return nil, err
	}
	_, ready := request.Children.OfType("v1", "ConfigMap")[name]

	response := &hook.CompositeResponse{}
	if err := response.AddChild(map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   map[string]any{"name": name},
		"data":       map[string]any{"text": text},
	}); err != nil {
		return nil, err
	}
	return response, response.SetStatus(map[string]any{"ready": ready})
}

// A whole hook is a sync function and a handler around it.
func Example() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request hook.CompositeRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		response, err := sync(&request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(response)
	})

	// What follows plays Hookplane's part: a Greeting was created.
	server := httptest.NewServer(handler)
	defer server.Close()
	answer, err := http.Post(server.URL+"/sync", "application/json", strings.NewReader(`{
		"controller": {"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "CompositeController", "metadata": {"name": "greeter"}},
		"parent": {"apiVersion": "example.com/v1", "kind": "Greeting", "metadata": {"name": "hello", "namespace": "default"}, "spec": {"text": "good morning"}},
		"children": {"ConfigMap.v1": {}},
		"related": {},
		"finalizing": false
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(body))
	// Output:
	// {"status":{"ready":false},"children":[{"apiVersion":"v1","data":{"text":"good morning"},"kind":"ConfigMap","metadata":{"name":"hello"}}]}
}
