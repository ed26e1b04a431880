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
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// appliedPart returns what of an observed value server-side apply was told: the members and items in the set, as they are now.
// It stands for the last applied configuration of a child that dynamic-apply has no record of.
func appliedPart(observed any, set fieldSet) any {
	if len(set) == 0 {
		return observed
	}
	switch observed := observed.(type) {
	case map[string]any:
		part := make(map[string]any, len(set))
		for element, below := range set {
			name, isMember := strings.CutPrefix(element, memberElement)
			if member, found := observed[name]; isMember && found {
				part[name] = appliedPart(member, below)
			}
		}
		return part
	case []any:
		return appliedItemsOf(observed, set)
	default:
		return observed
	}
}

// appliedItemsOf returns the items of a list that are in the set, in the order of the list.
func appliedItemsOf(list []any, set fieldSet) []any {
	elements := set.elements(keyElement)
	claims := claimItems(list, appliedItems(elements), set.keyNames())
	values := appliedValues(set)
	var part []any
	for i, item := range list {
		value, isScalar := scalarKey(item)
		_, isApplied := values[value]
		switch {
		case claims[i] != unclaimed:
			part = append(part, appliedPart(item, set[elements[claims[i]]]))
		case isScalar && isApplied:
			part = append(part, item)
		}
	}
	return part
}

// appliedValues returns the values of a set that were applied.
func appliedValues(set fieldSet) map[scalar]struct{} {
	elements := set.elements(valueElement)
	values := make([]any, 0, len(elements))
	for _, element := range elements {
		var value any
		if err := utiljson.Unmarshal([]byte(element[len(valueElement):]), &value); err == nil {
			values = append(values, value)
		}
	}
	return scalarSet(slices.Clip(values))
}
