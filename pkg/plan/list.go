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
	"fmt"
	"slices"
	"strings"
)

// mergeKeys are the members that usually identify the items of a list, for lists of which nothing is known from an earlier
// apply. docs/protocol.md §5.
var mergeKeys = []string{"containerPort", "port", "mountPath", "name", "uid", "ip", "path"}

// unclaimed is the position of no item.
const unclaimed = -1

// compareLists compares the items of a desired list with those of the observed one. How the server merges the list shows in
// what we applied to it before; failing that, it is guessed from the items.
func compareLists(desired, observed []any, applied fieldSet) *difference {
	if keys := applied.keyNames(); len(keys) > 0 {
		return compareKeyed(desired, observed, keys, applied)
	}
	if len(applied.elements(valueElement)) > 0 {
		return compareSet(desired, observed)
	}
	if key := commonKey(desired, observed); key != "" {
		return compareKeyed(desired, observed, []string{key}, applied)
	}
	if len(desired) != len(observed) {
		return differs()
	}
	for i := range desired {
		if d := compareValues(desired[i], observed[i], nil, false); d != nil {
			return d.under(indexName(i))
		}
	}
	return nil
}

// compareKeyed compares a list whose items are merged by their key members. Observed items that are not desired are others',
// or removedFields finds them. The desired items must be there in the desired order: it is the order that an apply gives them,
// and for init containers and environment variables it matters.
func compareKeyed(desired, observed []any, keys []string, applied fieldSet) *difference {
	if len(desired) > len(observed) {
		return differs()
	}
	elements := applied.elements(keyElement)
	ours := claimItems(desired, appliedItems(elements), keys)
	previous := unclaimed
	for i, position := range claimItems(desired, observed, keys) {
		item, isObject := desired[i].(map[string]any)
		switch {
		case !isObject:
			return differs(indexName(i))
		case position == unclaimed:
			return &difference{path: []string{itemName(item, keys)}, what: "is missing"}
		case position < previous:
			return &difference{path: []string{itemName(item, keys)}, what: "is in another place"}
		}
		previous = position
		var below fieldSet
		known := ours[i] != unclaimed
		if known {
			below = applied[elements[ours[i]]]
		}
		if d := compareValues(item, observed[position], below, known); d != nil {
			return d.under(itemName(item, keys))
		}
	}
	return nil
}

// compareSet compares a list of which each value is one member of a set.
func compareSet(desired, observed []any) *difference {
	present := scalarSet(observed)
	for i, item := range desired {
		key, ok := scalarKey(item)
		if _, found := present[key]; !ok || !found {
			return &difference{path: []string{indexName(i)}, what: "is missing"}
		}
	}
	return nil
}

func scalarSet(list []any) map[scalar]struct{} {
	set := make(map[scalar]struct{}, len(list))
	for _, item := range list {
		if key, ok := scalarKey(item); ok {
			set[key] = struct{}{}
		}
	}
	return set
}

// commonKey returns the first of mergeKeys that all items of both lists have; empty when there is none.
func commonKey(desired, observed []any) string {
	for _, key := range mergeKeys {
		lacksKey := func(item any) bool {
			object, _ := item.(map[string]any)
			value, ok := scalarKey(object[key])
			return !ok || value.kind == 'z'
		}
		if !slices.ContainsFunc(desired, lacksKey) && !slices.ContainsFunc(observed, lacksKey) {
			return key
		}
	}
	return ""
}

// claimItems finds for each item the position in pool of the item that has the same key members, else unclaimed. No position
// is given twice. An item may lack key members that the server defaults (protocol: TCP); it takes what the items that have all
// of them leave over.
func claimItems(items, pool []any, keys []string) []int {
	claims := slices.Repeat([]int{unclaimed}, len(items))
	index := &itemIndex{keys: keys, pool: pool, claimed: make([]bool, len(pool)), positions: map[string]map[string][]int{}}
	for _, complete := range []bool{true, false} {
		for i, item := range items {
			present := presentKeys(item, keys)
			if len(present) == 0 || (len(present) == len(keys)) != complete {
				continue
			}
			claims[i] = index.claim(item, present)
		}
	}
	return claims
}

// itemIndex finds items of a list by some of their key members.
type itemIndex struct {
	keys      []string
	pool      []any
	claimed   []bool
	positions map[string]map[string][]int // names of the members → their values → positions in pool, ascending
}

func (x *itemIndex) claim(item any, names []string) int {
	kind := strings.Join(names, ",")
	if x.positions[kind] == nil {
		x.positions[kind] = x.build(names)
	}
	values := keyValues(item, names)
	for positions := x.positions[kind][values]; len(positions) > 0; positions = x.positions[kind][values] {
		position := positions[0]
		x.positions[kind][values] = positions[1:]
		if !x.claimed[position] {
			x.claimed[position] = true
			return position
		}
	}
	return unclaimed
}

func (x *itemIndex) build(names []string) map[string][]int {
	positions := make(map[string][]int, len(x.pool))
	for i, item := range x.pool {
		if len(presentKeys(item, names)) == len(names) {
			values := keyValues(item, names)
			positions[values] = append(positions[values], i)
		}
	}
	return positions
}

// presentKeys returns those of the key members that an item has.
func presentKeys(item any, keys []string) []string {
	object, _ := item.(map[string]any)
	var present []string
	for _, key := range keys {
		if value, ok := scalarKey(object[key]); ok && value.kind != 'z' {
			present = append(present, key)
		}
	}
	return present
}

// keyValues returns a text that is the same for items with equal values of these members.
func keyValues(item any, names []string) string {
	object, _ := item.(map[string]any)
	var text strings.Builder
	for _, name := range names {
		value, _ := scalarKey(object[name])
		fmt.Fprintf(&text, "%c%q", value.kind, value.text)
	}
	return text.String()
}
