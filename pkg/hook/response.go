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
	"reflect"
	"unicode/utf8"

	kjson "sigs.k8s.io/json"

	hookapi "github.com/hookplane/hookplane/apis/hook"
)

// Mode says what an answer may contain besides what the protocol defines.
type Mode string

const (
	// Loose ignores unknown fields, and takes the last of duplicate ones.
	Loose Mode = "loose"
	// Strict makes unknown fields of the answer an error, and duplicate fields anywhere in it. Which fields a child or a
	// status may have is for the API server to judge.
	Strict Mode = "strict"
)

// DecodeComposite decodes what a composite controller's sync or finalize hook answered. Field names are case-sensitive,
// and null means absent for every field. Every mode but Strict is Loose.
//
// In the result Status is nil or a JSON object, and every child is a JSON object: copies of the hook's own bytes, in which
// numbers are as the hook wrote them. Every answer that cannot give that is a *DecodeError that lists what is wrong.
func DecodeComposite(body []byte, mode Mode) (*hookapi.CompositeResponse, error) {
	var (
		answer compositeAnswer
		found  problems
	)
	err := decodeObject(body, &answer, mode, &found)
	response := answer.CompositeResponse
	response.Children = answer.Children
	if err == nil {
		checkAnswer(&response.Status, "children", response.Children, mode, &found)
		err = found.join()
	}
	if err != nil {
		return nil, &DecodeError{Body: Excerpt(body), Err: err}
	}
	return &response, nil
}

// decodeObject decodes a JSON object into the struct that into points to. What only Strict minds is added to found.
func decodeObject(body []byte, into any, mode Mode, found *problems) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return errors.New("it is empty, want a JSON object")
	}
	if !utf8.Valid(body) {
		return fmt.Errorf("it is not UTF-8 from byte %d on", invalidUTF8(body))
	}
	if mode == Strict {
		strict, err := kjson.UnmarshalStrict(body, into)
		if err != nil {
			return explain(err)
		}
		found.add(strict...)
	} else if err := kjson.UnmarshalCaseSensitivePreserveInts(body, into); err != nil {
		return explain(err)
	}
	if got := typeName(body); got != "object" {
		return fmt.Errorf("want a JSON object, got %s", got)
	}
	return nil
}

// checkAnswer adds to found what decoding could not judge, and makes a null status nil. The list is in that field.
func checkAnswer(status *json.RawMessage, name string, list []json.RawMessage, mode Mode, found *problems) {
	switch got := typeName(*status); got {
	case "object":
		if mode == Strict {
			checkDuplicates("status", *status, found)
		}
	case "null", "":
		*status = nil
	default:
		found.addf("status: want an object, got %s", got)
	}
	for i, item := range list {
		if got := typeName(item); got != "object" {
			found.addf("%s[%d]: want an object, got %s", name, i, got)
		} else if mode == Strict {
			checkDuplicates(fmt.Sprintf("%s[%d]", name, i), item, found)
		}
	}
}

// checkDuplicates adds the duplicate fields inside the JSON object raw, which is at path of the answer, to found.
func checkDuplicates(path string, raw json.RawMessage, found *problems) {
	var content map[string]any
	duplicates, err := kjson.UnmarshalStrict(raw, &content, kjson.DisallowDuplicateFields)
	if err != nil {
		found.addf("%s: %v", path, explain(err))
	}
	for _, err := range duplicates {
		if field, ok := errors.AsType[kjson.FieldError](err); ok {
			field.SetFieldPath(path + "." + field.FieldPath())
		}
		found.add(err)
	}
}

// explain says in a hook author's words what the JSON library found.
func explain(err error) error {
	if tooMany, ok := errors.AsType[*tooManyChildrenError](err); ok {
		return tooMany
	}
	if ok, offset := kjson.SyntaxErrorOffset(err); ok {
		return fmt.Errorf("it is not valid JSON: %w at byte %d", err, offset)
	}
	mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return fmt.Errorf("it is not valid JSON: %w", err)
	}
	field := ""
	if mismatch.Field != "" {
		field = mismatch.Field + ": "
	}
	want, known := map[reflect.Kind]string{
		reflect.Struct:  "a JSON object",
		reflect.Slice:   "an array",
		reflect.Float64: "a number in the range of a 64-bit float",
		reflect.Bool:    "true or false",
	}[mismatch.Type.Kind()]
	if !known {
		want = "a " + mismatch.Type.String()
	}
	return fmt.Errorf("%swant %s, got %s", field, want, Excerpt([]byte(mismatch.Value)))
}

// typeName returns the JSON type of a valid document, "" for an empty one.
func typeName(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8.
func invalidUTF8(body []byte) int {
	offset := 0
	for {
		r, size := utf8.DecodeRune(body[offset:])
		if r == utf8.RuneError && size <= 1 {
			return offset
		}
		offset += size
	}
}
