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
	"slices"
	"sync"

	"k8s.io/utils/clock"
)

// informer keeps the objects of one view of a resource and tells handlers what changes. All Stores of a view
// share one.
type informer struct {
	resource Resource
	key      viewKey
	source   *source[*Object]
	index    *index
	count    *count
	health   *health
	stop     context.CancelCauseFunc
	synced   chan struct{} // closed once the index holds what the first list found
	done     chan struct{} // closed when run has ended

	// delivery is held while one change is recorded and delivered, and while a handler is added or
	// removed: so handlers see each change once, in order, after the index shows it. Handlers are
	// called under it, but never under the index's own lock, so that they can read.
	delivery sync.Mutex
	handlers []*handler // guarded by delivery

	references int // Stores that are open; guarded by Cache.mu
}

var _ sink[*Object] = &informer{}

// handler is a function that a Store added.
type handler struct {
	store  *Store
	handle func(Event)
}

// run lists and watches until ctx ends. When it was stopped because nobody needs the objects any more,
// their memory is freed.
func (i *informer) run(ctx context.Context, clock clock.Clock) {
	defer close(i.done)
	i.source.run(ctx, clock, i)
	i.count.close()
	if errors.Is(context.Cause(ctx), errUnused) {
		i.index.clear()
	}
}

func (i *informer) put(o *Object) {
	i.delivery.Lock()
	defer i.delivery.Unlock()
	old := i.index.get(o.Key())
	if old != nil && old.UID != o.UID { // deleted and created again while nobody watched
		i.remove(old, old)
		old = nil
	}
	switch {
	case o.dropped():
		i.remove(old, o)
		return
	case old != nil && old.ResourceVersion == o.ResourceVersion:
		return
	}
	i.index.put(o)
	i.count.replace(old, o)
	i.deliver(Event{Resource: i.resource, Old: old, New: o})
}

// drop forgets an object. o is its last state.
func (i *informer) drop(o *Object) {
	i.delivery.Lock()
	defer i.delivery.Unlock()
	i.remove(i.index.get(o.Key()), o)
}

// remove forgets what is known of an object, if anything is. o is its last state. The caller holds delivery.
func (i *informer) remove(known, o *Object) {
	if known == nil {
		return
	}
	if o.dropped() { // which tells no more than when that was
		last := *known
		last.ResourceVersion = o.ResourceVersion
		o = &last
	}
	i.index.remove(known.Key())
	i.count.replace(known, nil)
	i.deliver(Event{Resource: i.resource, Old: o})
}

// replace delivers the difference to what was known before.
func (i *informer) replace(objects []*Object) {
	listed := make(map[Key]struct{}, len(objects))
	for _, o := range objects {
		if !o.dropped() {
			listed[o.Key()] = struct{}{}
		}
	}
	for _, known := range i.index.all() {
		if _, found := listed[known.Key()]; !found {
			i.drop(known)
		}
	}
	for _, o := range objects {
		i.put(o)
	}
	if !i.hasSynced() { // only this goroutine closes it
		close(i.synced)
	}
}

func (i *informer) hasSynced() bool {
	select {
	case <-i.synced:
		return true
	default:
		return false
	}
}

// deliver calls the handlers. The caller holds delivery.
func (i *informer) deliver(event Event) {
	for _, h := range i.handlers {
		h.handle(event)
	}
}

// addHandler calls h for each object and from then on for each change.
func (i *informer) addHandler(h *handler) {
	i.delivery.Lock()
	defer i.delivery.Unlock()
	if h.store.closed {
		return
	}
	i.handlers = append(i.handlers, h)
	for _, o := range i.index.all() {
		h.handle(Event{Resource: i.resource, New: o})
	}
}

// removeHandler returns when h is not called any more.
func (i *informer) removeHandler(h *handler) {
	i.delivery.Lock()
	defer i.delivery.Unlock()
	i.handlers = slices.DeleteFunc(i.handlers, func(other *handler) bool { return other == h })
}

// closeStore removes all handlers of a store, and reports whether this closed it.
func (i *informer) closeStore(s *Store) bool {
	i.delivery.Lock()
	defer i.delivery.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	i.handlers = slices.DeleteFunc(i.handlers, func(other *handler) bool { return other.store == s })
	return true
}
