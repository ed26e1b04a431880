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
	"strings"
	"testing"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

func decodeValue(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := utiljson.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("cannot decode %s: %v", text, err)
	}
	return value
}

func TestEqualValues(t *testing.T) {
	tests := map[string]struct {
		a, b string
		want bool
	}{
		"IntAndFloat":       {`1`, `1.0`, true},
		"Exponent":          {`1000`, `1e3`, true},
		"Fraction":          {`0.5`, `5e-1`, true},
		"NegativeZero":      {`0`, `-0.0`, true},
		"LargeInts":         {`9007199254740993`, `9007199254740992`, false},
		"LargeIntAndFloat":  {`9223372036854775807`, `9223372036854775808`, false},
		"BeyondInt":         {`1e300`, `1.0e300`, true},
		"NumberAndString":   {`1`, `"1"`, false},
		"BoolAndString":     {`true`, `"true"`, false},
		"Bools":             {`true`, `false`, false},
		"NullAndEmpty":      {`null`, `""`, false},
		"Nulls":             {`null`, `null`, true},
		"NullMemberLeft":    {`{"a":null}`, `{}`, true},
		"NullMemberRight":   {`{}`, `{"a":null}`, true},
		"MoreMembersRight":  {`{}`, `{"a":0}`, false},
		"MoreMembersLeft":   {`{"a":0}`, `{}`, false},
		"NullItem":          {`[null]`, `[]`, false},
		"Order":             {`[1,2]`, `[2,1]`, false},
		"ObjectAndList":     {`{}`, `[]`, false},
		"ListAndObject":     {`[]`, `{}`, false},
		"ScalarAndObject":   {`1`, `{}`, false},
		"NestedDifference":  {`{"a":[{"b":1}]}`, `{"a":[{"b":2}]}`, false},
		"NestedNullMembers": {`{"a":[{"b":1,"c":null}]}`, `{"a":[{"b":1.0}]}`, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := equalValues(decodeValue(t, tc.a), decodeValue(t, tc.b)); got != tc.want {
				t.Errorf("equalValues(%s, %s): want %t, got %t", tc.a, tc.b, tc.want, got)
			}
		})
	}
}

