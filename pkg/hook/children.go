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
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	kjson "sigs.k8s.io/json"

	hookapi "github.com/hookplane/hookplane/apis/hook"
)

// MaxChildren is how many children one answer may list: far more than one parent has, and few enough that an answer of nothing but
// empty objects takes no more memory than its bytes. docs/protocol.md §2.
const MaxChildren = 10_000

// compositeAnswer is a CompositeResponse whose children are counted before they are taken apart.
type compositeAnswer struct {
	hookapi.CompositeResponse
	Children childList `json:"children"`
}

type childList []json.RawMessage

var _ json.Unmarshaler = (*childList)(nil)

// UnmarshalJSON implements json.Unmarshaler.
func (l *childList) UnmarshalJSON(data []byte) error {
	return unmarshalList("children", data, (*[]json.RawMessage)(l))
}

// unmarshalList takes the list in a field of an answer apart, unless it is too long.
func unmarshalList(name string, data []byte, list *[]json.RawMessage) error {
	count := countItems(data)
	if count > MaxChildren {
		return &tooManyChildrenError{name, count}
	}
	if data[0] == '[' {
		*list = splitItems(data, count)
		return nil
	}
	err := kjson.UnmarshalCaseSensitivePreserveInts(data, list)
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		mismatch.Field = name // where the list cannot see that it is
	}
	return err
}

type tooManyChildrenError struct {
	name  string // of the list
	count int
}

func (e *tooManyChildrenError) Error() string {
	return fmt.Sprintf("%s: there are %d, and one answer may list %d: let several parents share them", e.name, e.count, MaxChildren)
}

// countItems counts the items of a JSON array without looking into them. Data is valid JSON.
func countItems(data []byte) int {
	commas, depth, empty := 0, 0, true
	for i := 0; i < len(data); i++ {
		c := data[i]
		empty = empty && (i == 0 || c <= ' ' || (c == ']' && depth == 1))
		switch {
		case c == '"':
			i = endOfString(data, i+1)
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == 1:
			commas++
		}
	}
	if empty {
		return 0
	}
	return commas + 1
}

// splitItems returns copies of the items of a JSON array without looking into them; count is how many they are. Data is valid JSON:
// to decode it again, as a list of raw messages, would cost more than all else that is done to an answer.
func splitItems(data []byte, count int) []json.RawMessage {
	data = bytes.Clone(data)
	items := make([]json.RawMessage, 0, count)
	depth, start := 0, 0
	for i := 0; i < len(data) && len(items) < count; i++ {
		c := data[i]
		switch c {
		case '"':
			i = endOfString(data, i+1)
		case '[', '{':
			if depth++; depth == 1 {
				start = i + 1
			}
		case ']', '}':
			depth--
		}
		if depth == 0 || (c == ',' && depth == 1) {
			item := bytes.TrimSpace(data[start:i])
			items = append(items, slices.Clip(item))
			start = i + 1
		}
	}
	return items
}

// endOfString returns where the quote is that ends the JSON string whose text begins at a place. It looks for what matters and at
// nothing else: most of an answer is text.
func endOfString(data []byte, at int) int {
	quote := -1
	for at < len(data) {
		if quote < at {
			next := bytes.IndexByte(data[at:], '"')
			if next < 0 {
				break
			}
			quote = at + next
		}
		backslash := bytes.IndexByte(data[at:quote], '\\')
		if backslash < 0 {
			return quote
		}
		at += backslash + 2 // whatever is escaped ends no string
	}
	return len(data)
}
