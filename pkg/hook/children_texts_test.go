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

package hook_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/pkg/hook"
)

// TestDecodeCompositeTexts has children whose texts look like the ends of texts, children and lists.
func TestDecodeCompositeTexts(t *testing.T) {
	for name, list := range map[string]string{
		"None":           `[]`,
		"Space":          " [\n ] ",
		"Nothing":        `[{}]`,
		"EmptyText":      `[{"a":""},{"":""}]`,
		"Quote":          `[{"a":"\""},{"b":"\"\""}]`,
		"Backslash":      `[{"a":"\\"},{"b":"\\\\"}]`,
		"BackslashQuote": `[{"a":"\\\""},{"b":"x\\\"y\\"},{"c":1}]`,
		"Unicode":        `[{"a":"\u0022,\u005c"},{"é":"é\n"}]`,
		"Brackets":       `[{"a":"]}[{,"},{"b":["],","{"],"c":{"d":"}"}}]`,
		"Spaced":         "[ {\"a\" : \"b\"} ,\n\t{ } ]",
	} {
		t.Run(name, func(t *testing.T) {
			var want []json.RawMessage
			if err := json.Unmarshal([]byte(list), &want); err != nil {
				t.Fatal(err)
			}
			response, err := hook.DecodeComposite([]byte(`{"children":`+list+`}`), hook.Loose)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, response.Children); diff != "" {
				t.Errorf("children (-want +got):\n%s", diff)
			}
		})
	}
}
