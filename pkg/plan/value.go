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

import "strconv"

// Values are as k8s.io/apimachinery/pkg/util/json decodes them: nil, bool, int64, float64, string, []any, map[string]any.

// equalValues compares two values as a whole. Numbers compare by value, and an object's null member equals an absent one.
func equalValues(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && membersEqual(a, b) && onlyNullBeyond(b, a)
	case []any:
		b, ok := b.([]any)
		return ok && itemsEqual(a, b)
	default:
		return equalScalars(a, b)
	}
}

func membersEqual(a, b map[string]any) bool {
	for name, member := range a {
		if !equalValues(member, b[name]) {
			return false
		}
	}
	return true
}

// onlyNullBeyond tells whether whatever a has and b lacks is null.
func onlyNullBeyond(a, b map[string]any) bool {
	for name, member := range a {
		if _, found := b[name]; !found && member != nil {
			return false
		}
	}
	return true
}

func itemsEqual(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equalValues(a[i], b[i]) {
			return false
		}
	}
	return true
}

// equalScalars compares what is neither an object nor a list. Other types equal nothing.
func equalScalars(a, b any) bool {
	key, ok := scalarKey(a)
	other, otherOK := scalarKey(b)
	return ok && otherOK && key == other
}

// scalar is a scalar value in a form that is the same for equal values: 1, 1.0 and 1e0 are one number.
type scalar struct {
	kind byte // 'z' null, 'b' boolean, 's' string, 'n' number
	text string
}

// scalarKey returns false when the value is an object or a list.
func scalarKey(value any) (scalar, bool) {
	switch value := value.(type) {
	case nil:
		return scalar{kind: 'z'}, true
	case bool:
		return scalar{'b', strconv.FormatBool(value)}, true
	case string:
		return scalar{'s', value}, true
	case int64:
		return scalar{'n', strconv.FormatInt(value, 10)}, true
	case float64:
		return scalar{'n', formatFloat(value)}, true
	default:
		return scalar{}, false
	}
}

func formatFloat(value float64) string {
	if whole := int64(value); value > -1<<63 && value < 1<<63 && float64(whole) == value {
		return strconv.FormatInt(whole, 10)
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}

// isZero tells of a value that servers leave out of what they return: false, 0, "", {} and [].
func isZero(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return len(value) == 0
	case []any:
		return len(value) == 0
	case bool:
		return !value
	case string:
		return value == ""
	case int64:
		return value == 0
	case float64:
		return value == 0
	default:
		return false
	}
}
