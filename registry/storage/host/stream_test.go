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

package host

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/apitesting"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
)

// newTestStore returns a store whose host answers as the handler does.
func newTestStore(t *testing.T, handler http.HandlerFunc) *Store {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
	store, err := New(Config{
		Host: &rest.Config{Host: server.URL}, Kind: Kind{Resource: "pods", Name: "Pod"}, ResourcePrefix: "/pods",
		NewFunc: func() runtime.Object { return &example.Pod{} },
		Codec:   apitesting.TestCodec(serializer.NewCodecFactory(scheme), examplev1.SchemeGroupVersion), Transformer: identity.NewEncryptCheckTransformer(),
		Clock: clock.RealClock{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// event is what the host sends of a pod of a name, at a version.
func event(t *testing.T, kind watch.EventType, name, version string) []byte {
	t.Helper()
	record := &Record{
		TypeMeta:   metav1.TypeMeta{APIVersion: GroupVersion.String(), Kind: "PodRecord"},
		ObjectMeta: metav1.ObjectMeta{Name: recordName("ns/" + name), ResourceVersion: version}, Key: "ns/" + name,
		Data: fmt.Appendf(nil, `{"apiVersion":"example.apiserver.k8s.io/v1","kind":"Pod","metadata":{"name":%q,"namespace":"ns"}}`, name),
	}
	return encode(t, kind, record)
}

func encode(t *testing.T, kind watch.EventType, object any) []byte {
	t.Helper()
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"type":%q,"object":%s}`+"\n", kind, raw)
}

// receive returns what events say, as type, name and version; of an error, its code.
func receive(t *testing.T, w watch.Interface, count int) []string {
	t.Helper()
	var got []string
	for range count {
		select {
		case event, open := <-w.ResultChan():
			switch object := event.Object.(type) {
			case *example.Pod:
				got = append(got, fmt.Sprintf("%s %s %s", event.Type, object.Name, object.ResourceVersion))
			case *metav1.Status:
				got = append(got, fmt.Sprintf("%s %d", event.Type, object.Code))
			default:
				got = append(got, fmt.Sprintf("open: %v", open))
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("nothing comes after %q", got)
		}
	}
	return got
}

// TestWatchSurvives shows a watch of ours over several of the host, which end as they like.
func TestWatchSurvives(t *testing.T) {
	expired := metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure", Code: http.StatusGone, Reason: metav1.StatusReasonExpired,
	}
	var mu sync.Mutex
	var since []string
	store := newTestStore(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		since = append(since, r.URL.Query().Get("resourceVersion"))
		w.Header().Set("Content-Type", "application/json")
		switch len(since) {
		case 1: // ends after an event, and before the reader knows of it
			_, _ = w.Write(event(t, watch.Added, "a", "11"))
		case 2: // is down
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3: // says how far it is, and ends with an error that passes
			_, _ = w.Write(encode(t, watch.Bookmark, &Record{
				TypeMeta: metav1.TypeMeta{APIVersion: GroupVersion.String(), Kind: "PodRecord"}, ObjectMeta: metav1.ObjectMeta{ResourceVersion: "20"},
			}))
			_, _ = w.Write(encode(t, watch.Error, metav1.Status{TypeMeta: expired.TypeMeta, Status: "Failure", Code: http.StatusInternalServerError}))
		case 4:
			_, _ = w.Write(event(t, watch.Deleted, "a", "21"))
		default: // has forgotten
			_, _ = w.Write(encode(t, watch.Error, expired))
		}
	})
	w, err := store.Watch(t.Context(), "/pods", storage.ListOptions{ResourceVersion: "10", Recursive: true, Predicate: storage.Everything})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ADDED a 11", "DELETED a 21", "ERROR 410", "open: false"}, receive(t, w, 4)); diff != "" {
		t.Errorf("the events differ (-want +got):\n%s", diff)
	}
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]string{"10", "11", "11", "20", "21"}, since); diff != "" {
		t.Errorf("the host was asked for what happened since (-want +got):\n%s", diff)
	}
}

// TestTellProgress decides when a stream has delivered everything up to a version.
func TestTellProgress(t *testing.T) {
	cases := map[string]struct {
		reason string
		since  uint64
		count  int
		mark   mark
		want   uint64 // 0: nothing is told
	}{
		"Idle":            {"nothing has happened since", 10, 2, mark{version: 30, newest: 10, count: 2}, 30},
		"Empty":           {"there is nothing", 10, 0, mark{version: 30}, 30},
		"WriteMissing":    {"the newest record is to come", 10, 2, mark{version: 30, newest: 20, count: 2}, 0},
		"DeletionMissing": {"a record is known that is gone", 10, 2, mark{version: 30, newest: 10, count: 1}, 0},
		"CreationMissing": {"a record is not known yet", 10, 1, mark{version: 30, newest: 20, count: 2}, 0},
		"Known":           {"something newer was delivered", 40, 2, mark{version: 30, newest: 20, count: 1}, 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			store := newTestStore(t, http.NotFound)
			st := &stream{store: store, progress: true, since: tc.since, count: tc.count, pending: &tc.mark, results: make(chan watch.Event, 1)}
			if err := st.tellProgress(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got uint64
			select {
			case event := <-st.results:
				got, _ = store.versioner.ObjectResourceVersion(event.Object)
			default:
			}
			if got != tc.want {
				t.Errorf("it tells the version %d, want %d (%s)", got, tc.want, tc.reason)
			}
			if wantSince := max(tc.since, tc.want); st.since != wantSince {
				t.Errorf("it is at the version %d, want %d (%s)", st.since, wantSince, tc.reason)
			}
		})
	}
}

func TestHostErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		answer int
		want   int32
	}{
		"Forbidden":   {"it is us whom the host refuses, not our client", http.StatusForbidden, http.StatusInternalServerError},
		"Overloaded":  {"the client may try again", http.StatusTooManyRequests, http.StatusTooManyRequests},
		"Unavailable": {"the client may try again", http.StatusServiceUnavailable, http.StatusServiceUnavailable},
		"TooLarge":    {"the object's size is the client's", http.StatusRequestEntityTooLarge, http.StatusRequestEntityTooLarge},
		"NoKind":      {"a type that is gone is no object that is gone", http.StatusNotFound, http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			store := newTestStore(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tc.answer) })
			err := store.Get(t.Context(), "/pods/ns/a", storage.GetOptions{}, &example.Pod{})
			got := failure(err).Object.(*metav1.Status).Code
			if got != tc.want || storage.IsNotFound(err) {
				t.Errorf("the error is %v with the code %d, want %d (%s)", err, got, tc.want, tc.reason)
			}
		})
	}
}
