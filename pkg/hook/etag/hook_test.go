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

package etag_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/etag"
)

// server is a hook that names its answers, and does not repeat one that the caller has.
type server struct {
	etag, body string
	err        error
	asked      []string // IfNoneMatch of each call
}

func (s *server) Call(_ context.Context, request hook.Request) (hook.Response, error) {
	s.asked = append(s.asked, request.IfNoneMatch)
	if s.err != nil {
		return hook.Response{}, s.err
	}
	if s.etag != "" && request.IfNoneMatch == s.etag {
		return hook.Response{NotModified: true}, nil
	}
	return hook.Response{Body: []byte(s.body), ETag: s.etag}, nil
}

// wantAnswer calls the hook for a parent.
func wantAnswer(t *testing.T, h hook.Hook, parent types.UID, want string) {
	t.Helper()
	response, err := h.Call(t.Context(), hook.Request{ParentUID: parent})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(response.Body)); diff != "" {
		t.Errorf("answer for %s (-want +got):\n%s", parent, diff)
	}
}

// wantAsked compares what the server was asked since the last time.
func wantAsked(t *testing.T, s *server, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Errorf("If-None-Match of the calls (-want +got):\n%s", diff)
	}
	s.asked = nil
}

func TestHookRemembers(t *testing.T) {
	s := &server{etag: `"1"`, body: "one"}
	h := etag.NewCache(0, 0).Wrap(s, etag.Options{Clock: testingclock.NewFakeClock(time.Now())})
	closeHook := h.Open(t.Context())
	wantAnswer(t, h, "a", "one")
	wantAnswer(t, h, "a", "one")
	wantAnswer(t, h, "b", "one")
	wantAsked(t, s, "", `"1"`, "")

	s.etag, s.body = `W/"2"`, "two"
	wantAnswer(t, h, "a", "two")
	wantAnswer(t, h, "a", "two")
	wantAsked(t, s, `"1"`, `W/"2"`)

	s.err = errors.New("no answer")
	if _, err := h.Call(t.Context(), hook.Request{ParentUID: "a"}); !errors.Is(err, s.err) {
		t.Errorf("Call() = %v, want %v", err, s.err)
	}
	s.err = nil
	wantAnswer(t, h, "a", "two")
	wantAsked(t, s, `W/"2"`, `W/"2"`)

	s.etag, s.body = "", "three"
	wantAnswer(t, h, "a", "three")
	wantAnswer(t, h, "a", "three")
	wantAsked(t, s, `W/"2"`, "")

	s.etag = `"4"`
	wantAnswer(t, h, "a", "three")
	wantAnswer(t, h, "c", "three")
	h.Forget("a")
	wantAnswer(t, h, "a", "three")
	wantAnswer(t, h, "c", "three")
	wantAsked(t, s, "", "", "", `"4"`)

	closeHook()
	wantAnswer(t, h, "a", "three")
	wantAnswer(t, h, "a", "three")
	wantAsked(t, s, "", "")
}

func TestHookThatAnswersNotModifiedUnasked(t *testing.T) {
	h := etag.NewCache(0, 0).Wrap(hookFunc(func() hook.Response { return hook.Response{NotModified: true} }), etag.Options{Clock: testingclock.NewFakeClock(time.Now())})
	t.Cleanup(h.Open(t.Context()))
	if response, err := h.Call(t.Context(), hook.Request{ParentUID: "a"}); err == nil {
		t.Errorf("Call() = %+v, want an error", response)
	}
}

type hookFunc func() hook.Response

func (f hookFunc) Call(context.Context, hook.Request) (hook.Response, error) { return f(), nil }

func TestHooksShareNoAnswers(t *testing.T) {
	cache := etag.NewCache(0, 0)
	first, second := &server{etag: `"1"`, body: "one"}, &server{etag: `"1"`, body: "two"}
	opts := etag.Options{Clock: testingclock.NewFakeClock(time.Now())}
	a, b := cache.Wrap(first, opts), cache.Wrap(second, opts)
	t.Cleanup(a.Open(t.Context()))
	t.Cleanup(b.Open(t.Context()))
	for range 2 {
		wantAnswer(t, a, "p", "one")
		wantAnswer(t, b, "p", "two")
	}
	wantAsked(t, second, "", `"1"`)
}

func TestTimeout(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Now())
	s := &server{etag: `"1"`, body: "one"}
	h := etag.NewCache(0, 0).Wrap(s, etag.Options{Timeout: time.Minute, Clock: clock})
	t.Cleanup(h.Open(t.Context()))
	wantAnswer(t, h, "a", "one")
	clock.Step(time.Minute)
	wantAnswer(t, h, "a", "one")
	clock.Step(time.Second)
	wantAnswer(t, h, "a", "one")
	wantAnswer(t, h, "a", "one")
	wantAsked(t, s, "", `"1"`, "", `"1"`)
}

func TestLimits(t *testing.T) {
	tests := map[string]struct {
		maxBytes, maxEntries int
		etag, body           string
		want                 []string // what is asked for the parents 0 to 4 after each was asked for once
	}{
		"Room":        {etag: `"1"`, body: "x", want: []string{`"1"`, `"1"`, `"1"`, `"1"`, `"1"`}},
		"Entries":     {maxEntries: 3, etag: `"1"`, body: "x", want: []string{"", "", `"1"`, `"1"`, `"1"`}},
		"Bytes":       {maxBytes: 8000, etag: `"1"`, body: strings.Repeat("x", 1300), want: []string{"", `"1"`, `"1"`, `"1"`, `"1"`}},
		"LargeAnswer": {maxBytes: 8000, etag: `"1"`, body: strings.Repeat("x", 2000), want: []string{"", "", "", "", ""}},
		"LongETag":    {etag: strings.Repeat("x", 2000), body: "x", want: []string{"", "", "", "", ""}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := &server{etag: tc.etag, body: tc.body}
			h := etag.NewCache(tc.maxBytes, tc.maxEntries).Wrap(s, etag.Options{Clock: testingclock.NewFakeClock(time.Now())})
			t.Cleanup(h.Open(t.Context()))
			for i := range tc.want {
				wantAnswer(t, h, types.UID(fmt.Sprint(i)), tc.body)
			}
			s.asked = nil
			// From the last on: what is asked for now drops what was used longest ago.
			for i, want := range slices.Backward(tc.want) {
				wantAnswer(t, h, types.UID(fmt.Sprint(i)), tc.body)
				if diff := cmp.Diff(want, s.asked[len(s.asked)-1]); diff != "" {
					t.Errorf("If-None-Match for parent %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}
