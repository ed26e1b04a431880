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

package hoststorage

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/registry/storage/host"
)

// openCached returns a storage behind a watch cache, as a server has it, and how many writes it made.
func openCached(t *testing.T) (storage.Interface, *atomic.Int64) {
	t.Helper()
	host.AnnounceProgress()
	writes := &atomic.Int64{}
	config := rest.CopyConfig(env.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return counter{next, writes} })
	backend := storagebackend.NewDefaultConfig("", openStore(t, env.config).codec)
	options, err := host.NewRESTOptionsGetter(config, []host.Kind{pods}, *backend, clock.RealClock{}).
		GetRESTOptions(schema.GroupResource{Resource: pods.Resource}, nil)
	if err != nil {
		t.Fatal(err)
	}
	keyOf := func(obj runtime.Object) (string, error) {
		pod := obj.(*example.Pod)
		return "/pods/" + pod.Namespace + "/" + pod.Name, nil
	}
	s, destroy, err := options.Decorator(options.StorageConfig, "/pods", keyOf,
		func() runtime.Object { return &example.Pod{} }, func() runtime.Object { return &example.PodList{} },
		storage.DefaultNamespaceScopedAttr, nil, &cache.Indexers{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(destroy)
	eventually(t, "the cache is filled", s.ReadinessCheck)
	return s, writes
}

// counter counts the requests that have written: what the host refuses, because it is based on a cache that is late,
// costs it nothing.
type counter struct {
	next   http.RoundTripper
	writes *atomic.Int64
}

func (c counter) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(request)
	if err == nil && request.Method != http.MethodGet && response.StatusCode < http.StatusMultipleChoices {
		c.writes.Add(1)
	}
	return response, err
}

func pod(name string) (string, *example.Pod) {
	return "/pods/ns/" + name, &example.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: name, Namespace: "ns", UID: "uid", Annotations: map[string]string{"size": strings.Repeat("x", 1000)},
	}}
}

func label(value string) storage.UpdateFunc {
	return storage.SimpleUpdate(func(obj runtime.Object) (runtime.Object, error) {
		pod := obj.(*example.Pod)
		pod.Labels = map[string]string{"value": value}
		return pod, nil
	})
}

