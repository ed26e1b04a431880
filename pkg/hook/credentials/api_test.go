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

package credentials_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/pkg/hook/credentials"
)

// api serves Secrets and ConfigMaps to whoever lists or watches one of them by its name, and nothing else.
type api struct {
	t      *testing.T
	server *httptest.Server

	mu        sync.Mutex
	forbidden bool
	away      bool
	failures  int                        // of requests, because it is away
	objects   map[string]json.RawMessage // by path and name
	watches   map[string][]chan string   // likewise: frames
	opened    int                        // watches so far
}

func newAPI(t *testing.T) (*api, *credentials.Store) {
	t.Helper()
	a := &api{t: t, objects: map[string]json.RawMessage{}, watches: map[string][]chan string{}}
	a.server = httptest.NewServer(a)
	t.Cleanup(a.server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: a.server.URL, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return a, credentials.NewStore(client.CoreV1())
}

func keyOf(resource, name string) string { return "/api/v1/namespaces/ns/" + resource + "?" + name }

// setSecret creates or changes a Secret of the namespace ns.
func (a *api) setSecret(name string, data map[string]string) {
	secret := corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, ResourceVersion: "2"}, Data: map[string][]byte{},
	}
	for key, value := range data {
		secret.Data[key] = []byte(value)
	}
	raw, _ := json.Marshal(secret)
	a.set(keyOf("secrets", name), raw)
}

// setConfigMap creates or changes a ConfigMap of the namespace ns.
func (a *api) setConfigMap(name string, data map[string]string) {
	raw, _ := json.Marshal(corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, ResourceVersion: "2"}, Data: data,
	})
	a.set(keyOf("configmaps", name), raw)
}

func (a *api) set(key string, raw json.RawMessage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	kind := "ADDED"
	if a.objects[key] != nil {
		kind = "MODIFIED"
	}
	a.objects[key] = raw
	a.send(key, kind, raw)
}

func (a *api) deleteSecret(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := keyOf("secrets", name)
	raw := a.objects[key]
	delete(a.objects, key)
	a.send(key, "DELETED", raw)
}

// forbid makes all requests forbidden, or not.
func (a *api) forbid(forbidden bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forbidden = forbidden
}

// leave makes all requests fail.
func (a *api) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.away = true
}

// failed returns how many requests failed so far because the server is away.
func (a *api) failed() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failures
}

// cut ends all watches.
func (a *api) cut() { a.server.CloseClientConnections() }

func (a *api) send(key, kind string, raw json.RawMessage) {
	for _, watch := range a.watches[key] {
		watch <- `{"type":"` + kind + `","object":` + string(raw) + "}\n"
	}
}

// watching returns how many watches are open, and how many were opened so far.
func (a *api) watching() (open, opened int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, watches := range a.watches {
		open += len(watches)
	}
	return open, a.opened
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	name, ok := strings.CutPrefix(query.Get("fieldSelector"), "metadata.name=")
	if !ok {
		a.t.Errorf("%s asks for more than one object", r.URL)
	}
	key := r.URL.Path + "?" + name
	w.Header().Set("Content-Type", "application/json")
	a.mu.Lock()
	switch {
	case a.away:
		a.failures++
		a.mu.Unlock()
		status(w, http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable)
	case a.forbidden:
		a.mu.Unlock()
		status(w, http.StatusForbidden, metav1.StatusReasonForbidden)
	case query.Get("sendInitialEvents") == "true":
		a.mu.Unlock()
		status(w, http.StatusUnprocessableEntity, metav1.StatusReasonInvalid)
	case query.Get("watch") == "true":
		frames := make(chan string, 16)
		if raw := a.objects[key]; raw != nil { // what came between list and watch
			frames <- `{"type":"MODIFIED","object":` + string(raw) + "}\n"
		}
		a.watches[key] = append(a.watches[key], frames)
		a.opened++
		a.mu.Unlock()
		a.watch(w, r, key, frames)
	default:
		items := []json.RawMessage{}
		if raw := a.objects[key]; raw != nil {
			items = append(items, raw)
		}
		a.mu.Unlock()
		kind := map[bool]string{true: "SecretList", false: "ConfigMapList"}[strings.HasSuffix(r.URL.Path, "secrets")]
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"resourceVersion": "1"}, "items": items,
		})
	}
}

func (a *api) watch(w http.ResponseWriter, r *http.Request, key string, frames chan string) {
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		var others []chan string
		for _, watch := range a.watches[key] {
			if watch != frames {
				others = append(others, watch)
			}
		}
		a.watches[key] = others
	}()
	stream := http.NewResponseController(w)
	for {
		if stream.Flush() != nil {
			return
		}
		select {
		case frame := <-frames:
			_, _ = w.Write([]byte(frame))
		case <-r.Context().Done():
			return
		}
	}
}

func status(w http.ResponseWriter, code int, reason metav1.StatusReason) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), Reason: reason, Message: string(reason),
	})
}
