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
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/pkg/hook"
)

func TestErrorTexts(t *testing.T) {
	tests := map[string]struct {
		err  error
		want string
	}{
		"RetryAfter": {
			err:  &hook.RetryAfterError{URL: "http://a.b/sync", After: 2 * time.Second},
			want: "hook http://a.b/sync asks to be called again after 2s",
		},
		"NoAnswer": {
			err:  &hook.CallError{URL: "http://a.b/sync", Err: io.ErrUnexpectedEOF},
			want: "hook http://a.b/sync: unexpected EOF",
		},
		"Status": {
			err:  &hook.CallError{URL: "http://a.b/sync", Status: 500, Body: `say "hi"`},
			want: `hook http://a.b/sync answered 500 Internal Server Error: the answer starts with "say \"hi\""`,
		},
		"UnknownStatus": {
			err:  &hook.CallError{URL: "http://a.b/sync", Status: 599},
			want: "hook http://a.b/sync answered 599",
		},
		"Decode": {
			err:  &hook.DecodeError{Err: errors.New("it is empty")},
			want: "cannot decode the hook's answer: it is empty",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.err.Error()); diff != "" {
				t.Errorf("Error() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsUnwrap(t *testing.T) {
	for _, err := range []error{&hook.CallError{Err: io.ErrUnexpectedEOF}, &hook.DecodeError{Err: io.ErrUnexpectedEOF}} {
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%T does not unwrap to its cause", err)
		}
	}
}

func TestExcerpt(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"Empty":        {body: "", want: ""},
		"Plain":        {body: "hello", want: "hello"},
		"WhiteSpace":   {body: "\n a \r\n\t b\n", want: "a b"},
		"Control":      {body: "a\x1b[31mb\x00", want: "a\ufffd[31mb\ufffd"},
		"InvalidUTF8":  {body: "a\xffb", want: "a\ufffdb"},
		"CutAtLimit":   {body: strings.Repeat("x", 600), want: strings.Repeat("x", 512)},
		"CutAtRune":    {body: "x" + strings.Repeat("é", 400), want: "x" + strings.Repeat("é", 255)},
		"CutAtSpace":   {body: strings.Repeat("x", 511) + " y", want: strings.Repeat("x", 511)},
		"CutExploding": {body: strings.Repeat("\xff", 600), want: strings.Repeat("\ufffd", 170)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := hook.Excerpt([]byte(tc.body))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Excerpt() (-want +got):\n%s", diff)
			}
			if len(got) > hook.MaxExcerptBytes || !utf8.ValidString(got) {
				t.Errorf("Excerpt() has %d bytes, valid UTF-8: %v", len(got), utf8.ValidString(got))
			}
		})
	}
}
