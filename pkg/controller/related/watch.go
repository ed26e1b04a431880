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

package related

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookplane/hookplane/pkg/objects"
)

// healthPeriod is how often a watch that has not delivered yet is asked what is wrong with it.
const healthPeriod = time.Second

// watch is a resource that rules name. It lives as long as one does.
type watch[K comparable] struct {
	resource  objects.Resource
	interests *interests[K]
	uses      int // rules of parents that need the objects; guarded by Finder.mu, as all below
	stop      context.CancelFunc
	store     *objects.Store // nil until it is opened
	ready     bool           // the store holds what the cluster holds, and changes are told
	waiting   map[K]struct{} // parents that asked before
}

// parents returns the parents that have rules for the resource. w may be nil.
func (w *watch[K]) parents() map[K]struct{} {
	if w == nil {
		return nil
	}
	return w.interests.parents()
}

// use returns the watch of a resource, and starts it when it is new. The caller holds mu.
func (f *Finder[K]) use(ctx context.Context, resource objects.Resource) *watch[K] {
	w := f.watches[resource]
	if w == nil {
		ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // unuse and Finder.stop call it
		w = &watch[K]{resource: resource, interests: newInterests[K](), stop: stop, waiting: map[K]struct{}{}}
		f.watches[resource] = w
		if !f.stopped {
			f.running.Go(func() { f.run(ctx, w) })
		}
	}
	w.uses++
	return w
}

// unuse gives one use back, and ends the watch after the last. The caller holds mu.
func (f *Finder[K]) unuse(resource objects.Resource, key K) {
	w := f.watches[resource]
	delete(w.waiting, key)
	if w.uses--; w.uses == 0 {
		delete(f.watches, resource)
		w.stop()
	}
}

// run keeps the objects of a resource until ctx ends.
func (f *Finder[K]) run(ctx context.Context, w *watch[K]) {
	store := f.Objects.Open(ctx, w.resource)
	defer store.Close()
	f.mu.Lock()
	w.store = store
	f.mu.Unlock()
	if !slices.Contains(f.Delivered, w.resource) {
		store.AddHandler(func(e objects.Event) { f.deliver(w, e) }) // until Close
	}
	if !f.waitForStore(ctx, w) {
		return
	}
	f.mu.Lock()
	w.ready = true
	f.mu.Unlock()
	f.wakeWaiting(w)
	<-ctx.Done()
}

// waitForStore waits until the store holds all objects. When they cannot be had, those who wait are told to ask again, once
// for each time that it goes wrong: they get the error, and come back by themselves.
func (f *Finder[K]) waitForStore(ctx context.Context, w *watch[K]) bool {
	failed := false
	for {
		period, cancel := context.WithTimeout(ctx, healthPeriod)
		err := w.store.WaitForSync(period)
		timeout := period.Err() != nil
		cancel()
		if err == nil {
			return true
		}
		if ctx.Err() != nil || !timeout { // not needed any more, or the cache has stopped
			return false
		}
		failing := w.store.Err() != nil
		if failing && !failed {
			f.wakeWaiting(w)
		}
		failed = failing
	}
}

func (f *Finder[K]) wakeWaiting(w *watch[K]) {
	f.mu.Lock()
	waiting := slices.Collect(maps.Keys(w.waiting))
	clear(w.waiting)
	f.mu.Unlock()
	for _, key := range waiting {
		f.Ready(key)
	}
}

// stores returns the stores that the rules of a parent need, when all can be read.
func (f *Finder[K]) stores(key K, rules []*rule) (map[objects.Resource]*objects.Store, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stores := map[objects.Resource]*objects.Store{}
	var errs []error
	for _, r := range rules {
		for _, resource := range r.resources() {
			w := f.watches[resource]
			switch {
			case w == nil: // the parent was forgotten meanwhile
				return nil, ErrNotReady
			case w.ready:
				stores[resource] = w.store
			default:
				w.waiting[key] = struct{}{}
				errs = append(errs, w.failure())
			}
		}
	}
	for _, err := range errs {
		if !errors.Is(err, ErrNotReady) {
			return nil, err
		}
	}
	if len(errs) > 0 {
		return nil, ErrNotReady
	}
	return stores, nil
}

// failure returns why the objects are not known. The caller holds mu.
func (w *watch[K]) failure() error {
	if w.store != nil {
		if err := w.store.Err(); err != nil {
			return fmt.Errorf("cannot watch the related %s: %w", w.resource.GroupResource(), err)
		}
	}
	return ErrNotReady
}

// Err returns why a resource of related objects cannot be watched, or nil.
func (f *Finder[K]) Err() (objects.Resource, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for resource, w := range f.watches {
		if w.store == nil {
			continue
		}
		if err := w.store.Err(); err != nil {
			return resource, err
		}
	}
	return objects.Resource{}, nil
}
