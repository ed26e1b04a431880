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

package objects

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestValueReaderNext(t *testing.T) {
	cases := map[string]struct {
		stream  string
		want    []string
		wantErr error
	}{
		"Empty":          {"", nil, io.EOF},
		"Lines":          {"{\"a\":1}\n{\"b\":2}\n", []string{`{"a":1}`, `{"b":2}`}, io.EOF},
		"WithoutLines":   {`{"a":{}}{"b":[]}`, []string{`{"a":{}}`, `{"b":[]}`}, io.EOF},
		"BracesInString": {`{"a":"}{\"]"}{}`, []string{`{"a":"}{\"]"}`, `{}`}, io.EOF},
		"Escapes":        {`{"a\\":"\\"} "x\"y" `, []string{`{"a\\":"\\"}`, `"x\"y"`}, io.EOF},
		"Cut":            {`{} {"a":`, []string{`{}`}, io.ErrUnexpectedEOF},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, stream := range []io.Reader{strings.NewReader(tc.stream), iotest.OneByteReader(strings.NewReader(tc.stream))} {
				var got []string
				values := newValueReader(stream)
				value, err := values.next()
				for ; err == nil; value, err = values.next() {
					got = append(got, string(value))
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("values: -want +got:\n%s", diff)
				}
				if !errors.Is(err, tc.wantErr) {
					t.Errorf("end: got %v, want %v", err, tc.wantErr)
				}
			}
		})
	}
}

func TestValueReaderNextIsBounded(t *testing.T) {
	values := newValueReader(strings.NewReader(`"` + strings.Repeat("0", 1<<20)))
	values.limit = 1 << 10
	if _, err := values.next(); err == nil || !strings.Contains(err.Error(), "larger than 1024 bytes") {
		t.Errorf("next: got %v, want an error about the size", err)
	}
}

func TestValueReaderList(t *testing.T) {
	cases := map[string]struct {
		body     string
		want     []string
		wantMeta metav1.ListMeta
		wantErr  string
	}{
		"Usual": {
			body: `{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"c"},"items":[{"a":1},{"b":"]"}]}`,
			want: []string{`{"a":1}`, `{"b":"]"}`}, wantMeta: metav1.ListMeta{ResourceVersion: "7", Continue: "c"},
		},
		"ItemsFirst": {
			body: "{ \"items\" : [ {} , {} ] , \"metadata\" : { \"resourceVersion\" : \"7\" } }\n",
			want: []string{`{}`, `{}`}, wantMeta: metav1.ListMeta{ResourceVersion: "7"},
		},
		"NoItems":     {body: `{"metadata":{"resourceVersion":"7"},"items":[]}`, wantMeta: metav1.ListMeta{ResourceVersion: "7"}},
		"NullItems":   {body: `{"items":null,"remaining":12,"metadata":{"resourceVersion":"7"}}`, wantMeta: metav1.ListMeta{ResourceVersion: "7"}},
		"Empty":       {body: `{}`},
		"NoBody":      {body: ``, wantErr: "unexpected EOF"},
		"NotJSON":     {body: `<html>`, wantErr: `unexpected '<' in the response`},
		"CutInItem":   {body: `{"items":[{"a"`, wantErr: "unexpected EOF"},
		"CutInList":   {body: `{"items":[{}`, want: []string{`{}`}, wantErr: "unexpected EOF"},
		"CutInObject": {body: `{"items":[{}]`, want: []string{`{}`}, wantErr: "unexpected EOF"},
		"NoComma":     {body: `{"items":[{} {}]}`, want: []string{`{}`}, wantErr: `unexpected '{'`},
		"NoColon":     {body: `{"items" [{}]}`, wantErr: `unexpected '['`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			meta, err := newValueReader(iotest.OneByteReader(strings.NewReader(tc.body))).list(func(item []byte) error {
				got = append(got, string(item))
				return nil
			})
			if tc.wantErr == "" && err != nil || tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)) {
				t.Errorf("list: got error %v, want %q", err, tc.wantErr)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("items: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantMeta, meta); diff != "" {
				t.Errorf("metadata: -want +got:\n%s", diff)
			}
		})
	}
}
