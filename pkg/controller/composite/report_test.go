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

package composite

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2/ktesting"

	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

func TestReportable(t *testing.T) {
	conflict := fmt.Errorf("cannot update: %w", apierrors.NewConflict(schema.GroupResource{Resource: "pods"}, "p", errors.New("changed")))
	failure := errors.New("failure")
	cases := map[string]struct {
		err  error
		want bool
	}{
		"Success":             {err: nil},
		"Patience":            {err: fmt.Errorf("calling: %w", &hook.RetryAfterError{After: time.Second})},
		"Conflict":            {err: conflict},
		"JoinedConflicts":     {err: errors.Join(conflict, conflict)},
		"Failure":             {err: failure, want: true},
		"ConflictAndFailure":  {err: errors.Join(conflict, failure), want: true},
		"WrappedJoinedErrors": {err: errors.Join(errors.Join(conflict), failure), want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := reportable(tc.err) != nil; got != tc.want {
				t.Errorf("reportable(%v) is reported: %t, want %t", tc.err, got, tc.want)
			}
		})
	}
}

func TestClip(t *testing.T) {
	for name, message := range map[string]string{
		"Short": "short", "Long": strings.Repeat("a", 5000), "LongRunes": strings.Repeat("é", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			got := clip(message)
			if len(got) > maxEventMessage || !utf8.ValidString(got) {
				t.Errorf("clip() gives %d bytes, valid UTF-8: %t", len(got), utf8.ValidString(got))
			}
			if len(message) <= maxEventMessage && got != message {
				t.Errorf("clip(%q) = %q", message, got)
			}
		})
	}
}

func TestListed(t *testing.T) {
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprint(i))
	}
	for count, want := range map[int]string{1: "0", 10: "0, 1, 2, 3, 4, 5, 6, 7, 8, 9", 12: "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"} {
		if diff := cmp.Diff(want, listed(names[:count])); diff != "" {
			t.Errorf("%d names (-want +got):\n%s", count, diff)
		}
	}
}

func TestBackoff(t *testing.T) {
	b := newBackoff()
	key := objects.Key{Name: "p"}
	limit := firstRetry
	for i := range 30 {
		if got := b.When(key); got < limit/2 || got > limit {
			t.Errorf("retry %d comes after %s, want between %s and %s", i, got, limit/2, limit)
		}
		limit = min(2*limit, lastRetry)
	}
	if got := b.When(objects.Key{Name: "other"}); got > firstRetry {
		t.Errorf("the first retry of another parent comes after %s", got)
	}
	b.Forget(key)
	if got := b.When(key); got > firstRetry {
		t.Errorf("the first retry after a success comes after %s", got)
	}
}

func TestLogSync(t *testing.T) {
	failure, patience := errors.New("failure"), &hook.RetryAfterError{URL: "http://hook", After: time.Second}
	const failed, recovered = "Sync failed, and is repeated", "Sync succeeds again"
	for name, tc := range map[string]struct {
		err    error
		before result
		want   []string // messages, in front of the sync's own
	}{
		"FirstSuccess":    {before: unsynced},
		"Success":         {before: synced},
		"FirstFailure":    {err: failure, before: unsynced, want: []string{failed}},
		"Failure":         {err: failure, before: synced, want: []string{failed}},
		"RepeatedFailure": {err: failure, before: failing},
		"Recovery":        {before: failing, want: []string{recovered}},
		"Patience":        {err: patience, before: failing},
	} {
		t.Run(name, func(t *testing.T) {
			logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.Verbosity(4), ktesting.BufferLogs(true)))
			x := &exchange{cause: wakeup.ChildChanged | wakeup.Retry, err: tc.err}
			logSync(logger, x, tally.Sync{Took: time.Second, Result: resultOf(tc.err), Writes: map[tally.Operation]int{tally.Create: 3}}, tc.before)
			var got []string
			for _, entry := range logger.GetSink().(ktesting.Underlier).GetBuffer().Data() {
				got = append(got, entry.Message)
				if entry.Message != "Synced" {
					continue
				}
				want := []any{
					"reason", "ChildChanged,Retry", "took", time.Second, "writes", map[tally.Operation]int{tally.Create: 3}, "result", resultOf(tc.err),
				}
				if tc.err != nil {
					want = append(want, "err", tc.err)
				}
				if diff := cmp.Diff(want, entry.ParameterKVList, cmpopts.EquateErrors()); diff != "" {
					t.Errorf("details (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(append(tc.want, "Synced"), got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}
