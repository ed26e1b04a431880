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

package composite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	metadatafake "k8s.io/client-go/metadata/fake"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
	"k8s.io/component-base/metrics"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

const (
	thingsPath = "/apis/example.com/v1/things"
	podsPath   = "/api/v1/pods"
)

// listWatchAPI serves lists that do not change, and watches that deliver what send is given. It keeps
// nothing: each change must be watched by one watch at most.
type listWatchAPI struct {
	lists   map[string][]json.RawMessage // by path; no other path has objects
	changes map[string]chan string       // by path, as frames of a watch
}

func newListWatchAPI(things, pods []json.RawMessage) *listWatchAPI {
	return &listWatchAPI{
		lists:   map[string][]json.RawMessage{thingsPath: things, podsPath: pods},
		changes: map[string]chan string{thingsPath: make(chan string, 10), podsPath: make(chan string, 10)},
	}
}

func (a *listWatchAPI) send(path string, modified json.RawMessage) {
	a.changes[path] <- fmt.Sprintf(`{"type":"MODIFIED","object":%s}`, modified)
}

func (a *listWatchAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case query.Get("sendInitialEvents") == "true":
		http.Error(w, "lists are not streamed", http.StatusUnprocessableEntity)
	case query.Get("watch") == "true":
		a.watch(w, r)
	default:
		list := map[string]any{"apiVersion": "v1", "kind": "List", "metadata": map[string]any{"resourceVersion": "10"}, "items": a.lists[r.URL.Path]}
		_ = json.NewEncoder(w).Encode(list) // fails only when the client is gone
	}
}

func (a *listWatchAPI) watch(w http.ResponseWriter, r *http.Request) {
	stream := http.NewResponseController(w)
	for {
		if err := stream.Flush(); err != nil {
			return
		}
		select {
		case frame := <-a.changes[r.URL.Path]:
			fmt.Fprintln(w, frame)
		case <-r.Context().Done():
			return
		}
	}
}

// thing returns a parent that selects Pods by the label app.
func thing(name, version, app string) json.RawMessage {
	return fmt.Appendf(nil, `{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":%q,"namespace":"n","uid":%q,`+
		`"resourceVersion":%q,"generation":1},"spec":{"selector":{"matchLabels":{"app":%q}}}}`, name, "uid-"+name, version, app)
}

// pod returns a Pod with the label app=b, whose content differs from version to version. It is an orphan
// when owner is empty, and otherwise a child of that Thing.
func pod(version, owner string) json.RawMessage {
	owners := ""
	if owner != "" {
		owners = fmt.Sprintf(`{"apiVersion":"example.com/v1","kind":"Thing","name":%q,"uid":%q,"controller":true}`, owner, "uid-"+owner)
	}
	return fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n","uid":"uid-pod",`+
		`"resourceVersion":%q,"labels":{"app":"b","version":%[1]q},"ownerReferences":[%s]}}`, version, owners)
}

type hookFunc func(context.Context, hook.Request) (hook.Response, error)

func (f hookFunc) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	return f(ctx, request)
}

// applierStub answers writes, and writes nothing.
type applierStub struct {
	statusVersion string // the answer to each status write
	adoptErr      error  // the answer to each adoption
	released      func() // is told of each release; may be nil
}

func (s applierStub) Children(_ context.Context, _ []plan.Rule, writes []plan.Write) []apply.Outcome {
	return make([]apply.Outcome, len(writes))
}

func (s applierStub) Status(context.Context, apply.Target, types.UID, []byte) (string, error) {
	return s.statusVersion, nil
}

func (s applierStub) Adopt(context.Context, apply.Claim, metav1.OwnerReference) (string, error) {
	return "", s.adoptErr
}

func (s applierStub) SetFinalizers(context.Context, apply.Target, types.UID, string, []string) (string, error) {
	return "100", nil
}

func (s applierStub) Release(context.Context, apply.Claim, types.UID) (string, error) {
	if s.released != nil {
		s.released()
	}
	return "100", nil
}

