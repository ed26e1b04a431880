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
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// FuzzValidate compiles any text, and evaluates what is constant. Nothing may
// panic, and what is accepted is accepted again when it is stored.
func FuzzValidate(f *testing.F) {
	for _, seed := range []string{
		``, `true`, `object.a == oldObject.b`, `"\xff" == 'a'`, `[1,2,3].all(x, x > 0) && {'a': 1}.exists(k, k == 'a')`,
		`authorizer.group('').resource('pods').check('create').allowed()`, `'a'.matches('(a*)*$')`, `1 / 0 == 1`,
		`[0,0,0,0,0,0,0,0].all(a, [0,0,0,0,0,0,0,0].all(b, [0,0,0,0,0,0,0,0].all(c, [0,0,0,0,0,0,0,0].all(d, true))))`,
		`cel.bind(a, [1, 2], a.sum() == 3)`, `has(request.options.a)`, `((((((((((`, `-9223372036854775808 == -(-9223372036854775808)`,
	} {
		f.Add(seed)
	}
	compiler, path := NewCompiler(), field.NewPath("spec", "matchConditions")
	f.Fuzz(func(t *testing.T, expression string) {
		conditions := []metacontroller.MatchCondition{{Name: "a", Expression: expression}}
		if errs := compiler.Validate(conditions, nil, path); len(errs) > 0 {
			return
		}
		compiler.Warnings(conditions, path)
		renamed := []metacontroller.MatchCondition{{Name: "b", Expression: expression}}
		if errs := compiler.Validate(renamed, conditions, path); len(errs) > 0 {
			t.Errorf("an expression is accepted, and refused when it is stored: %v", errs.ToAggregate())
		}
	})
}
