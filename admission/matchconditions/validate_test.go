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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

func TestCompilerValidate(t *testing.T) {
	const at = `spec.matchConditions[0].expression: `
	cases := map[string]struct {
		reason     string
		expression string
		want       []string
	}{
		"Object":     {expression: `has(object.metadata.annotations) && 'a' in object.metadata.annotations`},
		"OldObject":  {expression: `oldObject == null`},
		"Request":    {expression: `request.namespace.startsWith('shop-') && !request.userInfo.username.startsWith('system:')`},
		"Authorizer": {expression: `authorizer.group('').resource('pods').namespace('a').check('create').allowed()`},
		"Resource":   {expression: `authorizer.requestResource.check('create').allowed()`},
		"Namespace":  {expression: `namespaceObject.metadata.name == 'a'`},
		"Blanks":     {expression: "  true\n", reason: "blanks around an expression mean nothing"},
		"Libraries":  {expression: `quantity('1Gi').isGreaterThan(quantity('1Mi')) && 'a'.find('[a-z]') == 'a' && [1, 2].sum() == 3`},
		"Empty":      {expression: "", reason: "the API types refuse it already"},
		"OnlyBlanks": {expression: " ", want: []string{at + `Required value: must be a CEL expression, not just blanks`}},
		"Syntax": {
			expression: `object.`,
			want:       []string{at + `Invalid value: "object.": compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input '.'`},
		},
		"NoBool": {
			expression: `request.name`,
			want:       []string{at + `Invalid value: "request.name": must evaluate to bool but got string`},
		},
		"Dynamic": {
			expression: `object.spec.enabled`,
			reason:     "what may be a bool at run time is no bool",
			want:       []string{at + `Invalid value: "object.spec.enabled": must evaluate to bool but got dyn`},
		},
		"UnknownVariable": {
			expression: `self.a == 1`,
			want:       []string{at + `Invalid value: "self.a == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'self' (in container '')`},
		},
		"UnknownField": {
			expression: `request.user == 'me'`,
			want:       []string{at + `Invalid value: "request.user == 'me'": compilation failed: ERROR: <input>:1:8: undefined field 'user'`},
		},
		"Params": {
			expression: `params.a == 1`,
			reason:     "match conditions have no parameters",
			want:       []string{at + `Invalid value: "params.a == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')`},
		},
		"TooDeep": {
			expression: strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300),
			reason:     "an expression cannot exhaust the stack",
			want:       []string{at + `Invalid value: "` + strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300) + `": compilation failed: ERROR: <input>:-1:0: expression recursion limit exceeded: 250`},
		},
	}
	compiler := NewCompiler()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Log(tc.reason)
			conditions := []metacontroller.MatchCondition{{Name: "a", Expression: tc.expression}}
			got := firstLines(compiler.Validate(conditions, nil, field.NewPath("spec", "matchConditions")))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// firstLines leaves out the excerpts that point at columns.
func firstLines(errs field.ErrorList) []string {
	var messages []string
	for _, err := range errs {
		message, _, _ := strings.Cut(err.Error(), "\n")
		messages = append(messages, message)
	}
	return messages
}

func TestCompilerValidateUpdate(t *testing.T) {
	bad := metacontroller.MatchCondition{Name: "a", Expression: "1"}
	const message = `: Invalid value: "1": must evaluate to bool but got int`
	cases := map[string]struct {
		reason   string
		old, new []metacontroller.MatchCondition
		want     []string
	}{
		"Unchanged": {
			old: []metacontroller.MatchCondition{bad},
			new: []metacontroller.MatchCondition{{Name: "b", Expression: "true"}, bad},
		},
		"Introduced": {
			old:  []metacontroller.MatchCondition{{Name: "a", Expression: "true"}},
			new:  []metacontroller.MatchCondition{bad},
			want: []string{`spec.matchConditions[0].expression` + message},
		},
		"Copied": {
			reason: "a wrong expression under another name is a new condition",
			old:    []metacontroller.MatchCondition{bad},
			new:    []metacontroller.MatchCondition{bad, {Name: "b", Expression: "1"}},
			want:   []string{`spec.matchConditions[1].expression` + message},
		},
	}
	compiler := NewCompiler()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Log(tc.reason)
			got := firstLines(compiler.Validate(tc.new, tc.old, field.NewPath("spec", "matchConditions")))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCompilerWarnings(t *testing.T) {
	var conditions []metacontroller.MatchCondition
	for _, expression := range []string{"true", "1 > 2", "object.a == 1", "object.a == 1 || true", "has(object.a)", "broken(", strings.Repeat("true && ", 20) + "true"} {
		conditions = append(conditions, metacontroller.MatchCondition{Expression: expression})
	}
	want := []string{
		"spec.matchConditions[0].expression: is always true, so it decides nothing: remove it",
		"spec.matchConditions[1].expression: is always false, so the hook is never called: use a condition on the object or the request",
		"spec.matchConditions[3].expression: is always true, so it decides nothing: remove it",
	}
	if diff := cmp.Diff(want, NewCompiler().Warnings(conditions, field.NewPath("spec", "matchConditions"))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
