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

package hook

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	hookapi "github.com/hookplane/hookplane/apis/hook"
)

// CompositeRequest is what a composite controller's sync or finalize hook is to be sent. It is read only, and shares the
// bytes of the objects. On the wire it is an apis/hook.CompositeRequest.
type CompositeRequest struct {
	// Version decides the keys of objects. Empty means V1.
	Version Version
	// Controller and Parent are JSON objects, required.
	Controller, Parent []byte
	// ParentNamespaced and ParentNamespace tell where the parent lives.
	ParentNamespaced bool
	ParentNamespace  string
	// Children has one group for every declared type, also for those without objects.
	Children []Group
	// Related has one group for every related type.
	Related []Group
	// Finalizing says that the finalize hook is called.
	Finalizing bool
}

// Group is the observed objects of one declared rule. Groups of the same type are merged on the wire.
type Group struct {
	Kind, APIVersion string
	Namespaced       bool
	Objects          []ObjectRef
}

// ObjectRef is one observed object.
type ObjectRef struct {
	// Namespace is "" for a cluster-scoped object.
	Namespace, Name string
	// Raw is the object's JSON.
	Raw []byte
}

// AppendJSON appends the request as a JSON document to dst and returns the longer slice. Equal requests give equal bytes:
// keys are sorted, and the order of groups and of their objects does not matter.
func (r *CompositeRequest) AppendJSON(dst []byte) []byte {
	return r.appendAs(dst, "parent", "children")
}

// appendAs does AppendJSON under those names for the parent and its children.
func (r *CompositeRequest) appendAs(dst []byte, parent, children string) []byte {
	dst = slices.Grow(dst, r.sizeHint())
	dst = append(dst, `{"controller":`...)
	dst = append(dst, r.Controller...)
	dst = append(dst, `,"`+parent+`":`...)
	dst = append(dst, r.Parent...)
	dst = append(dst, `,"`+children+`":`...)
	dst = r.appendGroups(dst, r.Children)
	dst = append(dst, `,"related":`...)
	dst = r.appendGroups(dst, r.Related)
	dst = append(dst, `,"finalizing":`...)
	if r.Finalizing {
		return append(dst, "true}"...)
	}
	return append(dst, "false}"...)
}

// sizeHint estimates the document's length from above for ordinary names, so that it is allocated once.
func (r *CompositeRequest) sizeHint() int {
	const frame, punctuation = 80, 8
	size := frame + len(r.Controller) + len(r.Parent)
	for _, groups := range [][]Group{r.Children, r.Related} {
		for _, g := range groups {
			size += punctuation + len(g.Kind) + len(g.APIVersion)
			for _, o := range g.Objects {
				size += punctuation + len(o.Namespace) + len(o.Name) + len(o.Raw)
			}
		}
	}
	return size
}

// entry is one observed object under its inner key.
type entry struct {
	key string
	raw []byte
}

func (r *CompositeRequest) appendGroups(dst []byte, groups []Group) []byte {
	types := make(map[string][]entry, len(groups))
	for _, g := range groups {
		key := hookapi.TypeKey(g.APIVersion, g.Kind)
		types[key] = r.appendEntries(types[key], g)
	}
	dst = append(dst, '{')
	for i, key := range slices.Sorted(maps.Keys(types)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, key)
		dst = append(dst, ':')
		dst = appendObjects(dst, types[key])
	}
	return append(dst, '}')
}

// appendEntries appends the objects of a group that the request's version shows.
func (r *CompositeRequest) appendEntries(entries []entry, g Group) []entry {
	entries = slices.Grow(entries, len(g.Objects))
	for _, o := range g.Objects {
		if key, shown := r.innerKey(g, o); shown {
			entries = append(entries, entry{key: key, raw: o.Raw})
		}
	}
	return entries
}

// appendObjects appends entries as a JSON object with sorted keys. Two rules may have selected the same object: it is
// shown once.
func appendObjects(dst []byte, entries []entry) []byte {
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.key == b.key })
	dst = append(dst, '{')
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, e.key)
		dst = append(dst, ':')
		dst = append(dst, e.raw...)
	}
	return append(dst, '}')
}

// innerKey returns an object's key in its group. V1 has no key for an object that lives elsewhere than its namespaced
// parent, so it is not shown. docs/protocol.md §2.
func (r *CompositeRequest) innerKey(g Group, o ObjectRef) (key string, shown bool) {
	switch {
	case r.Version != V2 && r.ParentNamespaced:
		return o.Name, g.Namespaced && o.Namespace == r.ParentNamespace
	case g.Namespaced:
		return o.Namespace + "/" + o.Name, true
	default:
		return o.Name, true
	}
}

// appendString appends s as a JSON string. Nearly every name can be copied as it is.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
