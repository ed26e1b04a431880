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
	"fmt"
	"iter"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// Store gives access to the objects of one resource, or of one view of it. Stores of the same view share the objects and
// the watch. It is safe for concurrent use, but must not be used once it is closed.
type Store struct {
	cache    *Cache
	informer *informer
	closed   bool // guarded by informer.delivery
}

// Close removes the store's handlers, and ends the watch when no other store uses it. Handlers are not
// called any more when it returns; it must not be called from within a handler of the same resource.
// Closing again does nothing.
func (s *Store) Close() {
	if s.informer.closeStore(s) {
		s.cache.release(s.informer)
	}
}

// Resource returns the resource whose objects the store holds.
func (s *Store) Resource() Resource { return s.informer.resource }

// HasSynced reports whether the store holds what the cluster held when it was first opened. Until then
// it seems empty, or holds a part.
func (s *Store) HasSynced() bool { return s.informer.hasSynced() }

// WaitForSync waits until HasSynced. It fails when ctx ends before, and then says what is wrong with
// the watch if anything is, or when the cache stops.
func (s *Store) WaitForSync(ctx context.Context) error {
	var err error
	select {
	case <-s.informer.synced:
		return nil
	case <-s.informer.done:
		err = errStopped
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if s.HasSynced() {
		return nil
	}
	if failure := s.Err(); failure != nil {
		err = fmt.Errorf("%w: %w", err, failure)
	}
	return fmt.Errorf("cannot wait for all %s: %w", s.Resource().GroupResource(), err)
}

// Err returns why the last request to list or watch failed, nil while all is well. The API's answers
// can be told apart by the functions of k8s.io/apimachinery/pkg/api/errors. The store retries by itself.
func (s *Store) Err() error { return s.informer.health.current() }

// Get returns an object, nil when there is none. Namespace is empty for cluster-scoped objects.
func (s *Store) Get(namespace, name string) *Object {
	return s.informer.index.get(Key{Namespace: namespace, Name: name})
}

// OwnedBy returns the objects whose controller has that UID, sorted by namespace and name. The slice
// is the caller's.
func (s *Store) OwnedBy(uid types.UID) []*Object { return s.informer.index.ownedBy(uid) }

// Orphans returns the objects without a controller that match the selector, in one namespace or, for
// "", in all, sorted by namespace and name. The slice is the caller's. It is fast when the selector
// requires a label to have one of some values; otherwise it looks at all orphans of the namespace.
func (s *Store) Orphans(namespace string, selector labels.Selector) []*Object {
	namespaces := []string{namespace}
	if namespace == "" {
		namespaces = s.informer.index.orphanNamespaces()
	}
	var orphans []*Object
	for _, namespace := range namespaces {
		orphans = append(orphans, s.informer.index.orphansIn(namespace, selector)...)
	}
	slices.SortFunc(orphans, func(a, b *Object) int { return compareKeys(a, b.Key()) })
	return orphans
}

// Selected returns the objects that match the selector, whoever owns them, in one namespace or, for "", in all, sorted by
// namespace and name. The slice is the caller's. It is fast when the selector requires a label to have one of some values;
// otherwise it looks at all objects of the namespace. The first call of Selected or Named on a resource indexes all objects.
func (s *Store) Selected(namespace string, selector labels.Selector) []*Object {
	selected := s.informer.index.selected(namespace, selector)
	slices.SortFunc(selected, func(a, b *Object) int { return compareKeys(a, b.Key()) })
	return selected
}

// Named returns the objects of that name in all namespaces, sorted by namespace. The slice is the caller's.
func (s *Store) Named(name string) []*Object { return s.informer.index.named(name) }

// All yields the objects that are there now, in no particular order.
func (s *Store) All() iter.Seq[*Object] { return slices.Values(s.informer.index.all()) }

// AddHandler makes h be called for each object that is there, as if it was added just now, and then
// for each change: one at a time per resource, in order, and after the store shows the change. h must
// be quick, because the resource's other handlers and its watch wait for it; it may read the store.
//
// After remove has returned, h is never called again. Neither AddHandler nor remove may be called from
// within a handler of the same resource.
func (s *Store) AddHandler(h func(Event)) (remove func()) {
	added := &handler{store: s, handle: h}
	s.informer.addHandler(added)
	return func() { s.informer.removeHandler(added) }
}
