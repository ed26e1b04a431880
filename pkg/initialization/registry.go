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

package initialization

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	informers "github.com/hookplane/hookplane/generated/informers/externalversions/metacontroller/v1alpha1"
	listers "github.com/hookplane/hookplane/generated/listers/metacontroller/v1alpha1"
)

// retirement is how long the hook of an initializer that was replaced may still be called: longer than any admission takes.
const retirement = time.Minute

// Registry knows all InitializerControllers, compiled, and keeps their hooks open. It is safe for concurrent use.
type Registry struct {
	lister   listers.InitializerControllerLister
	informer cache.SharedIndexInformer
	newHook  NewHook
	clock    clock.WithTicker
	stale    chan struct{}
	ready    chan struct{} // closed when there is a snapshot

	mu        sync.Mutex
	snapshot  *Snapshot
	listeners map[*func()]struct{}
}

// Snapshot is the InitializerControllers at one time. It is immutable.
type Snapshot struct {
	// Initializers are in the order in which they are called: that of their names, no two of which are equal.
	Initializers []*Initializer
	// Shadowed has, by the name of its object, why an InitializerController is not among them.
	Shadowed map[string]error
}

// Find returns the initializer of that name, or nil.
func (s *Snapshot) Find(name string) *Initializer {
	at, found := slices.BinarySearchFunc(s.Initializers, name, func(i *Initializer, name string) int { return cmp.Compare(i.Name(), name) })
	if !found {
		return nil
	}
	return s.Initializers[at]
}

// NewRegistry returns a registry that follows the informer, which somebody else runs. Run starts it.
func NewRegistry(controllers informers.InitializerControllerInformer, newHook NewHook, clock clock.WithTicker) *Registry {
	return &Registry{
		lister: controllers.Lister(), informer: controllers.Informer(), newHook: newHook, clock: clock,
		stale: make(chan struct{}, 1), ready: make(chan struct{}), listeners: map[*func()]struct{}{},
	}
}

// Run follows the InitializerControllers until the context ends, and returns when all hooks are closed.
func (r *Registry) Run(ctx context.Context) error {
	registration, err := r.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { r.notify() },
		UpdateFunc: func(was, is any) {
			// Status reports are frequent and change nothing.
			if !sameDefinition(was.(*v1alpha1.InitializerController), is.(*v1alpha1.InitializerController)) {
				r.notify()
			}
		},
		DeleteFunc: func(any) { r.notify() },
	})
	if err != nil {
		return fmt.Errorf("watching InitializerControllers: %w", err)
	}
	defer func() { _ = r.informer.RemoveEventHandler(registration) }() // fails only when the informer has ended
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil // stopped before it began
	}
	hooks := &openHooks{closers: map[*Initializer]func(){}, replaced: map[*Initializer]time.Time{}}
	defer hooks.closeAll()
	for {
		r.refresh(ctx, hooks)
		select {
		case <-ctx.Done():
			return nil
		case <-r.stale:
		case <-r.clock.After(retirement):
		}
	}
}

func (r *Registry) notify() {
	select {
	case r.stale <- struct{}{}:
	default:
	}
}

// refresh makes a snapshot of what there is now, whose hooks are open, and tells of it.
func (r *Registry) refresh(ctx context.Context, hooks *openHooks) {
	r.mu.Lock()
	last := r.snapshot
	r.mu.Unlock()
	next := r.compileAll(last)
	hooks.keep(ctx, next, r.clock.Now())
	r.mu.Lock()
	r.snapshot = next
	listeners := slices.Collect(maps.Keys(r.listeners))
	r.mu.Unlock()
	if last == nil {
		close(r.ready)
	}
	for _, listener := range listeners {
		(*listener)()
	}
}

// openHooks are the hooks that a registry has opened.
type openHooks struct {
	closers  map[*Initializer]func()
	replaced map[*Initializer]time.Time // since when those that are not in the snapshot are not
}

// keep opens the hooks of a snapshot, and closes those that were replaced long ago.
func (o *openHooks) keep(ctx context.Context, snapshot *Snapshot, now time.Time) {
	current := map[*Initializer]bool{}
	for _, i := range snapshot.Initializers {
		current[i] = true
		if _, open := o.closers[i]; !open {
			o.closers[i] = i.hooks().Open(ctx)
		}
	}
	for i, closeHook := range o.closers {
		since, replaced := o.replaced[i]
		switch {
		case current[i]:
		case !replaced:
			o.replaced[i] = now
		case now.Sub(since) >= retirement:
			closeHook()
			delete(o.closers, i)
			delete(o.replaced, i)
		}
	}
}

func (o *openHooks) closeAll() {
	for _, closeHook := range o.closers {
		closeHook()
	}
}

// OnChange makes f be called after each change of the snapshot, until remove is called. f must be quick.
func (r *Registry) OnChange(f func()) (remove func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listeners[&f] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.listeners, &f)
	}
}

// WaitForSync waits until the InitializerControllers have been read. It answers false when ctx ended before.
func (r *Registry) WaitForSync(ctx context.Context) bool {
	select {
	case <-r.ready:
		return true
	case <-ctx.Done():
		return false
	}
}

// Snapshot returns what there is now. WaitForSync must have answered true.
func (r *Registry) Snapshot() *Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.snapshot
}

// Objects returns all InitializerControllers as they are stored.
func (r *Registry) Objects() []*v1alpha1.InitializerController {
	objects, err := r.lister.List(labels.Everything())
	if err != nil {
		return nil // a lister of an index never fails
	}
	return objects
}

// compileAll compiles what has changed since the last snapshot. Of those that claim one name, the oldest has it.
func (r *Registry) compileAll(last *Snapshot) *Snapshot {
	objects := r.Objects()
	slices.SortFunc(objects, func(a, b *v1alpha1.InitializerController) int {
		return cmp.Or(
			cmp.Compare(a.Spec.InitializerName, b.Spec.InitializerName),
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			cmp.Compare(a.Name, b.Name),
		)
	})
	next := &Snapshot{Shadowed: map[string]error{}}
	for _, object := range objects {
		if object.DeletionTimestamp != nil {
			continue
		}
		if n := len(next.Initializers); n > 0 && next.Initializers[n-1].Name() == object.Spec.InitializerName {
			next.Shadowed[object.Name] = fmt.Errorf("spec.initializerName: %s is the name of the older InitializerController %s already: choose another",
				object.Spec.InitializerName, next.Initializers[n-1].Object.Name)
			continue
		}
		var compiled *Initializer
		if last != nil {
			compiled = last.Find(object.Spec.InitializerName)
		}
		if compiled == nil || !sameDefinition(compiled.Object, object) {
			compiled = compile(object, r.newHook)
		}
		next.Initializers = append(next.Initializers, compiled)
	}
	return next
}

func sameDefinition(a, b *v1alpha1.InitializerController) bool {
	return a.UID == b.UID && a.Generation == b.Generation && (a.DeletionTimestamp == nil) == (b.DeletionTimestamp == nil)
}
