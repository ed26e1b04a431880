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

package validation

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// introduced returns the errors that an update is to blame for: those that the
// old object did not have as well. So an object that was stored under older
// rules can still be changed elsewhere.
//
// Errors are matched regardless of list positions, because removing an item
// moves those behind it, and each old error excuses one new error.
func introduced(errs, old field.ErrorList) field.ErrorList {
	excused := make(map[errorKey]int, len(old))
	for _, err := range old {
		excused[keyOf(err)]++
	}
	var blamed field.ErrorList
	for _, err := range errs {
		key := keyOf(err)
		if excused[key] > 0 {
			excused[key]--
			continue
		}
		blamed = append(blamed, err)
	}
	return blamed
}

// errorKey identifies an error across two states of an object.
type errorKey struct {
	kind                 field.ErrorType
	path, value, details string
}

var listIndex = regexp.MustCompile(`\[[0-9]+\]`)

func keyOf(err *field.Error) errorKey {
	return errorKey{
		kind:    err.Type,
		path:    listIndex.ReplaceAllString(err.Field, "[]"),
		value:   fmt.Sprint(err.BadValue),
		details: err.Detail,
	}
}
