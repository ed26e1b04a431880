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

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	informers "github.com/hookplane/hookplane/generated/informers/externalversions/metacontroller/v1alpha1"
	listers "github.com/hookplane/hookplane/generated/listers/metacontroller/v1alpha1"
)

// Registry knows all InitializerControllers, compiled, and keeps their hooks open. It is safe for concurrent use.
type Registry struct {
	lister   listers.InitializerControllerLister
	informer cache.SharedIndexInformer
	newHook  NewHook
	stale    chan struct{} // there is something to compile
	unused   chan struct{} // a snapshot that was replaced is not used any more
	ready    chan struct{} // closed when there is a snapshot

	mu        sync.Mutex
	snapshot  *Snapshot
	users     map[*Snapshot]int // how often each is in use
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
func NewRegistry(controllers informers.InitializerControllerInformer, newHook NewHook) *Registry {
	return &Registry{
		lister: controllers.Lister(), informer: controllers.Informer(), newHook: newHook,
		stale: make(chan struct{}, 1), unused: make(chan struct{}, 1), ready: make(chan struct{}),
		users: map[*Snapshot]int{}, listeners: map[*func()]struct{}{},
	}
}

// Run follows the InitializerControllers until the context ends, and returns when all hooks are closed.
func (r *Registry) Run(ctx context.Context) error {
	registration, err := r.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { notify(r.stale) },
		UpdateFunc: func(was, is any) {
			// Status reports are frequent and change nothing.
			if !sameDefinition(was.(*v1alpha1.InitializerController), is.(*v1alpha1.InitializerController)) {
				notify(r.stale)
			}
		},
		DeleteFunc: func(any) { notify(r.stale) },
	})
	if err != nil {
		return fmt.Errorf("watching InitializerControllers: %w", err)
	}
	defer func() { _ = r.informer.RemoveEventHandler(registration) }() // fails only when the informer has ended
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil // stopped before it began
	}
	hooks := openHooks{}
	defer hooks.closeAll()
	r.refresh(ctx, hooks)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.stale:
			r.refresh(ctx, hooks)
		case <-r.unused:
		}
		hooks.keep(r.used())
	}
}

func notify(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}

// refresh makes a snapshot of what there is now, whose hooks are open, and tells of it.
func (r *Registry) refresh(ctx context.Context, hooks openHooks) {
	r.mu.Lock()
	last := r.snapshot
	r.mu.Unlock()
	next := r.compileAll(last)
	hooks.open(ctx, next)
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

// Snapshot returns what there is now, to look at: its hooks may be closed soon. WaitForSync must have answered true.
func (r *Registry) Snapshot() *Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.snapshot
}

// Use returns what there is now, whose hooks can be called until release. WaitForSync must have answered true.
func (r *Registry) Use() (snapshot *Snapshot, release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	snapshot = r.snapshot
	r.users[snapshot]++
	return snapshot, func() { r.release(snapshot) }
}

func (r *Registry) release(snapshot *Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users[snapshot]--; r.users[snapshot] > 0 {
		return
	}
	delete(r.users, snapshot)
	if snapshot != r.snapshot {
		notify(r.unused)
	}
}

// used returns the initializers that may be called.
func (r *Registry) used() map[*Initializer]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	used := map[*Initializer]bool{}
	for _, snapshot := range append(slices.Collect(maps.Keys(r.users)), r.snapshot) {
		for _, i := range snapshot.Initializers {
			used[i] = true
		}
	}
	return used
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
