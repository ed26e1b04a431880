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

package initialization_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/initialization"
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

func names(snapshot *initialization.Snapshot) []string {
	found := make([]string, 0, len(snapshot.Initializers))
	for _, i := range snapshot.Initializers {
		found = append(found, i.Object.Name)
	}
	return found
}

// TestRegistryOneName has two controllers that claim one name: the older has it.
func TestRegistryOneName(t *testing.T) {
	older, younger, other := initializationtest.Initializer("b"), initializationtest.Initializer("a"), initializationtest.Initializer("c")
	older.CreationTimestamp, younger.CreationTimestamp = metav1.Unix(1, 0), metav1.Unix(2, 0)
	younger.Spec.InitializerName = older.Spec.InitializerName
	registry, client, err := initializationtest.NewRegistry(t.Context(), nil, younger, older, other)
	if err != nil {
		t.Fatal(err)
	}
	snapshot := registry.Snapshot()
	if diff := cmp.Diff([]string{"b", "c"}, names(snapshot)); diff != "" {
		t.Errorf("the initializers: -want, +got:\n%s", diff)
	}
	if err := snapshot.Shadowed["a"]; err == nil || !strings.Contains(err.Error(), "older InitializerController b") {
		t.Errorf("of a it says %v", err)
	}
	if err := client.MetacontrollerV1alpha1().InitializerControllers().Delete(t.Context(), "b", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the younger has the name", func() bool { return slices.Equal(names(registry.Snapshot()), []string{"a", "c"}) })
}

// openable is a hook that tells whether it is open.
type openable struct{ open atomic.Bool }

func (*openable) Call(context.Context, hook.Request) (hook.Response, error) {
	return hook.Response{}, nil
}

func (o *openable) Open(context.Context) func() {
	o.open.Store(true)
	return func() { o.open.Store(false) }
}

func (*openable) Err() error { return nil }

func (*openable) Wait(context.Context) error { return nil }

// TestRegistryOpensHooks shows that a hook can be called as long as anybody may still have its initializer.
func TestRegistryOpensHooks(t *testing.T) {
	client := fake.NewClientset(initializationtest.Initializer("a"))
	factory := externalversions.NewSharedInformerFactory(client, 0)
	hooks := make(chan *openable, 10)
	registry := initialization.NewRegistry(factory.Metacontroller().V1alpha1().InitializerControllers(), func(hook.Spec) (hook.Hook, error) {
		made := &openable{}
		hooks <- made
		return made, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- registry.Run(ctx) }()
	factory.StartWithContext(ctx)
	if !registry.WaitForSync(t.Context()) {
		t.Fatal("it does not sync")
	}
	first := <-hooks
	_, release := registry.Use()
	if !first.open.Load() {
		t.Error("the hook is not open")
	}
	changed := initializationtest.Initializer("a", func(s *v1alpha1.InitializerControllerSpec) { s.FailurePolicy = v1alpha1.InitializerIgnore })
	changed.Generation++
	if _, err := client.MetacontrollerV1alpha1().InitializerControllers().Update(t.Context(), changed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the change is known", func() bool { return registry.Snapshot().Initializers[0].Object.Generation == 2 })
	second := <-hooks
	if !first.open.Load() || !second.open.Load() {
		t.Errorf("open are the former %v and the present %v, want both", first.open.Load(), second.open.Load())
	}
	_, releaseAgain := registry.Use() // and one who has the present hook only
	release()
	eventually(t, "the former hook is closed", func() bool { return !first.open.Load() })
	releaseAgain()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run gives %v, want nil", err)
	}
	if second.open.Load() {
		t.Error("a hook is open after the end")
	}
}

func TestInitializerHookNamespace(t *testing.T) {
	for name, tc := range map[string]struct {
		webhook v1alpha1.Webhook
		want    string
	}{
		"Service":     {v1alpha1.Webhook{Service: &v1alpha1.ServiceReference{Name: "a", Namespace: "hooks"}}, "hooks"},
		"URL":         {v1alpha1.Webhook{URL: "https://hooks.example.com/init"}, ""},
		"ServiceURL":  {v1alpha1.Webhook{URL: "https://a.hooks.svc:8443/init"}, "hooks"},
		"ClusterURL":  {v1alpha1.Webhook{URL: "http://a.hooks.svc.cluster.local"}, "hooks"},
		"URLWins":     {v1alpha1.Webhook{URL: "http://localhost", Service: &v1alpha1.ServiceReference{Name: "a", Namespace: "hooks"}}, ""},
		"Unparseable": {v1alpha1.Webhook{URL: "http://%"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			controller := initializationtest.Initializer("a", func(s *v1alpha1.InitializerControllerSpec) { s.Hooks.Init.Webhook = &tc.webhook })
			registry, _, err := initializationtest.NewRegistry(t.Context(), nil, controller)
			if err != nil {
				t.Fatal(err)
			}
			if got := registry.Snapshot().Initializers[0].HookNamespace(); got != tc.want {
				t.Errorf("HookNamespace() = %q, want %q", got, tc.want)
			}
		})
	}
}
