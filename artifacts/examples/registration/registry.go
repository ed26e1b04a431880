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
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// registry stands for a system outside of the cluster: it keeps names in memory, for trying the example. The zero value is empty.
type registry struct {
	mu      sync.Mutex
	targets map[string]string // by name
}

// maxTarget is how many bytes a target may have, maxRecords how many names there may be.
const (
	maxTarget  = 1024
	maxRecords = 10_000
)

// handler serves GET /records, PUT and DELETE /records/{name}.
func (r *registry) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /records", r.list)
	mux.HandleFunc("PUT /records/{name}", r.put)
	mux.HandleFunc("DELETE /records/{name}", r.remove)
	return mux
}

func (r *registry) list(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(r.targets)) {
		fmt.Fprintln(w, name, r.targets[name])
	}
}

func (r *registry) put(w http.ResponseWriter, request *http.Request) {
	target, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxTarget))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.targets == nil {
		r.targets = map[string]string{}
	}
	name := request.PathValue("name")
	if _, known := r.targets[name]; !known && len(r.targets) >= maxRecords {
		http.Error(w, "the registry is full", http.StatusInsufficientStorage)
		return
	}
	r.targets[name] = string(target)
	w.WriteHeader(http.StatusNoContent)
}

func (r *registry) remove(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := request.PathValue("name")
	if _, known := r.targets[name]; !known {
		http.NotFound(w, request)
		return
	}
	delete(r.targets, name)
	w.WriteHeader(http.StatusNoContent)
}
