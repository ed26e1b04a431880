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
)

// compareObjects returns where a desired object asks for something that the observed one does not have, or nil.
// applied is what we applied to it before.
func compareObjects(desired, observed map[string]any, applied fieldSet) *difference {
	for _, name := range slices.Sorted(maps.Keys(desired)) {
		switch name {
		case "apiVersion", "kind":
			continue // They are how the object was found.
		case "metadata":
			metadata, _ := observed[name].(map[string]any)
			if d := compareMetadata(desired[name].(map[string]any), metadata, applied[memberElement+name]); d != nil {
				return d.under(name)
			}
		default:
			if d := compareMember(name, desired[name], observed, applied); d != nil {
				return d
			}
		}
	}
	return nil
}

// compareMetadata knows the two lists of metadata, which are the same in every type.
func compareMetadata(desired, observed map[string]any, applied fieldSet) *difference {
	for _, name := range slices.Sorted(maps.Keys(desired)) {
		list, isList := desired[name].([]any)
		items, _ := observed[name].([]any)
		var d *difference
		switch {
		case name == "ownerReferences" && isList:
			d = compareKeyed(list, items, []string{"uid"}, applied[memberElement+name])
		case name == "finalizers" && isList:
			d = compareSet(list, items)
		default:
			if d := compareMember(name, desired[name], observed, applied); d != nil {
				return d
			}
		}
		if d != nil {
			return d.under(name)
		}
	}
	return nil
}

// compareMember compares one member of an object.
func compareMember(name string, desired any, observed map[string]any, applied fieldSet) *difference {
	below, known := applied[memberElement+name]
	value, found := observed[name]
	if !found || value == nil {
		if known && isZero(desired) {
			return nil // We set it, nobody removed it since, and the server does not show zero values.
		}
		return &difference{path: []string{name}, what: "is missing"}
	}
	if d := compareValues(desired, value, below, known); d != nil {
		return d.under(name)
	}
	return nil
}

// compareValues compares a desired value with the observed one. below is what lies below it of what we applied, known whether
// it was applied at all.
func compareValues(desired, observed any, below fieldSet, known bool) *difference {
	switch desired := desired.(type) {
	case map[string]any:
		object, ok := observed.(map[string]any)
		if !ok || isWhole(below, known) {
			return compareWhole(desired, observed)
		}
		for _, name := range slices.Sorted(maps.Keys(desired)) {
			if d := compareMember(name, desired[name], object, below); d != nil {
				return d
			}
		}
		return nil
	case []any:
		list, ok := observed.([]any)
		if !ok || isWhole(below, known) {
			return compareWhole(desired, observed)
		}
		return compareLists(desired, list, below)
	default:
		return compareWhole(desired, observed)
	}
}

// compareWhole compares scalars, and what server-side apply replaces as a whole: there, something that only the observed value
// has may be what the hook stopped sending.
func compareWhole(desired, observed any) *difference {
	if equalValues(desired, observed) {
		return nil
	}
	return differs()
}
