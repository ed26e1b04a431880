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

// Package selectors finds the parents whose selector matches an object, without walking over all
// parents: an orphan that appears is offered to those who may adopt it (docs/protocol.md §4).
//
// It must not know controllers, queues or clients.
package selectors

import (
	"sync"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// Index maps labels to the parents that select by them. It is safe for concurrent use. K names a parent.
type Index[K comparable] struct {
	mu      sync.RWMutex
	parents map[K]entry
	byPair  map[pair]map[K]struct{}
	broad   map[string]map[K]struct{} // by namespace: selectors that require no particular label value
}

type entry struct {
	namespace string
	selector  labels.Selector
	pairs     []pair
}

// pair is one label of an object in a namespace; namespace "" stands for selectors of all namespaces.
type pair struct{ namespace, key, value string }

// NewIndex returns an empty index.
func NewIndex[K comparable]() *Index[K] {
	return &Index[K]{parents: map[K]entry{}, byPair: map[pair]map[K]struct{}{}, broad: map[string]map[K]struct{}{}}
}

// Set records that the parent selects, in namespace (or everywhere, when empty), what selector matches.
// It replaces what was recorded of the parent before.
func (x *Index[K]) Set(parent K, namespace string, selector labels.Selector) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(parent)
	e := entry{namespace: namespace, selector: selector, pairs: x.requiredPairs(namespace, selector)}
	x.parents[parent] = e
	if len(e.pairs) == 0 {
		insert(x.broad, namespace, parent)
		return
	}
	for _, p := range e.pairs {
		insert(x.byPair, p, parent)
	}
}

// Remove forgets a parent.
func (x *Index[K]) Remove(parent K) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(parent)
}

// Matching returns the parents that select an object with these labels in this namespace, in no
// particular order.
func (x *Index[K]) Matching(namespace string, set map[string]string) []K {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var found []K
	collect := func(candidates map[K]struct{}) {
		for parent := range candidates {
			if x.parents[parent].selector.Matches(labels.Set(set)) {
				found = append(found, parent)
			}
		}
	}
	scopes := []string{namespace, ""}
	if namespace == "" {
		scopes = scopes[:1]
	}
	for _, scope := range scopes {
		collect(x.broad[scope])
		for key, value := range set {
			collect(x.byPair[pair{scope, key, value}])
		}
	}
	return found
}

func (x *Index[K]) remove(parent K) {
	e, known := x.parents[parent]
	if !known {
		return
	}
	delete(x.parents, parent)
	discard(x.broad, e.namespace, parent)
	for _, p := range e.pairs {
		discard(x.byPair, p, parent)
	}
}

// requiredPairs returns labels of which every matching object has exactly one: the values of one requirement. Of several
// requirements that name values it takes the one whose labels are the least crowded, so that parents that share one label
// and differ in another are not all looked at together. Without such a requirement there are none.
func (x *Index[K]) requiredPairs(namespace string, selector labels.Selector) []pair {
	requirements, _ := selector.Requirements()
	var least []pair
	crowd := 0
	for _, r := range requirements {
		if op := r.Operator(); op != selection.In && op != selection.Equals && op != selection.DoubleEquals {
			continue
		}
		pairs, crowded := make([]pair, 0, len(r.Values())), 0
		for value := range r.Values() {
			p := pair{namespace, r.Key(), value}
			pairs = append(pairs, p)
			crowded += len(x.byPair[p])
		}
		if least == nil || crowded < crowd {
			least, crowd = pairs, crowded
		}
	}
	return least
}

func insert[I, K comparable](index map[I]map[K]struct{}, at I, parent K) {
	if index[at] == nil {
		index[at] = map[K]struct{}{}
	}
	index[at][parent] = struct{}{}
}

func discard[I, K comparable](index map[I]map[K]struct{}, at I, parent K) {
	delete(index[at], parent)
	if len(index[at]) == 0 {
		delete(index, at)
	}
}
