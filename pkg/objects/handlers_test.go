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
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// recorder writes events down.
type recorder struct {
	mu     sync.Mutex
	events []string
}

func (r *recorder) handle(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := "update"
	switch {
	case e.Old == nil:
		kind = "add"
	case e.New == nil:
		kind = "delete"
	}
	r.events = append(r.events, kind+" "+e.Object().Namespace+"/"+e.Object().Name+" "+string(findMember(e.Object().Raw, "data", "k")))
}

// take returns what was recorded since the last call, once there is that much.
func (r *recorder) take(t *testing.T, count int) []string {
	t.Helper()
	defer func() {
		r.mu.Lock()
		r.events = nil
		r.mu.Unlock()
	}()
	eventually(t, fmt.Sprintf("%d events were delivered", count), func() bool { return len(r.seen()) >= count })
	return r.seen()
}

func (r *recorder) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func TestStoreHandlersSeeEachChangeOnce(t *testing.T) {
	api := newAPIServer(t)
	api.serve(configMapsPath)
	s := openSynced(t, runCache(t, api))
	const changes = 400
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := range changes {
			api.put(configMapsPath, configMap("ns", fmt.Sprint("m", i%7), fmt.Sprint(i)))
		}
	})
	last := map[int]map[string]string{} // by handler: name to version
	var mu sync.Mutex
	for h := range 20 {
		last[h] = map[string]string{}
		s.AddHandler(func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			o := e.Object()
			if stored := s.Get(o.Namespace, o.Name); stored != o {
				t.Errorf("a handler was told of version %s while the store holds %s", o.ResourceVersion, stored.ResourceVersion)
			}
			before := ""
			if e.Old != nil {
				before = e.Old.ResourceVersion
			}
			if last[h][o.Name] != before {
				t.Errorf("handler %d was told of %s from version %q on, but has seen %q", h, o.Name, before, last[h][o.Name])
			}
			last[h][o.Name] = o.ResourceVersion
		})
	}
	writing.Wait()
	want := fmt.Sprint(api.version)
	eventually(t, "all handlers have seen the last change", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for h := range last {
			if last[h][fmt.Sprint("m", (changes-1)%7)] != want {
				return false
			}
		}
		return true
	})
}

func TestStoreRemovedHandlerIsNotCalled(t *testing.T) {
	api := newAPIServer(t)
	api.serve(configMapsPath)
	s := openSynced(t, runCache(t, api))
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				api.put(configMapsPath, configMap("ns", "a", fmt.Sprint(i)))
			}
		}
	})
	for range 50 {
		var removed atomic.Bool
		var calls atomic.Int64
		remove := s.AddHandler(func(Event) {
			calls.Add(1)
			if removed.Load() {
				t.Error("a handler was called after it was removed")
			}
		})
		eventually(t, "changes are delivered", func() bool { return calls.Load() > 2 })
		remove()
		removed.Store(true)
	}
	close(stop)
	writing.Wait()
}

func TestStoreHandlerMayRemoveAnotherStoresHandler(t *testing.T) {
	api := newAPIServer(t)
	secrets := configMaps
	secrets.Resource, secrets.Kind = "secrets", "Secret"
	api.put(secretsPath, configMap("ns", "s", "1"))
	c := runCache(t, api)
	other := c.Open(t.Context(), secrets)
	t.Cleanup(other.Close)
	if err := other.WaitForSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	removeOther := other.AddHandler(func(Event) {})
	api.put(configMapsPath, configMap("ns", "a", "1"))
	done := make(chan struct{})
	openSynced(t, c).AddHandler(func(Event) {
		removeOther()
		close(done)
	})
	<-done
}
