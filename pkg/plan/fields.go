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
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// fieldSet is a set of fields as the managedFields of an object record it (FieldsV1). Its members are path elements:
//
//	f:<name>    the member of an object
//	k:{<keys>}  the item of a list that has these members
//	v:<value>   the item of a list that equals this value
//	i:<index>   the item of a list at this position (no apply records one)
//	.           the object or item itself
//
// An element with nothing below it is set as a whole: a scalar, something empty, or an object or list that server-side apply
// replaces as a whole (atomic). A nil fieldSet is one of which nothing is known.
type fieldSet map[string]fieldSet

// Kinds of path elements.
const (
	memberElement = "f:"
	keyElement    = "k:"
	valueElement  = "v:"
)

// parseFields reads FieldsV1 JSON; nil when the text is empty.
func parseFields(text string) (fieldSet, error) {
	if text == "" {
		return nil, nil
	}
	var set fieldSet
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, fmt.Errorf("cannot read the fields applied to it: %w", err)
	}
	return set, nil
}

// isWhole tells of a field that was applied as a whole. set is what lies below it, known whether it was applied at all.
func isWhole(set fieldSet, known bool) bool {
	return known && len(set) == 0
}

// elements returns the elements of one kind, sorted.
func (s fieldSet) elements(kind string) []string {
	var elements []string
	for _, element := range slices.Sorted(maps.Keys(s)) {
		if strings.HasPrefix(element, kind) {
			elements = append(elements, element)
		}
	}
	return elements
}

// removedFields returns a field that was applied and that the desired value lacks, or nil.
func removedFields(desired any, applied fieldSet) *difference {
	if removed := removedItems(desired, applied); removed != nil {
		return removed
	}
	for _, element := range slices.Sorted(maps.Keys(applied)) {
		name, isMember := strings.CutPrefix(element, memberElement)
		if !isMember {
			continue // removedItems looks at items, and the element "." stands for what was found on the way here.
		}
		object, _ := desired.(map[string]any)
		member, found := object[name]
		if !found {
			return &difference{path: []string{name}, what: "is not wanted any more"}
		}
		if removed := removedFields(member, applied[element]); removed != nil {
			return removed.under(name)
		}
	}
	return nil
}

// removedItems is removedFields for the elements that are items of a list.
func removedItems(desired any, applied fieldSet) *difference {
	list, _ := desired.([]any)
	if values := applied.elements(valueElement); len(values) > 0 {
		if removed := removedValues(list, values); removed != nil {
			return removed
		}
	}
	elements := applied.elements(keyElement)
	if len(elements) == 0 {
		return nil
	}
	claims := claimItems(list, appliedItems(elements), applied.keyNames())
	claimed := make([]bool, len(elements))
	for i, element := range claims {
		if element == unclaimed {
			continue
		}
		claimed[element] = true
		if removed := removedFields(list[i], applied[elements[element]]); removed != nil {
			return removed.under(elementName(elements[element]))
		}
	}
	if i := slices.Index(claimed, false); i >= 0 {
		return &difference{path: []string{elementName(elements[i])}, what: "is not wanted any more"}
	}
	return nil
}

// removedValues returns an applied value of a set that the desired set lacks.
func removedValues(desired []any, elements []string) *difference {
	wanted := scalarSet(desired)
	for _, element := range elements {
		var value any
		err := utiljson.Unmarshal([]byte(element[len(valueElement):]), &value)
		key, isScalar := scalarKey(value)
		if _, found := wanted[key]; !found || !isScalar || err != nil {
			return &difference{path: []string{elementName(element)}, what: "is not wanted any more"}
		}
	}
	return nil
}

// keyNames returns the members that identify the items of a list, sorted; nil when the list is none that was merged by key.
func (s fieldSet) keyNames() []string {
	elements := s.elements(keyElement)
	if len(elements) == 0 {
		return nil
	}
	item, _ := appliedItems(elements[:1])[0].(map[string]any)
	return slices.Sorted(maps.Keys(item))
}

// appliedItems returns the key members of each item that was applied to a list.
func appliedItems(elements []string) []any {
	items := make([]any, len(elements))
	for i, element := range elements {
		var item map[string]any
		if err := utiljson.Unmarshal([]byte(element[len(keyElement):]), &item); err == nil {
			items[i] = item
		}
	}
	return items
}

// elementName renders an item's element for a path: [name=solr].
func elementName(element string) string {
	var item map[string]any
	key, isKey := strings.CutPrefix(element, keyElement)
	if !isKey || utiljson.Unmarshal([]byte(key), &item) != nil {
		return "[" + element[len(valueElement):] + "]"
	}
	return itemName(item, slices.Sorted(maps.Keys(item)))
}

// itemName renders an item of a list by its key members.
func itemName(item map[string]any, keys []string) string {
	var parts []string
	for _, key := range keys {
		if value, ok := scalarKey(item[key]); ok && item[key] != nil {
			parts = append(parts, key+"="+value.text)
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// indexName renders an item of a list by its position.
func indexName(index int) string {
	return "[" + strconv.Itoa(index) + "]"
}