// TestCompareObjects has what real managed fields seldom show; the rest is in testdata/.
func TestCompareObjects(t *testing.T) {
	tests := map[string]struct {
		reason            string
		desired, observed string
		applied           string
		want              string // empty: no difference
	}{
		"SetOfOthers": {
			reason:  "a set may hold more than is desired",
			desired: `{"a":["x"]}`, observed: `{"a":["y","x"]}`, applied: `{"f:a":{"v:\"x\"":{}}}`,
		},
		"SetMissing": {
			desired: `{"a":["x","z"]}`, observed: `{"a":["y","x"]}`, applied: `{"f:a":{"v:\"x\"":{}}}`,
			want: "a[1] is missing",
		},
		"SetOfObjects": {
			reason:  "an object is no member of a set of scalars",
			desired: `{"a":[{}]}`, observed: `{"a":[{}]}`, applied: `{"f:a":{"v:\"x\"":{}}}`,
			want: "a[0] is missing",
		},
		"SetValueRemoved": {
			desired: `{"a":[2]}`, observed: `{"a":[1,2]}`, applied: `{"f:a":{"v:1":{},"v:2":{}}}`,
			want: "a[1] is not wanted any more",
		},
		"SetValueUnreadable": {
			reason:  "nothing that the hook sends can be it",
			desired: `{"a":[2]}`, observed: `{"a":[2]}`, applied: `{"f:a":{"v:{":{},"v:2":{}}}`,
			want: "a[{] is not wanted any more",
		},
		"KeyUnreadable": {
			desired: `{"a":[{"b":1}]}`, observed: `{"a":[{"b":1}]}`, applied: `{"f:a":{"k:{":{}}}`,
			want: "a[{] is not wanted any more",
		},
		"KeyedItemNoObject": {
			desired: `{"a":[1]}`, observed: `{"a":[1]}`, applied: `{"f:a":{"k:{\"b\":1}":{"f:b":{}}}}`,
			want: "a[0] differs",
		},
		"KeyedItemWithoutKey": {
			desired: `{"a":[{"c":1}]}`, observed: `{"a":[{"b":1,"c":1}]}`, applied: `{"f:a":{"k:{\"b\":1}":{"f:b":{}}}}`,
			want: "a[] is missing",
		},
		"KeyedDuplicates": {
			reason:  "one observed item is not two desired ones",
			desired: `{"a":[{"b":1},{"b":1}]}`, observed: `{"a":[{"b":1},{"b":2}]}`, applied: `{"f:a":{"k:{\"b\":1}":{"f:b":{}}}}`,
			want: "a[b=1] is missing",
		},
		"KeyedMoreThanObserved": {
			desired: `{"a":[{"b":1},{"b":2}]}`, observed: `{"a":[{"b":1}]}`, applied: `{"f:a":{"k:{\"b\":1}":{"f:b":{}}}}`,
			want: "a differs",
		},
		"KeyedByBooleanAndNumber": {
			desired:  `{"a":[{"b":true,"c":1.0}]}`,
			observed: `{"a":[{"b":true,"c":1,"d":2}]}`, applied: `{"f:a":{"k:{\"b\":true,\"c\":1}":{"f:b":{},"f:c":{}}}}`,
		},
		"KeyedBooleanIsNoText": {
			desired: `{"a":[{"b":"true"}]}`, observed: `{"a":[{"b":true}]}`, applied: `{"f:a":{"k:{\"b\":true}":{"f:b":{}}}}`,
			want: "a[b=true] is missing",
		},
		"AppliedObjectDesiredScalar": {
			reason:  "of what was applied nothing is left",
			desired: `{"a":1}`, observed: `{"a":1}`, applied: `{"f:a":{"f:b":{}}}`,
			want: "a.b is not wanted any more",
		},
		"AppliedListDesiredScalar": {
			desired: `{"a":1}`, observed: `{"a":1}`, applied: `{"f:a":{"k:{\"b\":1}":{}}}`,
			want: "a[b=1] is not wanted any more",
		},
		"ObservedNull": {
			desired: `{"a":1}`, observed: `{"a":null}`, applied: `{"f:a":{}}`,
			want: "a is missing",
		},
		"ZeroNotShown": {
			desired: `{"a":0,"b":0.0,"c":false,"d":"","e":{},"f":[]}`, observed: `{}`,
			applied: `{"f:a":{},"f:b":{},"f:c":{},"f:d":{},"f:e":{},"f:f":{}}`,
		},
		"NonZeroNotShown": {
			desired: `{"a":1}`, observed: `{}`, applied: `{"f:a":{}}`,
			want: "a is missing",
		},
		"ZeroNeverApplied": {
			desired: `{"a":false}`, observed: `{}`, applied: `{"f:b":{}}`,
			want: "a is missing",
		},
		"EmptyListOfOthers": {
			desired: `{"a":[]}`, observed: `{"a":[1]}`,
			want: "a differs",
		},
		"NoCommonKey": {
			desired: `{"a":[{"name":"x"}]}`, observed: `{"a":[{"name":null,"b":1}]}`,
			want: "a[0].name is missing",
		},
		"OwnersByUID": {
			reason:   "owners of one name are told apart",
			desired:  `{"metadata":{"ownerReferences":[{"name":"x","uid":"2"}]}}`,
			observed: `{"metadata":{"ownerReferences":[{"name":"x","uid":"1"},{"name":"x","uid":"2"}]}}`,
		},
		"FinalizersOfAnotherType": {
			desired: `{"metadata":{"finalizers":"x"}}`, observed: `{"metadata":{"finalizers":["x"]}}`,
			want: "metadata.finalizers differs",
		},
		"NoMetadataObserved": {
			desired: `{"metadata":{"labels":{"a":"b"}}}`, observed: `{}`,
			want: "metadata.labels is missing",
		},
		"DeepPath": {
			desired:  strings.Repeat(`{"abcdefgh":`, 60) + `1` + strings.Repeat(`}`, 60),
			observed: strings.Repeat(`{"abcdefgh":`, 60) + `2` + strings.Repeat(`}`, 60),
			want:     strings.Repeat("abcdefgh.", 29)[:256] + "… differs",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			applied, err := parseFields(tc.applied)
			if err != nil {
				t.Fatal(err)
			}
			desired := decodeValue(t, tc.desired).(map[string]any)
			d := compareObjects(desired, decodeValue(t, tc.observed).(map[string]any), applied)
			if d == nil {
				d = removedFields(desired, applied)
			}
			var got string
			if d != nil {
				got = d.String()
			}
			if got != tc.want {
				t.Errorf("%s: want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}
