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
	"errors"
	"fmt"
	"net/http"

	"github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/artifacts/examples/hookserver"
)

// refusal is what whoever creates an object is told. Other errors are failures of the hook.
type refusal struct{ message string }

func (r *refusal) Error() string { return r.message }

// handler answers calls of Hookplane with the object as the initializer has left it.
func handler(initialize initializer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request hook.InitializeRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request.Object == nil {
			http.Error(w, fmt.Sprintf("not a request of Hookplane: %v", err), http.StatusBadRequest)
			return
		}
		var response hook.InitializeResponse
		err := initialize(&request)
		if refused, ok := errors.AsType[*refusal](err); ok {
			response.Refuse("%s", refused.message)
			err = nil
		} else if err == nil {
			err = response.SetObject(request.Object)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		hookserver.Answer(w, response)
	})
}
