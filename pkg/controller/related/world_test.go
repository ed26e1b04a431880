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

package related

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

const (
	configMapsPath = "/api/v1/configmaps"
	namespacesPath = "/api/v1/namespaces"
	latesPath      = "/apis/example.com/v1/lates"
	crdsPath       = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
)

type object = map[string]any

// world is an API server that lists and watches objects in memory.
type world struct {
	mu        sync.Mutex
	version   int
	objects   map[string]map[string]object // by path and "namespace/name"
	watches   map[string]map[chan []byte]struct{}
	forbidden map[string]bool
}

func newWorld() *world {
	return &world{
		version: 10, objects: map[string]map[string]object{}, watches: map[string]map[chan []byte]struct{}{}, forbidden: map[string]bool{},
	}
}

// put creates or changes an object. What the mods do not change stays.
func (w *world) put(path, namespace, name string, mods ...func(object)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version++
	key := namespace + "/" + name
	kind := "MODIFIED"
	if w.objects[path] == nil {
		w.objects[path] = map[string]object{}
	}
	o := w.objects[path][key]
	if o == nil {
		kind = "ADDED"
		o = object{"apiVersion": "v1", "kind": "Any", "metadata": object{"name": name, "namespace": namespace, "uid": path + key}}
		w.objects[path][key] = o
	}
	for _, mod := range mods {
		mod(o)
	}
	w.tell(kind, path, o)
}

func (w *world) remove(path, namespace, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version++
	o := w.objects[path][namespace+"/"+name]
	delete(w.objects[path], namespace+"/"+name)
	w.tell("DELETED", path, o)
}

func (w *world) tell(kind, path string, o object) {
	o["metadata"].(object)["resourceVersion"] = fmt.Sprint(w.version)
	frame, _ := json.Marshal(object{"type": kind, "object": o}) // always encodes
	for watch := range w.watches[path] {
		watch <- append(frame, '\n')
	}
}

// watched returns how many watch a path.
func (w *world) watched(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.watches[path])
}

func (w *world) forbid(path string, forbidden bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forbidden[path] = forbidden
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	forbidden := w.forbidden[r.URL.Path]
	w.mu.Unlock()
	query := r.URL.Query()
	rw.Header().Set("Content-Type", "application/json")
	switch {
	case forbidden:
		rw.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(rw).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "message": "not for you", "code": 403})
	case r.URL.Path == "/api/v1":
		_ = json.NewEncoder(rw).Encode(object{"resources": []object{
			{"name": "configmaps", "kind": "ConfigMap", "namespaced": true}, {"name": "namespaces", "kind": "Namespace"}, {"name": "nodes", "kind": "Node"},
		}})
	case query.Get("sendInitialEvents") == "true":
		http.Error(rw, "lists are not streamed", http.StatusUnprocessableEntity)
	case query.Get("watch") == "true":
		w.watch(rw, r, query.Get("resourceVersion"))
	default:
		w.mu.Lock()
		defer w.mu.Unlock()
		list := object{"apiVersion": "v1", "kind": "List", "metadata": object{"resourceVersion": fmt.Sprint(w.version)}, "items": slices.Collect(maps.Values(w.objects[r.URL.Path]))}
		_ = json.NewEncoder(rw).Encode(list)
	}
}

// watch sends changes. One that came between the list and the watch cannot be sent any more: then it says so, and is listed.
func (w *world) watch(rw http.ResponseWriter, r *http.Request, since string) {
	frames := make(chan []byte, 100)
	w.mu.Lock()
	if since != fmt.Sprint(w.version) {
		w.mu.Unlock()
		rw.WriteHeader(http.StatusGone)
		_ = json.NewEncoder(rw).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410})
		return
	}
	if w.watches[r.URL.Path] == nil {
		w.watches[r.URL.Path] = map[chan []byte]struct{}{}
	}
	w.watches[r.URL.Path][frames] = struct{}{}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.watches[r.URL.Path], frames)
	}()
	stream := http.NewResponseController(rw)
	for {
		if err := stream.Flush(); err != nil {
			return
		}
		select {
		case frame := <-frames:
			_, _ = rw.Write(frame)
		case <-r.Context().Done():
			return
		}
	}
}

func withLabels(labels object) func(object) {
	return func(o object) { o["metadata"].(object)["labels"] = labels }
}

func withData(value string) func(object) {
	return func(o object) { o["data"] = object{"x": value} }
}

// bench is a Finder on a world, and what it tells.
type bench struct {
	*Finder[string]
	t     *testing.T
	world *world
	ready chan string
	woken chan []string // parents of each change that matters to any

	mu    sync.Mutex
	rules map[string]string // what the hook answers, by the parent's UID
	asked map[string]int
	down  error // why the hook does not answer
}

func newBench(t *testing.T, w *world) *bench {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	cache, err := objects.NewCache(&rest.Config{Host: server.URL}, objects.Options{FieldManager: "metacontroller"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, world: w, ready: make(chan string, 100), woken: make(chan []string, 100), rules: map[string]string{}, asked: map[string]int{}}
	b.Finder = NewFinder(Config[string]{
		Objects: cache, Hook: b, Mode: hook.Strict, Controller: []byte(`{}`),
		Changed: func(_ objects.Event, parents map[string]struct{}) { b.woken <- slices.Sorted(maps.Keys(parents)) },
		Ready:   func(key string) { b.ready <- key },
	})
	var running sync.WaitGroup
	running.Go(func() { _ = cache.Run(t.Context()) }) // ends with the context
	running.Go(func() { b.Run(t.Context()) })
	t.Cleanup(running.Wait)
	return b
}

// Call implements hook.Hook.
func (b *bench) Call(_ context.Context, request hook.Request) (hook.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked[string(request.ParentUID)]++
	if b.down != nil {
		return hook.Response{}, b.down
	}
	return hook.Response{Body: []byte(`{"relatedResources":[` + b.rules[string(request.ParentUID)] + `]}`)}, nil
}

// answer makes the hook answer rules for a parent, in a new generation of the parent.
func (b *bench) answer(parent *objects.Object, rules string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules[string(parent.UID)] = rules
	parent.Generation++
}

// find returns the keys of the parent's related objects, when all are known.
func (b *bench) find(parent *objects.Object) ([]string, error) {
	b.t.Helper()
	for {
		found, err := b.Find(b.t.Context(), parent.Name, parent)
		if errors.Is(err, ErrNotReady) {
			b.becomesReady(parent.Name)
			continue
		}
		keys := []string{}
		for _, group := range found.Groups() {
			for _, o := range group.Objects {
				keys = append(keys, group.Kind+" "+o.Namespace+"/"+o.Name)
			}
		}
		return keys, err
	}
}

func (b *bench) becomesReady(parent string) {
	b.t.Helper()
	select {
	case got := <-b.ready:
		if got != parent {
			b.t.Fatalf("%s became ready, want %s", got, parent)
		}
	case <-time.After(30 * time.Second):
		b.t.Fatalf("waited in vain until %s is ready", parent)
	}
}

// wakes waits for the next change that matters to anybody, and compares to whom.
func (b *bench) wakes(what string, parents ...string) {
	b.t.Helper()
	select {
	case got := <-b.woken:
		if !slices.Equal(got, parents) {
			b.t.Fatalf("%s: %v are woken, want %v", what, got, parents)
		}
	case <-time.After(30 * time.Second):
		b.t.Fatalf("%s: waited in vain until %v are woken", what, parents)
	}
}

func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !check(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func newParent(name string) *objects.Object {
	return &objects.Object{Name: name, UID: types.UID("uid-" + name), Raw: []byte(`{}`)}
}
