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

package hook

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUnmarshalList compares with what a decoder finds that looks into the items.
func TestUnmarshalList(t *testing.T) {
	for name, list := range map[string]string{
		"Empty":   `[]`,
		"Blank":   "[ \n\t ]",
		"Null":    `null`,
		"One":     `[{"a":1}]`,
		"Spaced":  "[ {\"a\" : 1 } ,\n\t{} , [ ] ]",
		"Strings": `["a,b", "[{", "\\\"],", "\\\\", "é]"]`,
		"Nested":  `[{"a":[1,{"b":[2,3]},"x,y"]},{"c":{"d":[]}}]`,
		"Others":  `[null, true, -1.5e3, "", {}]`,
	} {
		t.Run(name, func(t *testing.T) {
			var want []json.RawMessage
			if err := json.Unmarshal([]byte(list), &want); err != nil {
				t.Fatal(err)
			}
			var got []json.RawMessage
			if err := unmarshalList("children", []byte(list), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unmarshalList(%s): -want, +got:\n%s", list, diff)
			}
		})
	}
}