// runCache returns a cache of the API that runs until the test ends.
func runCache(t *testing.T, api *listWatchAPI) *objects.Cache {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	cache, err := objects.NewCache(&rest.Config{Host: server.URL}, objects.Options{FieldManager: "metacontroller"})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := cache.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(running.Wait)
	return cache
}

func things() objects.Resource {
	return objects.Resource{
		GroupVersionResource: schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "things"},
		Kind:                 "Thing", Namespaced: true, HasStatus: true,
	}
}

// newThingController returns a controller of Things whose children are Pods, with two workers. It was not
// started. The API server itself knows the Thing "t" alone.
func newThingController(t *testing.T, cache *objects.Cache, sync hookFunc, applier Applier) *controller {
	t.Helper()
	m, err := tally.New(metrics.NewKubeRegistry().Register)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	live := metadatafake.NewSimpleMetadataClient(scheme, &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "example.com/v1", Kind: "Thing"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "t", UID: "uid-t"},
	})
	d := &definition{
		config: &Config{
			Objects: cache, Applier: applier, Live: live, Recorder: &record.FakeRecorder{}, Metrics: m, Clock: clock.RealClock{}, Workers: 2,
		},
		object: &v1alpha1.CompositeController{ObjectMeta: metav1.ObjectMeta{Name: "c"}},
		parent: things(),
		resources: []objects.Resource{{
			GroupVersionResource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}, Kind: "Pod", Namespaced: true,
		}},
		rules:    []plan.Rule{{APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespaced: true, Method: plan.OnDelete}},
		selector: labels.Everything(), sync: &supervise.Caller{Hook: sync}, raw: []byte("{}"),
	}
	return d.New(t.Context()).(*controller)
}

// start runs the controller until ctx ends. The channel is closed when all that it started has ended.
func start(ctx context.Context, t *testing.T, c *controller) <-chan struct{} {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	t.Cleanup(func() { <-done })
	return done
}

// receive waits for a value, or for the channel to be closed.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	var value T
	select {
	case value = <-from:
	case <-time.After(30 * time.Second):
		t.Fatalf("waited in vain until %s", what)
	}
	return value
}

// TestControllerSyncsEditDuringNoOpStatusWrite edits a parent while its hook is called. The status write
// that follows changes nothing, so its answer has the resourceVersion of the edit.
func TestControllerSyncsEditDuringNoOpStatusWrite(t *testing.T) {
	api := newListWatchAPI([]json.RawMessage{thing("t", "10", "b")}, nil)
	edit := sync.OnceFunc(func() { api.send(thingsPath, thing("t", "12", "edited")) })
	seen := make(chan struct{})
	see := sync.OnceFunc(func() { close(seen) })
	answer := func(_ context.Context, request hook.Request) (hook.Response, error) {
		if bytes.Contains(request.Body, []byte(`"app":"edited"`)) {
			see()
		} else {
			edit()
		}
		return hook.Response{Body: []byte(`{}`)}, nil
	}
	start(t.Context(), t, newThingController(t, runCache(t, api), answer, applierStub{statusVersion: "12"}))
	receive(t, "the hook was shown the edited parent", seen)
}

func TestControllerCallsHookThoughOrphanIsGone(t *testing.T) {
	api := newListWatchAPI([]json.RawMessage{thing("t", "10", "b")}, []json.RawMessage{pod("9", "")})
	called := make(chan struct{})
	call := sync.OnceFunc(func() { close(called) })
	answer := func(context.Context, hook.Request) (hook.Response, error) {
		call()
		return hook.Response{Body: []byte(`{}`)}, nil
	}
	gone := fmt.Errorf("cannot adopt: %w", apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "p"))
	start(t.Context(), t, newThingController(t, runCache(t, api), answer, applierStub{statusVersion: "10", adoptErr: gone}))
	receive(t, "the hook was called", called)
}

