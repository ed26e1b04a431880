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

package initializer

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/initialization/initializationtest"
)

const generous = 30 * time.Second

func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(generous); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("waited in vain until %s", what)
}

// onePod is a cluster with one Pod. Its watch shows the Pod as it is when the watch starts.
type onePod struct {
	mu      sync.Mutex
	content map[string]any
	refusal error // of updates
	updates int
}

func (p *onePod) Get(context.Context, schema.GroupVersionResource, string, string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return json.Marshal(p.content)
}

func (p *onePod) Update(_ context.Context, _ schema.GroupVersionResource, _, _ string, object []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.updates++
	if p.refusal != nil {
		return p.refusal
	}
	p.content = nil
	return json.Unmarshal(object, &p.content)
}

func (p *onePod) json(t *testing.T) string {
	t.Helper()
	raw, err := p.Get(t.Context(), schema.GroupVersionResource{}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

const waitingPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"1","resourceVersion":"7",
	"annotations":{"initializers.metacontroller.k8s.io/pending":"a.example.com"}},"spec":{"schedulingGates":[{"name":"initializers.metacontroller.k8s.io/pending"}]}}`

// run runs a controller on the Pod until the test ends, and returns the events.
func run(t *testing.T, pod *onePod, hooks map[string]initializationtest.Hook, controllers ...*v1alpha1.InitializerController) <-chan string {
	t.Helper()
	if err := json.Unmarshal([]byte(waitingPod), &pod.content); err != nil {
		t.Fatal(err)
	}
	registry, client, err := initializationtest.NewRegistry(t.Context(), hooks, controllers...)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	events := record.NewFakeRecorder(1000)
	c := New(Config{
		Registry: registry, Client: client.MetacontrollerV1alpha1(), Objects: pod, Recorder: events, Clock: clock.RealClock{}, Workers: 2,
		Metadata: metadatafake.NewSimpleMetadataClient(scheme, &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
			ObjectMeta: metav1.ObjectMeta{
				Name: "web", Namespace: "shop", UID: "1", Annotations: map[string]string{"initializers.metacontroller.k8s.io/pending": "a.example.com"},
			},
		}),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run gives %v, want nil", err)
		}
	})
	return events.Events
}

func deferring(s *v1alpha1.InitializerControllerSpec) { s.FailurePolicy = v1alpha1.InitializerDefer }

// TestControllerCompletes has a hook that answers at the third time.
func TestControllerCompletes(t *testing.T) {
	pod, calls := &onePod{}, 0
	hooks := map[string]initializationtest.Hook{"a": func(_ context.Context, request hook.Request) (hook.Response, error) {
		if calls++; calls < 3 {
			return hook.Response{}, &hook.CallError{URL: "https://hooks.example.com/a", Err: errors.New("connection refused")}
		}
		var in struct {
			Object map[string]any `json:"object"`
		}
		if err := json.Unmarshal(request.Body, &in); err != nil {
			return hook.Response{}, err
		}
		if text := string(request.Body); strings.Contains(text, "pending") {
			t.Errorf("the hook sees the marks: %s", text)
		}
		in.Object["metadata"].(map[string]any)["labels"] = map[string]string{"complete": "true"}
		body, err := json.Marshal(map[string]any{"object": in.Object})
		return hook.Response{Body: body}, err
	}}
	events := run(t, pod, hooks, initializationtest.Initializer("a", deferring))
	const want = `{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"complete":"true"},"name":"web","namespace":"shop","resourceVersion":"7","uid":"1"},"spec":{}}`
	eventually(t, "the Pod is complete and let go", func() bool { return pod.json(t) == want })
	if event := <-events; !strings.Contains(event, "connection refused") {
		t.Errorf("the event is %q", event)
	}
}

// TestControllerTells has objects that will not be completed soon: each gets an event that says why and what to do.
func TestControllerTells(t *testing.T) {
	answer := func(body string) initializationtest.Hook {
		return func(context.Context, hook.Request) (hook.Response, error) {
			return hook.Response{Body: []byte(body)}, nil
		}
	}
	same := answer(`{"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"1"}}}`)
	invalid := apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "web", nil)
	for name, tc := range map[string]struct {
		hook    initializationtest.Hook
		refusal error
		want    string
	}{
		"Immutable": {hook: same, refusal: invalid, want: "delete it and create it again"},
		"Refused":   {hook: answer(`{"result":{"status":"Failure","message":"no quota"}}`), want: "it refuses the object, which exists already"},
		"Renamed":   {hook: answer(`{"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"other"}}}`), want: "changed metadata.name"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &onePod{refusal: tc.refusal}
			events := run(t, pod, map[string]initializationtest.Hook{"a": tc.hook}, initializationtest.Initializer("a", deferring))
			if event := <-events; !strings.Contains(event, tc.want) {
				t.Errorf("the event is %q, want %q in it", event, tc.want)
			}
			if !strings.Contains(pod.json(t), "schedulingGates") {
				t.Error("the Pod is let go")
			}
		})
	}
}

// TestControllerKnowsItsWatches has a watch that cannot be noted yet: nothing is read, because nothing would be done about it.
func TestControllerKnowsItsWatches(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	client := metadatafake.NewSimpleMetadataClient(scheme)
	read := make(chan struct{}, 1000)
	client.PrependReactor("*", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		read <- struct{}{}
		return false, nil, nil
	})
	c := New(Config{Metadata: client, Clock: clock.RealClock{}})
	defer c.queue.ShutDown()
	c.mu.Lock()
	started := make(chan struct{})
	go func() {
		defer close(started)
		c.startWatch(t.Context(), schema.GroupResource{Resource: "pods"}, "v1")
	}()
	select {
	case <-read:
		t.Error("objects are read before it is known that they are watched")
	case <-time.After(100 * time.Millisecond): // what is right passes at any speed
	}
	c.mu.Unlock()
	<-started
	c.unwatchAll()
}

// TestControllerWatchesOn has an object come while the watch of its type, which nobody wants any more, is being stopped.
func TestControllerWatchesOn(t *testing.T) {
	registry, _, err := initializationtest.NewRegistry(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := New(Config{Registry: registry, Metadata: metadatafake.NewSimpleMetadataClient(scheme), Clock: clock.RealClock{}})
	defer c.queue.ShutDown()
	defer c.unwatchAll()
	pods := schema.GroupResource{Resource: "pods"}
	last := &watch{version: "v1", synced: func() bool { return true }, stop: func() {
		c.observe(pods, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", Annotations: map[string]string{"initializers.metacontroller.k8s.io/pending": "a.example.com"},
		}})
	}}
	c.watches[pods] = last
	c.rewatch(t.Context())
	if again := c.watches[pods]; again == nil || again == last {
		t.Errorf("the Pods are watched by %v, want another watch", again)
	}
	if len(c.waiting) > 0 {
		t.Errorf("%v is known to wait, and would not be queued by the next watch", c.waiting)
	}
}

// TestControllerWithoutInitializer has a Pod that waits for an initializer which there is not: it goes on without it.
func TestControllerWithoutInitializer(t *testing.T) {
	pod := &onePod{}
	events := run(t, pod, nil, initializationtest.Initializer("b", deferring))
	eventually(t, "the Pod is let go", func() bool { return !strings.Contains(pod.json(t), "pending") })
	if event := <-events; !strings.Contains(event, "a.example.com does not exist any more") {
		t.Errorf("the event is %q", event)
	}
}
