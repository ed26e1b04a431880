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

package matchconditions

import (
	"fmt"
	"strings"

	celtypes "github.com/google/cel-go/common/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// Validate checks that every expression compiles to a bool. Names, and that
// there is an expression at all, are checked by the API types.
//
// The old conditions are those of the stored object, none on create. As on the
// API server, an expression that is stored already is held to what a stored
// one may use, and to nothing when the conditions have not changed.
func (c *Compiler) Validate(conditions, old []metacontroller.MatchCondition, path *field.Path) field.ErrorList {
	stored := sets.New[metacontroller.MatchCondition](old...)
	storedExpressions := sets.New[string]()
	for _, condition := range old {
		storedExpressions.Insert(condition.Expression)
	}
	var errs field.ErrorList
	for i, condition := range conditions {
		if condition.Expression == "" || stored.Has(condition) {
			continue
		}
		path := path.Index(i).Child("expression")
		if strings.TrimSpace(condition.Expression) == "" {
			errs = append(errs, field.Required(path, "must be a CEL expression, not just blanks"))
			continue
		}
		mode := environment.NewExpressions
		if storedExpressions.Has(condition.Expression) {
			mode = environment.StoredExpressions
		}
		if result := c.Compile(condition, mode); result.Error != nil {
			errs = append(errs, toFieldError(path, condition.Expression, result.Error))
		}
	}
	return errs
}

func toFieldError(path *field.Path, expression string, err *apiservercel.Error) *field.Error {
	if err.Type == apiservercel.ErrorTypeInternal {
		return field.InternalError(path, err)
	}
	return field.Invalid(path, expression, err.Detail)
}

// maxConstant is the length up to which an expression is looked at as one that
// may be constant. Longer ones could take long to evaluate, and are no slip.
const maxConstant = 100

// Warnings tells of conditions that decide without looking at the request:
// they are legal, and hardly ever meant. It is for conditions that passed
// validation.
func (c *Compiler) Warnings(conditions []metacontroller.MatchCondition, path *field.Path) []string {
	var warnings []string
	for i, condition := range conditions {
		if len(condition.Expression) > maxConstant {
			continue
		}
		result := c.Compile(condition, environment.StoredExpressions)
		if result.Error != nil {
			continue
		}
		// Without variables, only what needs none evaluates.
		value, _, err := result.Program.Eval(map[string]any{})
		if err != nil {
			continue
		}
		effect := "so the hook is never called: use a condition on the object or the request"
		if value == celtypes.True {
			effect = "so it decides nothing: remove it"
		}
		warnings = append(warnings, fmt.Sprintf("%s: is always %v, %s", path.Index(i).Child("expression"), value, effect))
	}
	return warnings
}
