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

import "maps"

// mergeChild is the three-way merge of dynamic-apply: the observed object, without what the last applied one had and the desired
// one lacks, with all that the desired one has. docs/protocol.md §5. All three are without what a desired child may not set.
//
// Nothing is modified; the result shares memory with all three. It depends on no map's order, and merging it again, with the
// desired object as the last applied one, changes nothing.
func mergeChild(observed, last, desired map[string]any) map[string]any {
	merged := mergeObjects(observed, last, desired)
	merged["metadata"] = mergeMetadata(asObject(observed["metadata"]), asObject(last["metadata"]), asObject(desired["metadata"]))
	return merged
}

// mergeMetadata knows the members of metadata that many write to: what others added there stays, also when the hook stops
// sending the whole member.
func mergeMetadata(observed, last, desired map[string]any) map[string]any {
	merged := mergeObjects(observed, last, desired)
	for _, name := range []string{"labels", "annotations"} {
		members := mergeObjects(asObject(observed[name]), asObject(last[name]), asObject(desired[name]))
		setUnlessEmpty(merged, observed, name, members)
	}
	const owners, finalizers = "ownerReferences", "finalizers"
	setUnlessEmpty(merged, observed, owners,
		mergeKeyed("uid", asList(observed[owners]), asList(last[owners]), asList(desired[owners])))
	setUnlessEmpty(merged, observed, finalizers,
		mergeSets(asList(observed[finalizers]), asList(last[finalizers]), asList(desired[finalizers])))
	return merged
}

// setUnlessEmpty sets a member that the server does not show when it is empty.
func setUnlessEmpty[T map[string]any | []any](merged, observed map[string]any, name string, value T) {
	current, found := observed[name]
	switch {
	case len(value) > 0:
		merged[name] = any(value)
	case found && (current == nil || isZero(current)):
		merged[name] = current
	default:
		delete(merged, name)
	}
}

// mergeObjects merges the members of objects. A null member is an absent one.
func mergeObjects(observed, last, desired map[string]any) map[string]any {
	merged := maps.Clone(observed)
	if merged == nil {
		merged = make(map[string]any, len(desired))
	}
	for name, member := range last {
		if member != nil && desired[name] == nil {
			delete(merged, name)
		}
	}
	for name, want := range desired {
		if want == nil || leftOut(observed[name], last[name], want) {
			continue
		}
		merged[name] = mergeValues(observed[name], last[name], want)
	}
	return merged
}

// leftOut tells of a zero value that we set already and that the server does not show, as the built-in types do with many.
func leftOut(observed, last, desired any) bool {
	return observed == nil && last != nil && isZero(desired) && equalValues(last, desired)
}

// mergeValues merges values of which the desired one is not null. It wins where the types differ.
func mergeValues(observed, last, desired any) any {
	switch desired := desired.(type) {
	case map[string]any:
		if object, ok := observed.(map[string]any); ok {
			return mergeObjects(object, asObject(last), desired)
		}
	case []any:
		if list, ok := observed.([]any); ok {
			return mergeLists(list, asList(last), desired)
		}
	default:
		if equalScalars(observed, desired) {
			return observed // 1, where the hook says 1.0.
		}
	}
	return desired
}

// asObject returns nil when the value is none.
func asObject(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

// asList returns nil when the value is none.
func asList(value any) []any {
	list, _ := value.([]any)
	return list
}
