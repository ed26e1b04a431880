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

package objects

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

const (
	configMapsPath  = "/api/v1/configmaps"
	secretsPath     = "/api/v1/secrets"
	crdsPath        = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	apiServicesPath = "/apis/apiregistration.k8s.io/v1/apiservices"
)

// errNotServed is how a server answers at paths that it does not know.
var errNotServed = apierrors.NewGenericServerResponse(http.StatusNotFound, "get", schema.GroupResource{}, "", "", 0, true)

// manifest is the JSON of an object.
type manifest map[string]any

func (m manifest) metadata() map[string]any { return m["metadata"].(map[string]any) }

// configMap returns a ConfigMap as a list holds it: without its type.
func configMap(namespace, name, value string) manifest {
	return manifest{"metadata": map[string]any{"namespace": namespace, "name": name}, "data": map[string]any{"k": value}}
}

// apiServer speaks list, watch and discovery of the Kubernetes API over HTTP, for objects that a test
// puts there.
type apiServer struct {
	server *httptest.Server

	mu        sync.Mutex
	version   int                            // the newest resourceVersion
	objects   map[string]map[string]manifest // by path, then name
	history   []change
	forgotten int            // watches cannot resume from before this version
	moved     chan struct{}  // closed when there is something new for watches
	dropped   chan struct{}  // closed to end all watches
	watches   map[string]int // open now, by path
	requests  []string

	// set before use
	streamsLists bool
	pageSize     int
	refuse       func(*http.Request) *apierrors.StatusError
	documents    map[string]any // other paths
}

type change struct {
	path, event string
	object      manifest
	version     int
	old         manifest // nil for an object that was created, and for a bookmark
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	a := &apiServer{
		objects: map[string]map[string]manifest{}, moved: make(chan struct{}), dropped: make(chan struct{}),
		watches: map[string]int{}, streamsLists: true, pageSize: 1000, documents: map[string]any{}, version: 100,
	}
	a.serve(crdsPath)
	a.serve(apiServicesPath)
	a.server = httptest.NewServer(a)
	t.Cleanup(func() {
		a.dropWatches()
		a.server.Close()
	})
	return a
}

func (a *apiServer) config() *rest.Config { return &rest.Config{Host: a.server.URL} }

// put creates or updates an object.
func (a *apiServer) put(path string, object manifest) {
	a.serve(path)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	object.metadata()["resourceVersion"] = strconv.Itoa(a.version)
	name := fmt.Sprint(object.metadata()["namespace"], "/", object.metadata()["name"])
	event := "MODIFIED"
	old, known := a.objects[path][name]
	switch {
	case !known:
		event = "ADDED"
		object.metadata()["uid"] = fmt.Sprint("uid-", a.version)
	default:
		object.metadata()["uid"] = old.metadata()["uid"]
	}
	a.objects[path][name] = object
	a.record(change{path, event, object, a.version, old})
}

func (a *apiServer) delete(path, namespace, name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	object := maps.Clone(a.objects[path][namespace+"/"+name])
	object["metadata"] = maps.Clone(object.metadata())
	object.metadata()["resourceVersion"] = strconv.Itoa(a.version)
	delete(a.objects[path], namespace+"/"+name)
	a.record(change{path, "DELETED", object, a.version, object})
}

// bookmark sends a bookmark to the watches of a path.
func (a *apiServer) bookmark(path string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	a.record(change{path, "BOOKMARK", manifest{"metadata": map[string]any{"resourceVersion": strconv.Itoa(a.version)}}, a.version, nil})
}

func (a *apiServer) record(c change) {
	a.history = append(a.history, c)
	close(a.moved)
	a.moved = make(chan struct{})
}

// forget makes it impossible to resume from any version up to now.
func (a *apiServer) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgotten = a.version
}

func (a *apiServer) dropWatches() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.dropped)
	a.dropped = make(chan struct{})
}

func (a *apiServer) setRefuse(refuse func(*http.Request) *apierrors.StatusError) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = refuse
}

func (a *apiServer) openWatches(path string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.watches[path]
}

// requested returns how many requests for a path had these parts in their query.
func (a *apiServer) requested(path string, parts ...string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	count := 0
	for _, request := range a.requests {
		if strings.HasPrefix(request, path+"?") && !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(request, part) }) {
			count++
		}
	}
	return count
}
