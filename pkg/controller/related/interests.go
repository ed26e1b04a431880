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

	"github.com/hookplane/hookplane/pkg/controller/selectors"
	"github.com/hookplane/hookplane/pkg/objects"
)

// interests are the rules that select objects of one resource, with the parents that have them. It is not safe for
// concurrent use.
type interests[K comparable] struct {
	all map[ruleID]*interest[K]

	// An interest is in one of these, by what its rule says.
	keyed  members[objects.Key, K]        // names in one namespace, or of a cluster-scoped resource
	named  members[string, K]             // names in all namespaces
	labels *selectors.Index[*interest[K]] // labels in one namespace or in all
	scopes map[string]*scope[K]           // labels in namespaces with certain labels: by the text of those
	placed *selectors.Index[*scope[K]]    // scopes by the labels of namespaces
}

// interest is one rule, and the parents that have it.
type interest[K comparable] struct {
	*rule
	parents map[K]struct{}
}

// scope is the interests in the namespaces that one selector matches.
type scope[K comparable] struct {
	selector labels.Selector
	labels   *selectors.Index[*interest[K]]
	members  map[*interest[K]]struct{}
}

// members are interests by something that they have in common. Empty sets are not kept.
type members[I, K comparable] map[I]map[*interest[K]]struct{}

func newInterests[K comparable]() *interests[K] {
	return &interests[K]{
		all: map[ruleID]*interest[K]{}, keyed: members[objects.Key, K]{}, named: members[string, K]{},
		labels: selectors.NewIndex[*interest[K]](),
		scopes: map[string]*scope[K]{}, placed: selectors.NewIndex[*scope[K]](),
	}
}

// join notes that a parent has a rule.
func (x *interests[K]) join(r *rule, parent K) {
	i := x.all[r.id]
	if i == nil {
		i = &interest[K]{rule: r, parents: map[K]struct{}{}}
		x.all[r.id] = i
		x.enter(i)
	}
	i.parents[parent] = struct{}{}
}

// leave notes that a parent does not have a rule any more.
func (x *interests[K]) leave(id ruleID, parent K) {
	i := x.all[id]
	if i == nil {
		return
	}
	if delete(i.parents, parent); len(i.parents) == 0 {
		delete(x.all, id)
		x.withdraw(i)
	}
}

func (x *interests[K]) enter(i *interest[K]) {
	switch {
	case i.namespaceSelector != nil:
		text := i.id.namespaceSelector
		if x.scopes[text] == nil {
			x.scopes[text] = &scope[K]{selector: i.namespaceSelector, labels: selectors.NewIndex[*interest[K]](), members: map[*interest[K]]struct{}{}}
			x.placed.Set(x.scopes[text], "", i.namespaceSelector)
		}
		x.scopes[text].labels.Set(i, "", i.selector)
		x.scopes[text].members[i] = struct{}{}
	case len(i.names) == 0:
		x.labels.Set(i, i.id.namespace, i.selector)
	default:
		for _, name := range i.names {
			if i.anywhere() {
				x.named.add(name, i)
			} else {
				x.keyed.add(objects.Key{Namespace: i.id.namespace, Name: name}, i)
			}
		}
	}
}

// withdraw undoes enter.
func (x *interests[K]) withdraw(i *interest[K]) {
	switch {
	case i.namespaceSelector != nil:
		s := x.scopes[i.id.namespaceSelector]
		s.labels.Remove(i)
		if delete(s.members, i); len(s.members) == 0 {
			delete(x.scopes, i.id.namespaceSelector)
			x.placed.Remove(s)
		}
	case len(i.names) == 0:
		x.labels.Remove(i)
	default:
		for _, name := range i.names {
			if i.anywhere() {
				x.named.remove(name, i)
			} else {
				x.keyed.remove(objects.Key{Namespace: i.id.namespace, Name: name}, i)
			}
		}
	}
}

// anywhere reports whether the rule looks in all namespaces.
func (r *rule) anywhere() bool { return r.id.resource.Namespaced && r.id.namespace == "" }

// matching calls yield for each interest that an object in this state matches. namespaceLabels returns the labels of its
// namespace.
func (x *interests[K]) matching(o *objects.Object, namespaceLabels func() map[string]string, yield func(*interest[K])) {
	for i := range x.keyed[o.Key()] {
		yield(i)
	}
	for i := range x.named[o.Name] {
		yield(i)
	}
	for _, i := range x.labels.Matching(o.Namespace, o.Labels) {
		yield(i)
	}
	if len(x.scopes) == 0 {
		return
	}
	for _, s := range x.placed.Matching("", namespaceLabels()) {
		for _, i := range s.labels.Matching("", o.Labels) {
			yield(i)
		}
	}
}

// parents returns all parents that have a rule for the resource.
func (x *interests[K]) parents() map[K]struct{} {
	parents := map[K]struct{}{}
	for _, i := range x.all {
		i.addParents(parents)
	}
	return parents
}

// parentsOf returns the parents that have one of the rules.
func parentsOf[K comparable](found []*interest[K]) map[K]struct{} {
	if len(found) == 1 { // the common case, and with many parents the one that counts
		return maps.Clone(found[0].parents)
	}
	parents := map[K]struct{}{}
	for _, i := range found {
		i.addParents(parents)
	}
	return parents
}

func (i *interest[K]) addParents(parents map[K]struct{}) {
	for parent := range i.parents {
		parents[parent] = struct{}{}
	}
}

func (m members[I, K]) add(at I, i *interest[K]) {
	if m[at] == nil {
		m[at] = map[*interest[K]]struct{}{}
	}
	m[at][i] = struct{}{}
}

func (m members[I, K]) remove(at I, i *interest[K]) {
	if delete(m[at], i); len(m[at]) == 0 {
		delete(m, at)
	}
}
