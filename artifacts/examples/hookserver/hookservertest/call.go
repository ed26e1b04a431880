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

// Package hookservertest calls hooks of the examples in tests. It is for tests only.
package hookservertest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Call is a call of a hook, and what its answer is to be.
type Call struct {
	Body   string
	Status int
	Want   string // is in the answer's body
}

// Check makes calls to a path, each in a subtest of its own.
func Check(t *testing.T, hooks http.Handler, path string, calls map[string]Call) {
	t.Helper()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			hooks.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(call.Body)))
			if recorder.Code != call.Status || !strings.Contains(recorder.Body.String(), call.Want) {
				t.Errorf("answer %d %q, want %d with %q", recorder.Code, recorder.Body, call.Status, call.Want)
			}
		})
	}
}
