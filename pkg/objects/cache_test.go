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
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"
)

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("waited in vain until %s", what)
}

// runCache returns a cache of the API that runs until the test ends.
func runCache(t *testing.T, api *apiServer) *Cache {
	t.Helper()
	c, err := NewCache(api.config(), Options{FieldManager: "metacontroller"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return c
}

// openSynced opens ConfigMaps and waits until they were listed.
func openSynced(t *testing.T, c *Cache) *Store {
	t.Helper()
	s := c.Open(t.Context(), configMaps)
	t.Cleanup(s.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.WaitForSync(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoreReferences(t *testing.T) {
	api := newAPIServer(t)
	api.put(configMapsPath, configMap("ns", "a", "1"))
	c := runCache(t, api)
	first, second := openSynced(t, c), openSynced(t, c)
	if got := api.requested(configMapsPath, "watch=true"); got != 1 {
		t.Errorf("two stores opened %d watches, want one", got)
	}
	var ofFirst, ofSecond recorder
	first.AddHandler(ofFirst.handle)
	second.AddHandler(ofSecond.handle)
	first.Close()
	first.Close()
	api.put(configMapsPath, configMap("ns", "a", "2"))
	if diff := cmp.Diff([]string{`add ns/a "1"`, `update ns/a "2"`}, ofSecond.take(t, 2)); diff != "" {
		t.Errorf("events of the open store: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{`add ns/a "1"`}, ofFirst.seen()); diff != "" {
		t.Errorf("events of the closed store: -want +got:\n%s", diff)
	}
	first.AddHandler(func(Event) { t.Error("a closed store called a handler") })
	second.Close()
	eventually(t, "the watch is closed", func() bool { return api.openWatches(configMapsPath) == 0 })
	<-second.informer.done
	if second.Get("ns", "a") != nil {
		t.Error("the objects of a closed store are still in memory")
	}
	if third := openSynced(t, c); third.Get("ns", "a") == nil {
		t.Error("a store opened later is empty")
	}
}

func TestCacheRunEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	api := newAPIServer(t)
	for i := range 50 {
		api.put(configMapsPath, configMap("ns", fmt.Sprint("m", i), "1"))
	}
	c, err := NewCache(api.config(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = c.Run(ctx) })
	s := c.Open(t.Context(), configMaps)
	if err := s.WaitForSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "types are watched", func() bool { return api.requested(apiServicesPath) > 0 })
	cancel()
	running.Wait()
	if s.Get("ns", "m7") == nil {
		t.Error("an open store lost its objects when the cache stopped")
	}
	late := c.Open(t.Context(), Resource{})
	if err := late.WaitForSync(t.Context()); !errors.Is(err, errStopped) {
		t.Errorf("WaitForSync after the end: got %v, want %v", err, errStopped)
	}
	late.Close()
	s.Close()
	api.server.Client().CloseIdleConnections()
	api.server.Close()
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before+2 })
	if _, err := c.Lookup(t.Context(), "v1", "configmaps"); err == nil {
		t.Error("Lookup: got no error from a server that is gone")
	}
	if got := len(s.Orphans("", labels.Everything())); got != 50 {
		t.Errorf("Orphans: got %d, want 50", got)
	}
}