// TestControllerObeysSelectorThatItsHandlerHasNotSeen lets a parent be synced between the store's showing
// its new selector and the controller's handler hearing of it.
func TestControllerObeysSelectorThatItsHandlerHasNotSeen(t *testing.T) {
	api := newListWatchAPI([]json.RawMessage{thing("t", "10", "b")}, []json.RawMessage{pod("9", "t")})
	cache := runCache(t, api)
	store := cache.Open(t.Context(), things())
	t.Cleanup(store.Close)
	held := make(chan struct{})
	store.AddHandler(func(e objects.Event) { // comes before the controller's, which waits for it until the test ends
		if e.Object().ResourceVersion == "11" {
			close(held)
			<-t.Context().Done()
		}
	})
	first, steps := make(chan struct{}), make(chan string, 1)
	call := sync.OnceFunc(func() { close(first) })
	step := func(name string) {
		select {
		case steps <- name:
		default: // the first decides
		}
	}
	answer := func(_ context.Context, request hook.Request) (hook.Response, error) {
		if bytes.Contains(request.Body, []byte(`"matchLabels":{"app":"c"}`)) {
			step("call")
		}
		call()
		return hook.Response{Body: []byte(`{"children":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"app":"b"}}}]}`)}, nil
	}
	start(t.Context(), t, newThingController(t, cache, answer, applierStub{statusVersion: "10", released: func() { step("release") }}))
	receive(t, "the hook was called", first)
	api.send(thingsPath, thing("t", "11", "c"))
	receive(t, "the store showed the new selector", held)
	api.send(podsPath, pod("12", "t"))
	if got := receive(t, "the Pod's change was synced", steps); got != "release" {
		t.Errorf("the first step with the new selector is %q, want the release of the Pod that it does not match", got)
	}
}

// TestControllerKeepsParentThatComesDuringItsSync creates parents while syncs, as a retry or resync of their predecessors causes
// them, find none.
func TestControllerKeepsParentThatComesDuringItsSync(t *testing.T) {
	c := newThingController(t, runCache(t, newListWatchAPI(nil, nil)), nil, applierStub{})
	t.Cleanup(c.closeStores)
	t.Cleanup(c.queue.ShutDown)
	for i := range 200 {
		key := objects.Key{Namespace: "n", Name: fmt.Sprint("t", i)}
		var synced sync.WaitGroup
		synced.Go(func() { c.syncParent(t.Context(), key, wakeup.Wakeup{Cause: wakeup.Retry}) })
		c.parentChanged(objects.Event{New: &objects.Object{
			Namespace: "n", Name: key.Name, UID: types.UID("uid-" + key.Name), ResourceVersion: "11", Raw: thing(key.Name, "11", "b"),
		}})
		synced.Wait()
		if _, known := c.recall(key); !known {
			t.Fatalf("%s is not known", key)
		}
		if got, _ := c.queue.Get(); got != key {
			t.Fatalf("%s is queued, want %s", got, key)
		}
		if _, due := c.queue.Take(key); !due {
			t.Fatalf("%s is not due", key)
		}
		c.queue.Done(key)
	}
}

// TestControllerStopLeavesBacklog stops a controller whose workers are busy while many parents wait.
func TestControllerStopLeavesBacklog(t *testing.T) {
	var parents []json.RawMessage
	for i := range 100 {
		parents = append(parents, thing(fmt.Sprintf("t%d", i), "10", "b"))
	}
	began, proceed := make(chan struct{}, len(parents)), make(chan struct{})
	answer := func(context.Context, hook.Request) (hook.Response, error) {
		began <- struct{}{}
		select {
		case <-proceed:
		case <-t.Context().Done():
		}
		return hook.Response{}, context.Canceled
	}
	c := newThingController(t, runCache(t, newListWatchAPI(parents, nil)), answer, applierStub{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := start(ctx, t, c)
	for range c.config.Workers {
		receive(t, "each worker called the hook", began)
	}
	stop()
	close(proceed)
	receive(t, "the controller ended", done)
	if got := len(began); got != 0 {
		t.Errorf("the hook was called %d times after the stop, want none", got)
	}
}
