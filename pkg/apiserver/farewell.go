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

package apiserver

import (
	"net/http"
	"sync/atomic"
)

// farewell sends clients to other replicas once this one was told to end: their connections last for as long as they are used,
// and what is sent over one when the server stops serving fails.
type farewell struct{ ending atomic.Bool }

// wrap returns a handler whose answers end their connection while the server ends. HTTP/2 makes a GOAWAY of it, which lets
// everything finish that is under way.
func (f *farewell) wrap(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.ending.Load() {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
}
