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
	"slices"
	"strings"
)

// set is a set of objects of one resource, sorted by namespace and name. Its memory is eight bytes an
// object.
type set []*Object

func compareKeys(o *Object, k Key) int {
	if c := strings.Compare(o.Namespace, k.Namespace); c != 0 {
		return c
	}
	return strings.Compare(o.Name, k.Name)
}

// with returns the set with the object in it, in place of an older state of it.
func (s set) with(o *Object) set {
	at, found := slices.BinarySearchFunc(s, o.Key(), compareKeys)
	if found {
		s[at] = o
		return s
	}
	return slices.Insert(s, at, o)
}

// without returns the set without the object of that key.
func (s set) without(k Key) set {
	at, found := slices.BinarySearchFunc(s, k, compareKeys)
	if !found {
		return s
	}
	return slices.Delete(s, at, at+1)
}

// sets are sets by what their objects have in common. Empty ones are not kept.
type sets[K comparable] map[K]set

func (s sets[K]) add(at K, o *Object) { s[at] = s[at].with(o) }

func (s sets[K]) remove(at K, k Key) {
	if left := s[at].without(k); len(left) > 0 {
		s[at] = left
	} else {
		delete(s, at)
	}
}
