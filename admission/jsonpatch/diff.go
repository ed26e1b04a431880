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

package jsonpatch

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Operation is one step of a patch.
type Operation struct {
	// Op is add, remove or replace.
	Op string
	// Path is a JSON pointer.
	Path string
	// Value is what is added, or what replaces. A remove has none.
	Value any
}

// MarshalJSON writes the value of every operation that has one, null too.
func (o Operation) MarshalJSON() ([]byte, error) {
	written := map[string]any{"op": o.Op, "path": o.Path}
	if o.Op != opRemove {
		written["value"] = o.Value
	}
	return json.Marshal(written)
}

const (
	opAdd     = "add"
	opRemove  = "remove"
	opReplace = "replace"
)

// Diff returns the operations that turn the JSON object before into after, in the order in which they are to be applied: none
// when the objects are equal. Both consist of what encoding/json decodes into an any with UseNumber.
//
// Numbers of equal value are equal, however they are written, and a member that is null is equal to one that is missing, as
// the Kubernetes API reads them.
func Diff(before, after map[string]any) []Operation {
	return diffObjects(nil, "", before, after)
}

func diffObjects(ops []Operation, path string, before, after map[string]any) []Operation {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		was, is := before[name], after[name]
		at := path + "/" + escape(name)
		switch {
		case was == nil && is == nil:
		case was == nil:
			ops = append(ops, Operation{opAdd, at, is})
		case is == nil:
			ops = append(ops, Operation{Op: opRemove, Path: at})
		default:
			ops = diffValues(ops, at, was, is)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, had := before[name]; !had && after[name] != nil {
			ops = append(ops, Operation{opAdd, path + "/" + escape(name), after[name]})
		}
	}
	return ops
}

func diffValues(ops []Operation, path string, was, is any) []Operation {
	switch was := was.(type) {
	case map[string]any:
		if is, ok := is.(map[string]any); ok {
			return diffObjects(ops, path, was, is)
		}
	case []any:
		if is, ok := is.([]any); ok {
			return diffArrays(ops, path, was, is)
		}
	}
	if Equal(was, is) {
		return ops
	}
	return append(ops, Operation{opReplace, path, is})
}

// diffArrays keeps what is equal at both ends, and goes through the items between side by side: the usual changes, an item
// appended, put in front or changed, are one operation each.
func diffArrays(ops []Operation, path string, was, is []any) []Operation {
	first := 0
	for first < min(len(was), len(is)) && Equal(was[first], is[first]) {
		first++
	}
	kept := 0
	for kept < min(len(was), len(is))-first && Equal(was[len(was)-1-kept], is[len(is)-1-kept]) {
		kept++
	}
	was, is = was[first:len(was)-kept], is[first:len(is)-kept]
	common := min(len(was), len(is))
	for i := range common {
		ops = diffValues(ops, index(path, first+i), was[i], is[i])
	}
	for i := len(was) - 1; i >= common; i-- { // from behind: a removal moves what follows
		ops = append(ops, Operation{Op: opRemove, Path: index(path, first+i)})
	}
	for i := common; i < len(is); i++ {
		ops = append(ops, Operation{opAdd, index(path, first+i), is[i]})
	}
	return ops
}

// Equal reports whether two JSON values mean the same to the Kubernetes API.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && contains(a, b) && contains(b, a)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case json.Number:
		b, ok := b.(json.Number)
		return ok && equalNumbers(a, b)
	default:
		switch b.(type) {
		case map[string]any, []any: // not comparable
			return false
		}
		return a == b
	}
}

// contains reports whether every member of b that is not null is in a too.
func contains(a, b map[string]any) bool {
	for name, value := range b {
		if value != nil && !Equal(a[name], value) {
			return false
		}
	}
	return true
}

func equalNumbers(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, errX := a.Int64()
	y, errY := b.Int64()
	if errX == nil && errY == nil {
		return x == y
	}
	f, errF := a.Float64()
	g, errG := b.Float64()
	return errF == nil && errG == nil && f == g
}

func index(path string, i int) string { return path + "/" + strconv.Itoa(i) }

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

func escape(name string) string { return escaper.Replace(name) }
