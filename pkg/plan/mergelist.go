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

// mergeLists merges lists of objects by a key that all items carry, and replaces other lists.
func mergeLists(observed, last, desired []any) []any {
	if key := mergeKey(observed, last, desired); key != "" {
		return mergeKeyed(key, observed, last, desired)
	}
	if equalValues(desired, observed) {
		return observed
	}
	// What the server added to the items, such as defaults, is no reason to write the list again.
	if len(observed) == len(desired) && equalValues(last, desired) && compareLists(desired, observed, nil) == nil {
		return observed
	}
	return desired
}

// mergeKey returns the first of mergeKeys that all items of the lists carry, each list with different values; empty when there is
// none. Two items with the same value, as the TCP and the UDP port 53 of a DNS server, could not be told apart.
func mergeKey(lists ...[]any) string {
	for _, key := range mergeKeys {
		items, usable := 0, true
		for _, list := range lists {
			items += len(list)
			usable = usable && hasKey(list, key)
		}
		if usable && items > 0 {
			return key
		}
	}
	return ""
}

// hasKey tells whether each item is an object with another scalar under key.
func hasKey(list []any, key string) bool {
	seen := make(map[scalar]struct{}, len(list))
	for _, item := range list {
		value, ok := itemKey(item, key)
		if _, again := seen[value]; again || !ok {
			return false
		}
		seen[value] = struct{}{}
	}
	return true
}

// itemKey returns what an item has under key; false when that is no scalar, or null.
func itemKey(item any, key string) (scalar, bool) {
	value, ok := scalarKey(asObject(item)[key])
	return value, ok && value.kind != 'z'
}

// mergeKeyed merges lists of objects by key. Items keep the places that they have, so that what others put between ours stays
// there; ours are in the desired order, because for init containers and environment variables it matters; new ones come last.
func mergeKeyed(key string, observed, last, desired []any) []any {
	current, before := indexItems(observed, key), indexItems(last, key)
	ours := make([]any, len(desired))
	wanted := make(map[scalar]struct{}, len(desired))
	for i, item := range desired {
		value, _ := itemKey(item, key)
		wanted[value] = struct{}{}
		ours[i] = mergeValues(current[value], before[value], item)
	}
	merged := make([]any, 0, max(len(observed), len(desired)))
	placed := 0
	for _, item := range observed {
		value, _ := itemKey(item, key)
		if _, isWanted := wanted[value]; isWanted && placed < len(ours) {
			merged = append(merged, ours[placed])
			placed++
		} else if _, was := before[value]; !was && !isWanted {
			merged = append(merged, item) // Somebody else's.
		}
	}
	return append(merged, ours[placed:]...)
}

// indexItems returns the items of a list by what they have under key.
func indexItems(list []any, key string) map[scalar]any {
	index := make(map[scalar]any, len(list))
	for _, item := range list {
		if value, ok := itemKey(item, key); ok {
			index[value] = item
		}
	}
	return index
}

// mergeSets merges lists of scalars whose order does not matter.
func mergeSets(observed, last, desired []any) []any {
	current, before, wanted := scalarSet(observed), scalarSet(last), scalarSet(desired)
	merged := make([]any, 0, len(observed)+len(desired))
	for _, item := range observed {
		value, _ := scalarKey(item)
		_, was := before[value]
		if _, isWanted := wanted[value]; isWanted || !was {
			merged = append(merged, item)
		}
	}
	for _, item := range desired {
		value, isScalar := scalarKey(item)
		if _, found := current[value]; isScalar && !found {
			merged = append(merged, item)
			current[value] = struct{}{}
		}
	}
	return merged
}