// TestThousands stores, lists and watches as many controllers as nobody has.
func TestThousands(t *testing.T) {
	const count = 5000
	removeAll(t)
	s, writes := openCached(t)
	seen := watchAll(t, count)
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(16)
	for i := range count {
		group.Go(func() error {
			key, pod := pod(fmt.Sprintf("pod-%04d", i))
			return s.Create(ctx, key, pod, &example.Pod{}, 0)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := writes.Load(); got != count {
		t.Errorf("%d creates made %d writes", count, got)
	}
	select {
	case <-seen:
	case <-time.After(deadline):
		t.Error("the watch does not deliver all objects")
	}
	if got := len(listAll(t, s, 0)); got != count {
		t.Errorf("the list has %d objects, want %d", got, count)
	}
	if got := len(listAll(t, s, 500)); got != count {
		t.Errorf("the list in pages has %d objects, want %d", got, count)
	}
	removeAll(t)
}

// watchAll watches the storage itself, for a watch cache ends the watches of slow readers. It closes the channel when it
// has seen so many additions.
func watchAll(t *testing.T, count int) <-chan struct{} {
	t.Helper()
	store := openStore(t, env.config)
	store.transformer.replace(identity.NewEncryptCheckTransformer())
	watched, err := store.Watch(t.Context(), "/pods", storage.ListOptions{ResourceVersion: "0", Recursive: true, Predicate: storage.Everything})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan struct{})
	go func() {
		defer watched.Stop()
		n := 0
		for event := range watched.ResultChan() {
			if event.Type == watch.Added {
				n++
			}
			if n == count {
				close(seen)
				return
			}
		}
	}()
	return seen
}

// listAll lists at the latest version, in pages of a size.
func listAll(t *testing.T, s storage.Interface, limit int64) []example.Pod {
	t.Helper()
	var pods []example.Pod
	predicate := storage.Everything
	predicate.Limit = limit
	for {
		page := &example.PodList{}
		if err := s.GetList(t.Context(), "/pods", storage.ListOptions{Recursive: true, Predicate: predicate}, page); err != nil {
			t.Fatal(err)
		}
		pods = append(pods, page.Items...)
		if page.Continue == "" {
			return pods
		}
		predicate.Continue = page.Continue
	}
}

// TestOneWriteEach counts what each operation costs the host.
func TestOneWriteEach(t *testing.T) {
	removeAll(t)
	s, writes := openCached(t)
	key, object := pod("a")
	stored := &example.Pod{}
	for _, step := range []struct {
		name string
		want int64
		do   func() error
	}{
		{"create", 1, func() error { return s.Create(t.Context(), key, object, stored, 0) }},
		{"update", 1, func() error {
			return s.GuaranteedUpdate(t.Context(), key, stored, false, nil, label("new"), nil)
		}},
		{"update without a change", 0, func() error {
			return s.GuaranteedUpdate(t.Context(), key, stored, false, nil, label("new"), nil)
		}},
		{"consistent list", 0, func() error {
			if got := len(listAll(t, s, 0)); got != 1 {
				return fmt.Errorf("it has %d objects", got)
			}
			return nil
		}},
		{"delete", 1, func() error {
			return s.Delete(t.Context(), key, stored, nil, storage.ValidateAllObjectFunc, nil, storage.DeleteOptions{})
		}},
	} {
		before := writes.Load()
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := writes.Load() - before; got != step.want {
			t.Errorf("%s: %d writes, want %d", step.name, got, step.want)
		}
	}
}

// TestOutage kills kube-apiserver, which comes back.
func TestOutage(t *testing.T) {
	removeAll(t)
	s, _ := openCached(t)
	key, object := pod("before")
	if err := s.Create(t.Context(), key, object, &example.Pod{}, 0); err != nil {
		t.Fatal(err)
	}
	if got := len(listAll(t, s, 0)); got != 1 {
		t.Fatalf("there are %d objects, want 1", got)
	}
	if err := env.controlPlane.KillAPIServer(); err != nil {
		t.Fatal(err)
	}
	// What is cached is there all the time.
	if err := s.Get(t.Context(), key, storage.GetOptions{ResourceVersion: "0"}, &example.Pod{}); err != nil {
		t.Errorf("during the outage: %v", err)
	}
	key, object = pod("after")
	eventually(t, "an object can be created", func() error {
		err := s.Create(t.Context(), key, object.DeepCopy(), &example.Pod{}, 0)
		if storage.IsExist(err) { // by an attempt whose answer was lost
			return nil
		}
		return err
	})
	eventually(t, "the cache has it", func() error {
		return s.Get(t.Context(), key, storage.GetOptions{ResourceVersion: "0"}, &example.Pod{})
	})
	// A host that has forgotten what happened makes the cache begin anew, which clients wait for.
	eventually(t, "both are listed", func() error {
		list := &example.PodList{}
		err := s.GetList(t.Context(), "/pods", storage.ListOptions{Recursive: true, Predicate: storage.Everything}, list)
		if err == nil && len(list.Items) != 2 {
			err = fmt.Errorf("there are %d objects", len(list.Items))
		}
		return err
	})
}

// stopControllers keeps kube-controller-manager from writing until the test ends.
func stopControllers(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(env.controlPlane.Dir, "kube-controller-manager.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) }) // it was there
	// What it has begun ends.
	eventually(t, "the host is quiet", func() error {
		before, err := env.etcd.Get(t.Context(), "increase-version")
		if err != nil {
			return err
		}
		time.Sleep(2 * time.Second)
		after, err := env.etcd.Get(t.Context(), "increase-version")
		if err == nil && before.Header.Revision != after.Header.Revision {
			err = errors.New("something writes")
		}
		return err
	})
}
