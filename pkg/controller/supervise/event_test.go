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
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/pkg/hook"
)

func TestReportable(t *testing.T) {
	conflict := fmt.Errorf("cannot update: %w", apierrors.NewConflict(schema.GroupResource{Resource: "pods"}, "p", errors.New("changed")))
	failure := errors.New("failure")
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"Success":            {err: nil},
		"Patience":           {err: fmt.Errorf("calling: %w", &hook.RetryAfterError{After: time.Second})},
		"JoinedConflicts":    {err: errors.Join(conflict, conflict)},
		"Failure":            {err: failure, want: true},
		"ConflictAndFailure": {err: errors.Join(conflict, failure), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Reportable(tc.err) != nil; got != tc.want {
				t.Errorf("Reportable(%v) is reported: %t, want %t", tc.err, got, tc.want)
			}
		})
	}
}

func TestClip(t *testing.T) {
	if got := Clip("short"); got != "short" {
		t.Errorf("Clip(short) = %q", got)
	}
	if got := Clip(strings.Repeat("é", 5000)); len(got) > maxEventMessage || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
		t.Errorf("Clip() of a long text gives %d bytes, valid UTF-8: %t", len(got), utf8.ValidString(got))
	}
}

func TestListed(t *testing.T) {
	names := strings.Split("0 1 2 3 4 5 6 7 8 9 10 11", " ")
	for count, want := range map[int]string{1: "0", 10: "0, 1, 2, 3, 4, 5, 6, 7, 8, 9", 12: "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"} {
		if diff := cmp.Diff(want, Listed(names[:count])); diff != "" {
			t.Errorf("%d names (-want +got):\n%s", count, diff)
		}
	}
}
