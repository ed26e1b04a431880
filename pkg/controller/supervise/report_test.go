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

package supervise

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/klog/v2/ktesting"

	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
)

func TestSyncedLog(t *testing.T) {
	failure, patience := errors.New("failure"), &hook.RetryAfterError{URL: "http://hook", After: time.Second}
	const failed, recovered = "Sync failed, and is repeated", "Sync succeeds again"
	for name, tc := range map[string]struct {
		err    error
		before bool     // the sync before failed
		want   []string // messages, in front of the sync's own
	}{
		"Success":         {},
		"Failure":         {err: failure, want: []string{failed}},
		"RepeatedFailure": {err: failure, before: true},
		"Recovery":        {before: true, want: []string{recovered}},
		"Patience":        {err: patience, before: true},
	} {
		t.Run(name, func(t *testing.T) {
			logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.Verbosity(4), ktesting.BufferLogs(true)))
			s := &Synced{Cause: wakeup.ChildChanged | wakeup.Retry, Err: tc.err, Details: []any{"changed", "labels"}}
			s.log(logger, &tally.Sync{Took: time.Second, Result: ResultOf(tc.err), Writes: map[tally.Operation]int{tally.Create: 3}}, tc.before)
			var got []string
			for _, entry := range logger.GetSink().(ktesting.Underlier).GetBuffer().Data() {
				got = append(got, entry.Message)
				if entry.Message != "Synced" {
					continue
				}
				want := []any{
					"reason", "ChildChanged,Retry", "took", time.Second, "writes",
					map[tally.Operation]int{tally.Create: 3},
					"changed", "labels", "result", ResultOf(tc.err),
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
