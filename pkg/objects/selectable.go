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
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// selectable finds all objects of a resource by namespace, label and name, whoever owns them. Most resources are never
// asked for that way, so an index has one only from the first question on.
type selectable struct {
	namespaces sets[string]
	labels     sets[pair]
	names      sets[string]
}

// pair is one label, in whatever namespace.
type pair struct{ key, value string }

// newSelectable returns one that holds the objects.
func newSelectable(objects map[Key]*Object) *selectable {
	s := &selectable{namespaces: sets[string]{}, labels: sets[pair]{}, names: sets[string]{}}
	sorted := slices.SortedFunc(maps.Values(objects), func(a, b *Object) int { return compareKeys(a, b.Key()) })
	for _, o := range sorted { // in order, so that each is appended
		s.put(nil, o)
	}
	return s
}

// put records an object in place of its older state.
func (s *selectable) put(old, o *Object) {
	if old != nil && !maps.Equal(old.Labels, o.Labels) {
		s.leaveLabels(old)
	}
	s.namespaces.add(o.Namespace, o)
	s.names.add(o.Name, o)
	for key, value := range o.Labels {
		s.labels.add(pair{key, value}, o)
	}
}

func (s *selectable) remove(o *Object) {
	s.leaveLabels(o)
	s.namespaces.remove(o.Namespace, o.Key())
	s.names.remove(o.Name, o.Key())
}

func (s *selectable) leaveLabels(o *Object) {
	for key, value := range o.Labels {
		s.labels.remove(pair{key, value}, o.Key())
	}
}

// matching returns the objects of a namespace, or of all for "", that the selector matches, in no particular order.
func (s *selectable) matching(namespace string, selector labels.Selector) []*Object {
	var found []*Object
	for _, candidates := range s.candidates(namespace, selector) {
		for _, o := range candidates {
			if selector.Matches(labels.Set(o.Labels)) {
				found = append(found, o)
			}
		}
	}
	return found
}

// candidates returns sets that hold all objects of the namespace that the selector matches: those with a label that it
// requires, or else all. The sets do not overlap.
func (s *selectable) candidates(namespace string, selector labels.Selector) []set {
	requirements, satisfiable := selector.Requirements()
	if !satisfiable {
		return nil
	}
	for _, r := range requirements {
		if op := r.Operator(); op != selection.Equals && op != selection.DoubleEquals && op != selection.In {
			continue
		}
		candidates := make([]set, 0, len(r.Values()))
		for value := range r.Values() {
			candidates = append(candidates, s.labels[pair{r.Key(), value}].in(namespace))
		}
		return candidates
	}
	if namespace != "" {
		return []set{s.namespaces[namespace]}
	}
	return slices.Collect(maps.Values(s.namespaces))
}

// in returns the part of a set that is in the namespace, or the whole for "".
func (s set) in(namespace string) set {
	if namespace == "" {
		return s
	}
	byNamespace := func(o *Object, namespace string) int { return strings.Compare(o.Namespace, namespace) }
	start, _ := slices.BinarySearchFunc(s, namespace, byNamespace)
	end, _ := slices.BinarySearchFunc(s[start:], namespace+"\x00", byNamespace)
	return s[start : start+end]
}
