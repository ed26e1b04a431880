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

package jsonpatch

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

func encode(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// apply applies the operations as kube-apiserver does.
func apply(t testing.TB, before string, ops []Operation) string {
	t.Helper()
	patch, err := jsonpatch.DecodePatch([]byte(encode(t, ops)))
	if err != nil {
		t.Fatalf("the patch %s cannot be read: %v", encode(t, ops), err)
	}
	after, err := patch.Apply([]byte(before))
	if err != nil {
		t.Fatalf("the patch %s does not apply to %s: %v", encode(t, ops), before, err)
	}
	return string(after)
}

func TestDiff(t *testing.T) {
	for name, tc := range map[string]struct{ before, after, want string }{
		"Equal":          {`{"a":{"b":[1,{"c":true}]}}`, `{"a":{"b":[1,{"c":true}]}}`, `null`},
		"MemberAdded":    {`{"a":{}}`, `{"a":{"b":1}}`, `[{"op":"add","path":"/a/b","value":1}]`},
		"TreeAdded":      {`{}`, `{"a":{"b":1}}`, `[{"op":"add","path":"/a","value":{"b":1}}]`},
		"MemberRemoved":  {`{"a":1,"b":2}`, `{"b":2}`, `[{"op":"remove","path":"/a"}]`},
		"MemberReplaced": {`{"a":{"b":"x"}}`, `{"a":{"b":"y"}}`, `[{"op":"replace","path":"/a/b","value":"y"}]`},
		"TypeChanged":    {`{"a":{"b":"x"}}`, `{"a":["x"]}`, `[{"op":"replace","path":"/a","value":["x"]}]`},
		"NullIsMissing":  {`{"a":null,"b":1}`, `{"b":1,"c":null}`, `null`},
		"NullReplaced":   {`{"a":null}`, `{"a":1}`, `[{"op":"add","path":"/a","value":1}]`},
		"NullRemoves":    {`{"a":1}`, `{"a":null}`, `[{"op":"remove","path":"/a"}]`},
		"NullInside":     {`{"a":[{"b":null}]}`, `{"a":[{}]}`, `null`},
		"SameNumber":     {`{"a":1,"b":10.0,"c":1e2}`, `{"a":1.0,"b":10,"c":100}`, `null`},
		"LargeNumbers":   {`{"a":9007199254740993}`, `{"a":9007199254740992}`, `[{"op":"replace","path":"/a","value":9007199254740992}]`},
		"HugeExponent":   {`{"a":1e999999999}`, `{"a":1e999999998}`, `[{"op":"replace","path":"/a","value":1e999999998}]`},
		"Escaped":        {`{"a":{}}`, `{"a":{"x/y~z":"1"}}`, `[{"op":"add","path":"/a/x~1y~0z","value":"1"}]`},
		"ItemAppended":   {`{"a":[1,2]}`, `{"a":[1,2,3]}`, `[{"op":"add","path":"/a/2","value":3}]`},
		"ItemInFront":    {`{"a":[1,2]}`, `{"a":[0,1,2]}`, `[{"op":"add","path":"/a/0","value":0}]`},
		"ItemRemoved":    {`{"a":[1,2,3]}`, `{"a":[1,3]}`, `[{"op":"remove","path":"/a/1"}]`},
		"ItemsRemoved":   {`{"a":[1,2,3,4]}`, `{"a":[4]}`, `[{"op":"remove","path":"/a/2"},{"op":"remove","path":"/a/1"},{"op":"remove","path":"/a/0"}]`},
		"ItemChanged":    {`{"a":[{"n":"x","i":"1"},{"n":"y"}]}`, `{"a":[{"n":"x","i":"2"},{"n":"y"}]}`, `[{"op":"replace","path":"/a/0/i","value":"2"}]`},
		"NullItem":       {`{"a":[1]}`, `{"a":[1,null]}`, `[{"op":"add","path":"/a/1","value":null}]`},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := decode(t, tc.before), decode(t, tc.after)
			got := Diff(before, after)
			if diff := cmp.Diff(tc.want, encode(t, got)); diff != "" {
				t.Errorf("Diff(%s, %s): -want, +got:\n%s", tc.before, tc.after, diff)
			}
			if patched := decode(t, apply(t, tc.before, got)); !Equal(patched, after) {
				t.Errorf("the patch makes %v, want %v", patched, after)
			}
		})
	}
}

func FuzzDiff(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":null}],"c":{"d":"e"}}`), []byte(`{"a":[0,1,2,{"b":3}],"c":{}}`))
	f.Add([]byte(`{"":[[]],"/":{}}`), []byte(`{"":[[],[1]],"~":{"/":0}}`))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		var check map[string]any
		if json.Unmarshal(before, &check) != nil || check == nil || json.Unmarshal(after, &check) != nil {
			t.Skip("not two objects")
		}
		from, to := decode(t, string(before)), decode(t, string(after))
		ops := Diff(from, to)
		if patched := decode(t, apply(t, encode(t, from), ops)); len(ops) > 0 && !Equal(patched, to) {
			t.Errorf("from %s, the patch %s makes %s, want %s", before, encode(t, ops), encode(t, patched), after)
		}
	})
}
