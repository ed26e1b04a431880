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

package decorator

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/objects"
)

type object = map[string]any

// world is an API server that keeps objects in memory: it lists, watches, patches and deletes.
type world struct {
	mu      sync.Mutex
	version int
	objects map[string]map[string]object // by resource and name; all are in the namespace n, but for one test
	watches map[string][]chan []byte
	ends    map[string][]end // by resource, for watches that begin after them
	writes  []string
}

// end is the event of an object that is no more.
type end struct {
	version int
	frame   []byte
}

func newWorld() *world {
	return &world{version: 10, objects: map[string]map[string]object{}, watches: map[string][]chan []byte{}, ends: map[string][]end{}}
}

// start serves the world and returns a cache and an applier of it.
func (w *world) start(t *testing.T) (*objects.Cache, *apply.Applier) {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL}
	cache, err := objects.NewCache(config, objects.Options{FieldManager: "metacontroller"})
	if err != nil {
		t.Fatal(err)
	}
	applier, err := apply.New(config, apply.Options{FieldManager: "metacontroller"})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = cache.Run(t.Context()) }) // never fails
	t.Cleanup(running.Wait)
	return cache, applier
}

// put merges a change into an object, or creates it.
func (w *world) put(resource, name string, change object) object {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.merge(resource, name, change)
}

// merge does put. The caller holds mu.
func (w *world) merge(resource, name string, change object) object {
	if w.objects[resource] == nil {
		w.objects[resource] = map[string]object{}
	}
	kind, old := "MODIFIED", w.objects[resource][name]
	if old == nil {
		kind = "ADDED"
		old = object{"metadata": object{"name": name, "namespace": "n", "uid": "uid-" + resource + "-" + name}}
	}
	now := mergeObjects(old, change)
	metadata, _ := now["metadata"].(object)
	metadata["resourceVersion"] = old["metadata"].(object)["resourceVersion"]
	if reflect.DeepEqual(old, now) {
		return now
	}
	w.version++
	metadata["resourceVersion"] = fmt.Sprint(w.version)
	w.objects[resource][name] = now
	w.tell(resource, kind, now)
	return now
}

func mergeObjects(old, change object) object {
	now := object{}
	maps.Copy(now, old)
	for name, value := range change {
		member, isObject := value.(object)
		switch {
		case value == nil:
			delete(now, name)
		case isObject:
			before, _ := old[name].(object)
			now[name] = mergeObjects(before, member)
		default:
			now[name] = value
		}
	}
	return now
}

// tell sends an event. The caller holds mu.
func (w *world) tell(resource, kind string, o object) {
	frame, _ := json.Marshal(object{"type": kind, "object": o}) // always marshals
	for _, watch := range w.watches[resource] {
		watch <- frame
	}
	if kind == "DELETED" {
		w.ends[resource] = append(w.ends[resource], end{w.version, frame})
	}
}

func (w *world) get(resource, name string) object {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.objects[resource][name]
}

var (
	listPath   = regexp.MustCompile(`^/(?:api|apis/[^/]+)/v1/([^/]+)$`)
	objectPath = regexp.MustCompile(`^/(?:api|apis/[^/]+)/v1/namespaces/[mn]/([^/]+)/([^/]+)(/status)?$`)
)

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if found := objectPath.FindStringSubmatch(r.URL.Path); found != nil {
		w.write(out, r, found[1], found[2])
		return
	}
	found := listPath.FindStringSubmatch(r.URL.Path)
	query := r.URL.Query()
	switch {
	case found == nil:
		http.NotFound(out, r)
	case query.Get("sendInitialEvents") == "true":
		http.Error(out, "lists are not streamed", http.StatusUnprocessableEntity)
	case query.Get("watch") == "true":
		w.watch(out, r, found[1])
	default:
		w.list(out, found[1])
	}
}

func (w *world) list(out http.ResponseWriter, resource string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	items := []object{}
	for _, o := range w.objects[resource] {
		items = append(items, o)
	}
	_ = json.NewEncoder(out).Encode(object{ // fails only when the client is gone
		"apiVersion": "v1", "kind": "List", "metadata": object{"resourceVersion": fmt.Sprint(w.version)}, "items": items,
	})
}

// watch sends what ended since the list, and all objects first: the cache drops those that it knows.
func (w *world) watch(out http.ResponseWriter, r *http.Request, resource string) {
	frames := make(chan []byte, 1000)
	w.mu.Lock()
	w.watches[resource] = append(w.watches[resource], frames)
	since, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion")) // 0 when there is none
	for _, e := range w.ends[resource] {
		if e.version > since {
			frames <- e.frame
		}
	}
	for _, o := range w.objects[resource] {
		frame, _ := json.Marshal(object{"type": "MODIFIED", "object": o}) // always marshals
		frames <- frame
	}
	w.mu.Unlock()
	stream := http.NewResponseController(out)
	for {
		if stream.Flush() != nil {
			return
		}
		select {
		case frame := <-frames:
			_, _ = fmt.Fprintf(out, "%s\n", frame) // fails only when the client is gone
		case <-r.Context().Done():
			return
		}
	}
}

// write carries a PATCH or DELETE out.
func (w *world) write(out http.ResponseWriter, r *http.Request, resource, name string) {
	body, _ := io.ReadAll(r.Body) // what is missing does not decode
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = append(w.writes, r.Method+" "+resource+" "+name)
	old := w.objects[resource][name]
	if r.Method == http.MethodDelete {
		delete(w.objects[resource], name)
		w.version++
		gone := mergeObjects(old, object{"metadata": object{"resourceVersion": fmt.Sprint(w.version)}})
		w.tell(resource, "DELETED", gone)
		_ = json.NewEncoder(out).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Success"})
		return
	}
	var change object
	if r.Header.Get("Content-Type") == "application/json-patch+json" {
		var operations []struct{ Value any }
		if json.Unmarshal(body, &operations) != nil || len(operations) != 2 {
			http.Error(out, "not the patch of a status", http.StatusBadRequest)
			return
		}
		change = object{"status": operations[1].Value}
	} else if json.Unmarshal(body, &change) != nil {
		http.Error(out, "not an object", http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(out).Encode(w.merge(resource, name, change))
}
