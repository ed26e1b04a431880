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

package integration

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
)

// request is what a sync hook is sent, as far as tests look at it.
type request struct {
	Controller object                       `json:"controller"`
	Parent     object                       `json:"parent"`
	Children   map[string]map[string]object `json:"children"`
	Related    map[string]map[string]object `json:"related"`
	Finalizing bool                         `json:"finalizing"`
}

// response is what it answers.
type response struct {
	Status             object   `json:"status,omitempty"`
	Children           []object `json:"children"`
	ResyncAfterSeconds float64  `json:"resyncAfterSeconds,omitempty"`
	Finalized          bool     `json:"finalized,omitempty"`
}

type object = map[string]any

// hookServer is a hook over HTTP that a test can change, count and take down.
type hookServer struct {
	t       *testing.T
	address string
	tls     *tls.Config // nil: plain HTTP

	mu      sync.Mutex
	server  *http.Server
	done    chan struct{}
	handler http.HandlerFunc
	calls   map[string]int // by the parent's name
}

// newHook starts a hook that answers what sync returns.
func newHook(t *testing.T, sync func(request) response) *hookServer {
	t.Helper()
	return newTLSHook(t, nil, sync)
}

// newTLSHook starts a hook that speaks TLS.
func newTLSHook(t *testing.T, config *tls.Config, sync func(request) response) *hookServer {
	t.Helper()
	h := &hookServer{t: t, address: "127.0.0.1:0", tls: config, calls: map[string]int{}}
	h.answer(sync)
	h.up()
	t.Cleanup(h.down)
	return h
}

// URL returns where the hook is called.
func (h *hookServer) URL() string {
	if h.tls != nil {
		return "https://" + h.address + "/sync"
	}
	return "http://" + h.address + "/sync"
}

// answer changes what the hook answers.
func (h *hookServer) answer(sync func(request) response) {
	h.answerAny(func(in request) any { return sync(in) })
}

// answerAny changes what the hook answers, to whatever a hook can.
func (h *hookServer) answerAny(answer func(request) any) {
	h.handle(func(w http.ResponseWriter, r *http.Request) {
		var in request
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.mu.Lock()
		h.calls[nested[string](in.Parent, "metadata", "name")]++
		h.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer(in)) // the caller may be gone
	})
}

// handle changes how the hook behaves on HTTP.
func (h *hookServer) handle(handler http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handler = handler
}

// count returns how often the hook was called for a parent.
func (h *hookServer) count(parent string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls[parent]
}

// up starts the hook, on the address that it had before.
func (h *hookServer) up() {
	h.t.Helper()
	listener, err := net.Listen("tcp", h.address)
	if err != nil {
		h.t.Fatal(err)
	}
	h.address = listener.Addr().String()
	if h.tls != nil {
		listener = tls.NewListener(listener, h.tls)
	}
	h.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		handler := h.handler
		h.mu.Unlock()
		handler(w, r)
	})}
	h.done = make(chan struct{})
	go func() {
		defer close(h.done)
		_ = h.server.Serve(listener) // ends with down
	}()
}

// down stops the hook and cuts its connections.
func (h *hookServer) down() {
	_ = h.server.Close()
	<-h.done
}

// nested returns a field of an object, or the zero value.
func nested[T any](o object, path ...string) T {
	var value any = o
	for _, name := range path {
		m, _ := value.(object)
		value = m[name]
	}
	typed, _ := value.(T)
	return typed
}

// configMap is a desired child.
func configMap(name string, data object) object {
	return object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": name}, "data": data}
}

// threeConfigMaps answers three children that carry the parent's spec.value.
func threeConfigMaps(in request) response {
	name := nested[string](in.Parent, "metadata", "name")
	var children []object
	for i := range 3 {
		children = append(children, configMap(fmt.Sprintf("%s-%d", name, i), object{"value": nested[string](in.Parent, "spec", "value")}))
	}
	return response{Children: children, Status: object{"phase": "Synced"}}
}
