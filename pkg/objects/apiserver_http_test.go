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
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.requests = append(a.requests, r.URL.Path+"?"+r.URL.RawQuery)
	refuse, document := a.refuse, a.documents[r.URL.Path]
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if refuse != nil {
		if err := refuse(r); err != nil {
			writeStatus(w, err)
			return
		}
	}
	switch {
	case document != nil:
		_ = json.NewEncoder(w).Encode(document)
	case !a.serves(r.URL.Path):
		writeStatus(w, errNotServed)
	case r.URL.Query().Get("watch") != "":
		a.serveWatch(w, r)
	default:
		a.serveList(w, r)
	}
}

// serve makes a path exist, without objects at first.
func (a *apiServer) serve(path string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.objects[path] == nil {
		a.objects[path] = map[string]manifest{}
	}
}

func (a *apiServer) serves(path string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.objects[path] != nil
}

func writeStatus(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.Status()
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(status)
}

func (a *apiServer) serveList(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	objects := a.objects[r.URL.Path]
	names := slices.Sorted(maps.Keys(objects))
	names = slices.DeleteFunc(names, func(name string) bool { return !selected(r, objects[name]) })
	start, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	end := len(names)
	metadata := map[string]any{"resourceVersion": strconv.Itoa(a.version)}
	if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 0 && start+min(limit, a.pageSize) < end {
		end = start + min(limit, a.pageSize)
		metadata["continue"] = strconv.Itoa(end)
	}
	items := []manifest{}
	for _, name := range names[start:end] {
		items = append(items, objects[name])
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": "List", "apiVersion": "v1", "items": items, "metadata": metadata})
}

func (a *apiServer) serveWatch(w http.ResponseWriter, r *http.Request) {
	next, dropped := a.startWatch(w, r)
	if next < 0 {
		return
	}
	defer func() {
		a.mu.Lock()
		a.watches[r.URL.Path]--
		a.mu.Unlock()
	}()
	for ends := false; ; {
		a.mu.Lock()
		changes, moved := a.history[next:], a.moved
		for _, c := range changes {
			if c.path == r.URL.Path {
				writeChange(w, r, c)
			}
		}
		next = len(a.history)
		a.mu.Unlock()
		w.(http.Flusher).Flush()
		if ends {
			return
		}
		select {
		case <-moved:
		case <-dropped:
			ends = true
		case <-r.Context().Done():
			return
		}
	}
}

// startWatch answers with the initial events, and returns from where in the history the watch goes on;
// below zero when it was refused.
func (a *apiServer) startWatch(w http.ResponseWriter, r *http.Request) (int, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	query := r.URL.Query()
	version, _ := strconv.Atoi(query.Get("resourceVersion"))
	if query.Get("sendInitialEvents") == "true" {
		if !a.streamsLists {
			writeStatus(w, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil))
			return -1, nil
		}
		for _, object := range a.objects[r.URL.Path] {
			if selected(r, object) {
				writeEvent(w, "ADDED", object)
			}
		}
		writeEvent(w, "BOOKMARK", manifest{"metadata": map[string]any{
			"resourceVersion": strconv.Itoa(a.version), "annotations": map[string]any{metav1.InitialEventsAnnotationKey: "true"},
		}})
		version = a.version
	}
	if version < a.forgotten {
		writeStatus(w, apierrors.NewResourceExpired("too old resource version"))
		return -1, nil
	}
	a.watches[r.URL.Path]++
	next := slices.IndexFunc(a.history, func(c change) bool { return c.version > version })
	if next < 0 {
		next = len(a.history)
	}
	return next, a.dropped
}

// writeChange tells a watch of a change as it appears through the watch's selector.
func writeChange(w http.ResponseWriter, r *http.Request, c change) {
	was, is := c.old != nil && selected(r, c.old), selected(r, c.object)
	switch {
	case c.event != "MODIFIED" && is, was && is:
		writeEvent(w, c.event, c.object)
	case is:
		writeEvent(w, "ADDED", c.object)
	case was:
		last := maps.Clone(c.old)
		last["metadata"] = maps.Clone(last.metadata())
		last.metadata()["resourceVersion"] = strconv.Itoa(c.version)
		writeEvent(w, "DELETED", last)
	}
}

// selected reports whether a request's label selector matches. A bookmark has no labels, and goes to all.
func selected(r *http.Request, object manifest) bool {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	own, _ := object.metadata()["labels"].(map[string]string)
	return err == nil && (object.metadata()["name"] == nil || selector.Matches(labels.Set(own)))
}

func writeEvent(w http.ResponseWriter, event string, object manifest) {
	_ = json.NewEncoder(w).Encode(map[string]any{"type": event, "object": object})
}
