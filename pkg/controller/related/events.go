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
	"maps"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/pkg/objects"
)

// deliver tells of a change of a resource that the Finder watches for itself.
func (f *Finder[K]) deliver(w *watch[K], e objects.Event) {
	f.mu.Lock()
	var parents map[K]struct{}
	if w.ready { // else whom it concerns has seen nothing yet
		parents = f.concerned(w, e)
	}
	f.mu.Unlock()
	if len(parents) > 0 {
		f.Changed(e, parents)
	}
}

// Concerned returns the parents whose hooks would be shown something else after a change of a delivered resource: the object
// is or was related to them, or its namespace is or was one of theirs.
func (f *Finder[K]) Concerned(e objects.Event) map[K]struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.watches[e.Resource]
	if w == nil {
		return nil
	}
	return f.concerned(w, e)
}

// concerned does Concerned. The caller holds mu.
func (f *Finder[K]) concerned(w *watch[K], e objects.Event) map[K]struct{} {
	if !e.ContentChanged() && !e.StatusChanged() {
		return nil
	}
	var found []*interest[K]
	add := func(i *interest[K]) { found = append(found, i) }
	placed := func() map[string]string { return f.namespaceLabels(e.Object().Namespace) }
	if e.New != nil {
		w.interests.matching(e.New, placed, add)
	}
	if e.Old != nil && (e.New == nil || !maps.Equal(e.Old.Labels, e.New.Labels)) {
		w.interests.matching(e.Old, placed, add)
	}
	if e.Resource == f.namespaces {
		for _, other := range f.watches {
			other.relabeled(e, add)
		}
	}
	return parentsOf(found)
}

// namespaceLabels returns the labels of a namespace. The caller holds mu.
func (f *Finder[K]) namespaceLabels(name string) map[string]string {
	w := f.watches[f.namespaces]
	if w == nil || w.store == nil {
		return nil
	}
	if namespace := w.store.Get("", name); namespace != nil {
		return namespace.Labels
	}
	return nil
}

// relabeled calls yield for the interests whose objects a namespace brings or takes away by the change of its labels.
func (w *watch[K]) relabeled(e objects.Event, yield func(*interest[K])) {
	if len(w.interests.scopes) == 0 || w.store == nil {
		return
	}
	moved := map[*scope[K]]struct{}{}
	for _, state := range []*objects.Object{e.Old, e.New} {
		if state == nil {
			continue
		}
		for _, s := range w.interests.placed.Matching("", state.Labels) {
			if _, both := moved[s]; both {
				delete(moved, s)
			} else {
				moved[s] = struct{}{}
			}
		}
	}
	for s := range moved {
		for i := range s.members {
			if w.holds(e.Object().Name, i.selector) {
				yield(i)
			}
		}
	}
}

func (w *watch[K]) holds(namespace string, selector labels.Selector) bool {
	return len(w.store.Selected(namespace, selector)) > 0
}
