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
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// TestFarewell counts the connections on which a client asks, over HTTP/2 as kube-apiserver does.
func TestFarewell(t *testing.T) {
	var (
		farewell    farewell
		connections atomic.Int64
	)
	server := httptest.NewUnstartedServer(farewell.wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	server.EnableHTTP2 = true
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	ask := func() {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK {
			t.Fatalf("the answer is %s %s", answer.Proto, answer.Status)
		}
	}
	ask()
	ask()
	if got := connections.Load(); got != 1 {
		t.Fatalf("before the end there are %d connections, want one", got)
	}
	farewell.ending.Store(true)
	ask() // is told to go, and does so at once or with the next request
	for range 100 {
		ask()
	}
	if got := connections.Load(); got < 2 {
		t.Errorf("while the server ends its clients stay on %d connections", got)
	}
}
