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
	"errors"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	kjson "sigs.k8s.io/json"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/hook"
)

func TestDecodeComposite(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	tests := map[string]struct {
		body string
		mode hook.Mode
		want *hookapi.CompositeResponse
	}{
		"Empty":            {body: `{}`, want: &hookapi.CompositeResponse{}},
		"EmptyStrict":      {body: `{}`, mode: hook.Strict, want: &hookapi.CompositeResponse{}},
		"NullFields":       {body: `{"status":null,"children":null,"resyncAfterSeconds":null,"finalized":null}`, mode: hook.Strict, want: &hookapi.CompositeResponse{}},
		"WhiteSpaceAround": {body: " \n{}\r\n\t", mode: hook.Strict, want: &hookapi.CompositeResponse{}},
		"EmptyChildren":    {body: `{"children":[]}`, want: &hookapi.CompositeResponse{Children: []json.RawMessage{}}},
		"Full": {
			body: `{"status":{"n":9007199254740993},"children":[{"a":1}, {"b":[2]}],"resyncAfterSeconds":1.5,"finalized":true}`,
			mode: hook.Strict,
			want: &hookapi.CompositeResponse{
				Status:             raw(`{"n":9007199254740993}`),
				Children:           []json.RawMessage{raw(`{"a":1}`), raw(`{"b":[2]}`)},
				ResyncAfterSeconds: 1.5,
				Finalized:          true,
			},
		},
		"LooseIgnoresUnknown": {body: `{"attachments":[null],"Status":7,"STATUS":7}`, want: &hookapi.CompositeResponse{}},
		"LooseTakesLast":      {body: `{"finalized":true,"finalized":false,"resyncAfterSeconds":1,"resyncAfterSeconds":2}`, want: &hookapi.CompositeResponse{ResyncAfterSeconds: 2}},
		"UnknownModeIsLoose":  {body: `{"x":1}`, mode: "other", want: &hookapi.CompositeResponse{}},
		"NegativeResync":      {body: `{"resyncAfterSeconds":-3}`, want: &hookapi.CompositeResponse{ResyncAfterSeconds: -3}},
		"StrictLeavesChildFieldsToServer": {
			body: `{"children":[{"unheardOf":1}]}`,
			mode: hook.Strict,
			want: &hookapi.CompositeResponse{Children: []json.RawMessage{raw(`{"unheardOf":1}`)}},
		},
		"LooseIgnoresDuplicatesInChild": {
			body: `{"children":[{"a":1,"a":2}]}`,
			want: &hookapi.CompositeResponse{Children: []json.RawMessage{raw(`{"a":1,"a":2}`)}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := hook.DecodeComposite([]byte(tc.body), tc.mode)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("DecodeComposite() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeCompositeRefuses(t *testing.T) {
	tests := map[string]struct {
		body string
		mode hook.Mode
		want []string // parts of the message
	}{
		"EmptyBody":         {body: "", want: []string{"is empty, want a JSON object"}},
		"OnlyWhiteSpace":    {body: " \n", want: []string{"is empty, want a JSON object"}},
		"Null":              {body: "null", want: []string{"want a JSON object, got null", `starts with "null"`}},
		"NullStrict":        {body: "null", mode: hook.Strict, want: []string{"want a JSON object, got null"}},
		"List":              {body: `[{}]`, want: []string{"want a JSON object, got array", `starts with "[{}]"`}},
		"String":            {body: `"ok"`, want: []string{"want a JSON object, got string"}},
		"Number":            {body: `7`, want: []string{"want a JSON object, got number"}},
		"HTML":              {body: "<html>\n<b>hi</b>", want: []string{"not valid JSON", "invalid character '<'", "at byte 1", `starts with "<html> <b>hi</b>"`}},
		"Truncated":         {body: `{"children":[{`, want: []string{"not valid JSON: unexpected end of JSON input"}},
		"TrailingGarbage":   {body: `{} {}`, want: []string{"invalid character '{' after top-level value"}},
		"InvalidUTF8":       {body: "{\"status\":{\"a\":\"\xff\"}}", want: []string{"not UTF-8 from byte 16 on"}},
		"TooDeep":           {body: `{"children":[` + strings.Repeat("[", 20000), want: []string{"exceeded max depth"}},
		"StatusString":      {body: `{"status":"ready"}`, want: []string{"status: want an object, got string"}},
		"StatusList":        {body: `{"status":[]}`, want: []string{"status: want an object, got array"}},
		"StatusBoolean":     {body: `{"status":false}`, want: []string{"status: want an object, got boolean"}},
		"ChildrenObject":    {body: `{"children":{"a":{}}}`, want: []string{"children: want an array, got object"}},
		"ChildNull":         {body: `{"children":[{},null]}`, want: []string{"children[1]: want an object, got null"}},
		"ChildNumber":       {body: `{"children":[1]}`, want: []string{"children[0]: want an object, got number"}},
		"EveryBadChild":     {body: `{"status":1,"children":[null,"x",{}]}`, want: []string{"status: want", "children[0]: want an object, got null; children[1]: want an object, got string"}},
		"ResyncString":      {body: `{"resyncAfterSeconds":"5"}`, want: []string{"resyncAfterSeconds: want a number", "got string"}},
		"ResyncHuge":        {body: `{"resyncAfterSeconds":1e999}`, want: []string{"resyncAfterSeconds: want a number in the range of a 64-bit float, got number 1e999"}},
		"ResyncNaN":         {body: `{"resyncAfterSeconds":NaN}`, want: []string{"not valid JSON"}},
		"FinalizedString":   {body: `{"finalized":"yes"}`, want: []string{"finalized: want true or false, got string"}},
		"StrictUnknown":     {body: `{"attachments":[],"Status":{}}`, mode: hook.Strict, want: []string{`unknown field "attachments"; unknown field "Status"`}},
		"StrictDuplicate":   {body: `{"status":{},"status":{}}`, mode: hook.Strict, want: []string{`duplicate field "status"`}},
		"StrictNested":      {body: `{"status":{"a":1,"a":1},"children":[{},{"spec":{"b":1,"b":1}}]}`, mode: hook.Strict, want: []string{`duplicate field "status.a"; duplicate field "children[1].spec.b"`}},
		"StrictOuterInner":  {body: `{"x":1,"status":7}`, mode: hook.Strict, want: []string{`unknown field "x"; status: want an object, got number`}},
		"StrictHugeInChild": {body: `{"children":[{"n":1e999}]}`, mode: hook.Strict, want: []string{"children[0]: want a number in the range of a 64-bit float"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := hook.DecodeComposite([]byte(tc.body), tc.mode)
			if got != nil {
				t.Errorf("DecodeComposite() = %v, want nil with an error", got)
			}
			if _, ok := errors.AsType[*hook.DecodeError](err); !ok {
				t.Fatalf("error is a %T, want *hook.DecodeError: %v", err, err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

// An answer must not decide how long the message about it gets.
func TestDecodeCompositeBoundsError(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	tests := map[string]string{
		"ManyBadChildren": `{"children":[` + strings.Repeat("null,", 10000) + `null]}`,
		"LongField":       `{"` + long + `":1}`,
		"LongDuplicate":   `{"status":{"` + long + `":1,"` + long + `":2}}`,
		"LongNumber":      `{"resyncAfterSeconds":1` + strings.Repeat("0", 1<<20) + `}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := hook.DecodeComposite([]byte(body), hook.Strict)
			if err == nil {
				t.Fatal("DecodeComposite() succeeded, want an error")
			}
			if limit := 12 * hook.MaxExcerptBytes; len(err.Error()) > limit {
				t.Errorf("message has %d bytes, want at most %d", len(err.Error()), limit)
			}
		})
	}
}

// What decodes must keep the promises that the planner relies on, and no input may panic.
func FuzzDecodeComposite(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"children":[null]}`, `{"children":null,"status":null}`,
		`{"status":{"conditions":[{"type":"Available","status":"True"}]},"children":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}]}`,
		`{"resyncAfterSeconds":-1e308}`, `{"resyncAfterSeconds":1e999}`, `{"finalized":true,"finalized":"x"}`,
		`{"children":[{"a":{"b":[1,2.5,99999999999999999999,{"c":null,"c":1}]}}]} x`, "{\"status\":{\"a\":\"\xc3\x28\"}}", "\ufeff{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, mode := range []hook.Mode{hook.Loose, hook.Strict} {
			response, err := hook.DecodeComposite(body, mode)
			if err != nil {
				if !utf8.ValidString(err.Error()) || len(err.Error()) > 12*hook.MaxExcerptBytes {
					t.Errorf("unfit message %q", err)
				}
				continue
			}
			for _, raw := range append(response.Children, response.Status) {
				var object map[string]any
				if raw != nil && kjson.UnmarshalCaseSensitivePreserveInts(raw, &object) != nil && mode == hook.Strict {
					t.Errorf("%s is no decodable object", raw)
				}
			}
			if after := response.ResyncAfter(); after < 0 || after > hookapi.MaxResyncAfter {
				t.Errorf("ResyncAfter() = %s", after)
			}
			if again, err := json.Marshal(response); err != nil {
				t.Errorf("answer does not marshal again: %v", err)
			} else if _, err := hook.DecodeComposite(again, mode); err != nil {
				t.Errorf("answer does not survive a round trip: %v", err)
			}
		}
	})
}

func BenchmarkDecodeComposite(b *testing.B) {
	child := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"text":"` + strings.Repeat("x", 1000) + `"}}`
	body := []byte(`{"status":{"ready":true},"children":[` + child + "," + child + "," + child + `]}`)
	for _, mode := range []hook.Mode{hook.Loose, hook.Strict} {
		b.Run(string(mode), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := hook.DecodeComposite(body, mode); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestDecodeCompositeManyChildren lists as many children as it may, one more, and as many as an answer can hold.
func TestDecodeCompositeManyChildren(t *testing.T) {
	answer := func(child string, count int) []byte {
		return []byte(`{"children":[` + strings.TrimSuffix(strings.Repeat(child+",", count), ",") + `]}`)
	}
	const tricky = `{"a":[1,2,"],\"\\"],"b":{}}`
	for name, tc := range map[string]struct {
		body []byte
		want string
	}{
		"Most":        {body: answer(tricky, hook.MaxChildren)},
		"OneMore":     {body: answer(tricky, hook.MaxChildren+1), want: "children: there are 10001, and one answer may list 10000"},
		"Millions":    {body: answer("{}", 10_000_000), want: "children: there are 10000000"},
		"NullsAsWell": {body: answer("null", 1_000_000), want: "children: there are 1000000"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := hook.DecodeComposite(tc.body, hook.Strict)
			runtime.ReadMemStats(&after)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("want error %q, got %v", tc.want, err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; tc.want != "" && used > 1<<20 {
				t.Errorf("an answer that is refused took %d bytes", used)
			}
		})
	}
}
