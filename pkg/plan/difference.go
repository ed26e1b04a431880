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

package plan

import (
	"maps"
	"slices"
	"strings"
)

// maxReason is how many bytes of a path a reason shows.
const maxReason = 256

// difference is the first place found where an observed child is not as desired.
type difference struct {
	path []string // from the inside out
	what string
}

func differs(path ...string) *difference {
	return &difference{path: path, what: "differs"}
}

// under returns the difference as seen from one level further out.
func (d *difference) under(element string) *difference {
	d.path = append(d.path, element)
	return d
}

// String is like "spec.containers[name=solr].image differs". It has no values: they may be secrets.
func (d *difference) String() string {
	var path strings.Builder
	for _, element := range slices.Backward(d.path) {
		if path.Len() > 0 && !strings.HasPrefix(element, "[") {
			path.WriteByte('.')
		}
		path.WriteString(element)
		if path.Len() > maxReason {
			break
		}
	}
	text := path.String()
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text + " " + d.what
}

// firstDifference returns where two objects differ, or nil where they do not.
func firstDifference(desired, observed map[string]any) *difference {
	for _, name := range slices.Sorted(maps.Keys(desired)) {
		member, found := observed[name]
		switch {
		case equalValues(desired[name], member):
		case !found:
			return &difference{path: []string{name}, what: "is missing"}
		default:
			return differenceOf(desired[name], member).under(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(observed)) {
		if desired[name] == nil && observed[name] != nil {
			return &difference{path: []string{name}, what: "is not wanted any more"}
		}
	}
	return nil
}

// differenceOf returns where two values differ that do.
func differenceOf(desired, observed any) *difference {
	object, list := asObject(desired), asList(desired)
	if object != nil && asObject(observed) != nil {
		return firstDifference(object, asObject(observed))
	}
	others := asList(observed)
	if len(list) != len(others) || len(list) == 0 {
		return differs()
	}
	for i := range list {
		if !equalValues(list[i], others[i]) {
			return differenceOf(list[i], others[i]).under(describeItem(list[i], i))
		}
	}
	return differs()
}

// describeItem names an item of a list by the first of the usual keys, else by its position.
func describeItem(item any, index int) string {
	for _, key := range mergeKeys {
		if _, ok := itemKey(item, key); ok {
			return itemName(asObject(item), []string{key})
		}
	}
	return indexName(index)
}
