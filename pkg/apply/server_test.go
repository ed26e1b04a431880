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

package apply

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/rest"
)

// request is what the API server was sent.
type request struct {
	Method, Path, Query, ContentType, Accept, Body string
}

// response is what it answers.
type response struct {
	code   int
	body   string
	header map[string]string
}

// apiServer answers requests in turn and records them.
type apiServer struct {
	mu        sync.Mutex
	requests  []request
	responses []response
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request{
		r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Accept"), string(body),
	})
	if len(s.responses) == 0 {
		http.Error(w, "no response left", http.StatusTeapot)
		return
	}
	next := s.responses[0]
	s.responses = s.responses[1:]
	w.Header().Set("Content-Type", "application/json")
	for name, value := range next.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(next.code)
	_, _ = io.WriteString(w, next.body) // A client that went away is its own test's concern.
}

func (s *apiServer) recorded() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// newApplier returns an Applier for a server that gives these answers.
func newApplier(t *testing.T, responses ...response) (*Applier, *apiServer) {
	t.Helper()
	handler := &apiServer{responses: responses}
	return newApplierFor(t, handler, Options{FieldManager: "metacontroller"}), handler
}

func newApplierFor(t *testing.T, handler http.Handler, opts Options) *Applier {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	applier, err := New(&rest.Config{Host: server.URL, QPS: 0.001, Burst: 1}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return applier
}

// object is an answer with an object's metadata.
func object(resourceVersion string) response {
	return response{code: http.StatusOK, body: `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"` +
		resourceVersion + `"}}`}
}

// failure is the answer with an API error.
func failure(t *testing.T, err *apierrors.StatusError) response {
	t.Helper()
	status := err.Status()
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	body, marshalErr := json.Marshal(status)
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	return response{code: int(status.Code), body: string(body)}
}

var (
	pods         = schema.GroupResource{Resource: "pods"}
	errConflict  = apierrors.NewConflict(pods, "solr", nil)
	errNotFound  = apierrors.NewNotFound(pods, "solr")
	errForbidden = apierrors.NewForbidden(pods, "solr", nil)
	errImmutable = apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "solr", field.ErrorList{
		field.Forbidden(field.NewPath("spec"), "pod updates may not change fields"),
	})
	errOtherUID = apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "solr", field.ErrorList{
		field.Invalid(field.NewPath("metadata", "uid"), "solr-uid", "field is immutable"),
	})
	errFailedPatch = apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "",
		"testing value /metadata/uid failed", 0, false)
)
