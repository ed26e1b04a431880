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
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// farewellIdle is how long a connection must have been without a request to be ended in between two.
const farewellIdle = time.Second

// farewell sends clients to other replicas once this one was told to end: their connections last for as long as they are used,
// and what is sent over one when the server stops serving fails.
//
// A client keeps more connections than it needs most of the time, and comes back to those that it has not used for a while
// when it needs many at once, as it does when machines are busy: at the moment of the end, say. So these are ended before.
type farewell struct {
	clock  clock.PassiveClock
	ending atomic.Bool

	mu          sync.Mutex
	connections map[string]*connection // by the address of the client
}

func newFarewell(clock clock.PassiveClock) *farewell {
	return &farewell{clock: clock, connections: map[string]*connection{}}
}

// connection is one with a client. What may change is its farewell's.
type connection struct {
	net.Conn
	farewell *farewell
	requests int       // that are not answered yet
	since    time.Time // when that last changed
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.farewell.mu.Lock()
	if address := c.RemoteAddr().String(); c.farewell.connections[address] == c {
		delete(c.farewell.connections, address)
	}
	c.farewell.mu.Unlock()
	return c.Conn.Close()
}

// farewellListener accepts connections that a farewell knows.
type farewellListener struct {
	net.Listener
	farewell *farewell
}

// Accept implements net.Listener.
func (l farewellListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: accepted, farewell: l.farewell, since: l.farewell.clock.Now()}
	l.farewell.mu.Lock()
	defer l.farewell.mu.Unlock()
	l.farewell.connections[accepted.RemoteAddr().String()] = c
	return c, nil
}

// wrap returns a handler whose answers end their connection while the server ends. HTTP/2 makes a GOAWAY of it, which lets
// everything finish that is under way.
func (f *farewell) wrap(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.count(r.RemoteAddr, 1)
		defer f.count(r.RemoteAddr, -1)
		if f.ending.Load() {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
}

// count changes how many requests of a client are not answered yet.
func (f *farewell) count(address string, change int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.connections[address]; c != nil {
		c.requests += change
		c.since = f.clock.Now()
	}
}

// endIdle ends the connections without a request.
func (f *farewell) endIdle() {
	for _, c := range f.idle() {
		_ = c.Close() // the client may have closed it, too
	}
}

func (f *farewell) idle() []*connection {
	f.mu.Lock()
	defer f.mu.Unlock()
	var idle []*connection
	for _, c := range f.connections {
		if c.requests == 0 && f.clock.Since(c.since) >= farewellIdle {
			idle = append(idle, c)
		}
	}
	return idle
}
