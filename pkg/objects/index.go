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
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
)

// index holds the objects of one resource and finds them by key, by controller and, when they have
// none, by namespace and label. It is safe for concurrent use; what it returns belongs to the caller.
type index struct {
	mu      sync.RWMutex
	objects map[Key]*Object
	owned   sets[types.UID] // by the controller's UID
	orphans sets[string]    // by namespace
	labeled sets[label]     // orphans by each of their labels
	// selectable is nil as long as nobody asked for objects whoever owns them.
	selectable *selectable
}

// label is one label of an object in a namespace.
type label struct{ namespace, key, value string }

func newIndex() *index {
	x := &index{}
	x.clear()
	return x
}

// clear forgets everything.
func (x *index) clear() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.objects = map[Key]*Object{}
	x.owned, x.orphans, x.labeled = sets[types.UID]{}, sets[string]{}, sets[label]{}
	x.selectable = nil
}

// put records an object in place of what is known under its key.
func (x *index) put(o *Object) {
	x.mu.Lock()
	defer x.mu.Unlock()
	old := x.objects[o.Key()]
	x.objects[o.Key()] = o
	if x.selectable != nil {
		x.selectable.put(old, o)
	}
	if old != nil && (old.ControllerUID() != o.ControllerUID() || !maps.Equal(old.Labels, o.Labels)) {
		x.leave(old)
	}
	if uid := o.ControllerUID(); uid != "" {
		x.owned.add(uid, o)
		return
	}
	x.orphans.add(o.Namespace, o)
	for key, value := range o.Labels {
		x.labeled.add(label{o.Namespace, key, value}, o)
	}
}

// remove forgets the object of that key.
func (x *index) remove(k Key) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if old := x.objects[k]; old != nil {
		delete(x.objects, k)
		x.leave(old)
		if x.selectable != nil {
			x.selectable.remove(old)
		}
	}
}

// leave takes an object out of all sets.
func (x *index) leave(o *Object) {
	k := o.Key()
	if uid := o.ControllerUID(); uid != "" {
		x.owned.remove(uid, k)
		return
	}
	x.orphans.remove(o.Namespace, k)
	for key, value := range o.Labels {
		x.labeled.remove(label{o.Namespace, key, value}, k)
	}
}

func (x *index) get(k Key) *Object {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.objects[k]
}

// all returns the objects in no particular order.
func (x *index) all() []*Object {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.AppendSeq(make([]*Object, 0, len(x.objects)), maps.Values(x.objects))
}

// ownedBy returns the objects controlled by the owner with that UID, by namespace and name.
func (x *index) ownedBy(uid types.UID) []*Object {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clone(x.owned[uid])
}

// orphansIn returns the matching objects of a namespace that no owner controls, by name.
func (x *index) orphansIn(namespace string, selector labels.Selector) []*Object {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var matching []*Object
	for _, candidates := range x.candidates(namespace, selector) {
		for _, o := range candidates {
			if selector.Matches(labels.Set(o.Labels)) {
				matching = append(matching, o)
			}
		}
	}
	return matching
}

// orphanNamespaces returns the namespaces that hold orphans, sorted.
func (x *index) orphanNamespaces() []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Sorted(maps.Keys(x.orphans))
}

// selected returns the matching objects of a namespace, or of all for "", in no particular order.
func (x *index) selected(namespace string, selector labels.Selector) []*Object {
	x.makeSelectable()
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.selectable == nil {
		return nil // cleared meanwhile
	}
	return x.selectable.matching(namespace, selector)
}

// named returns the objects of that name, of all namespaces, by namespace.
func (x *index) named(name string) []*Object {
	x.makeSelectable()
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.selectable == nil {
		return nil // cleared meanwhile
	}
	return slices.Clone(x.selectable.names[name])
}

// makeSelectable prepares for selected and named, once.
func (x *index) makeSelectable() {
	x.mu.RLock()
	ready := x.selectable != nil
	x.mu.RUnlock()
	if ready {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.selectable == nil {
		x.selectable = newSelectable(x.objects)
	}
}

// candidates returns sets that hold all orphans of the namespace that the selector matches: those with
// a label that it requires, or else all. The sets do not overlap.
func (x *index) candidates(namespace string, selector labels.Selector) []set {
	requirements, selectable := selector.Requirements()
	if !selectable {
		return nil
	}
	for _, r := range requirements {
		if op := r.Operator(); op != selection.Equals && op != selection.DoubleEquals && op != selection.In {
			continue
		}
		candidates := make([]set, 0, len(r.Values()))
		for value := range r.Values() {
			candidates = append(candidates, x.labeled[label{namespace, r.Key(), value}])
		}
		return candidates
	}
	return []set{x.orphans[namespace]}
}
