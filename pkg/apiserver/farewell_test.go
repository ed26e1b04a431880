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
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
)

// TestFarewell counts the connections on which a client asks, over HTTP/2 as kube-apiserver does.
func TestFarewell(t *testing.T) {
	var connections atomic.Int64
	farewell := newFarewell(clock.RealClock{})
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

// TestFarewellIdle has clients with connections, of which one is waiting for its answer and one has asked just now.
func TestFarewellIdle(t *testing.T) {
	now := clocktesting.NewFakePassiveClock(time.Now())
	farewell := newFarewell(now)
	entered, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(farewell.wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-answer
		}
	})))
	server.Listener = farewellListener{server.Listener, farewell}
	server.Start()
	defer server.Close()
	// ask asks on a connection of its own, which stays, and returns when its answer was read.
	ask := func(path string) (*bufio.Reader, net.Conn) {
		t.Helper()
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		return bufio.NewReader(c), c
	}
	answered := func(from *bufio.Reader) {
		t.Helper()
		got, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
	}
	idle, _ := ask("/")
	answered(idle)
	eventuallyIdle(t, farewell, 1)
	slow, _ := ask("/slow")
	<-entered
	now.SetTime(now.Now().Add(farewellIdle))
	recent, recently := ask("/")
	answered(recent)
	eventuallyIdle(t, farewell, 2)

	farewell.endIdle()
	if _, err := idle.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the idle connection gives %v, want its end", err)
	}
	close(answer)
	answered(slow)
	if _, err := io.WriteString(recently, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answered(recent)
}

// eventuallyIdle waits until so many connections have no request: a client has its answer before the server is done with it.
func eventuallyIdle(t *testing.T, f *farewell, want int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		got := 0
		f.mu.Lock()
		for _, c := range f.connections {
			if c.requests == 0 {
				got++
			}
		}
		f.mu.Unlock()
		if got == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d connections have no request, want %d", got, want)
		}
	}
}
