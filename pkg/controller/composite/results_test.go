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
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

func TestCount(t *testing.T) {
	c := newFamily()
	a := &objects.Object{Namespace: "n", Name: "a", UID: "uid-a"}
	b := &objects.Object{Namespace: "n", Name: "b", UID: "uid-b"}
	formerA := &objects.Object{Namespace: "n", Name: "a", UID: "former"}
	failure := errors.New("failure")
	first := &hook.CallError{URL: "http://first"}
	steps := []struct {
		reason  string
		do      func()
		want    v1alpha1.ParentsStatus
		hookErr error
		failure error
	}{
		{reason: "nothing is known at first", do: func() {}, want: v1alpha1.ParentsStatus{Total: 2}},
		{reason: "all that were synced failed", do: func() { c.book(b, failure); c.book(a, errors.New("later")) }, want: v1alpha1.ParentsStatus{Total: 2, Failing: 2}, failure: failure},
		{reason: "a success", do: func() { c.book(a, nil) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 1, Failing: 1}},
		{reason: "another", do: func() { c.book(b, nil) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 2}},
		{reason: "still one", do: func() { c.book(a, nil) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 2}},
		{reason: "a failure", do: func() { c.book(b, failure) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 1, Failing: 1}},
		{reason: "a bad answer is an answer", do: func() { c.called(&hook.CallError{Status: 500}) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 1, Failing: 1}},
		{reason: "no answer", do: func() { c.called(first) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 1, Failing: 1}, hookErr: first},
		{reason: "the first failure is kept", do: func() { c.called(&hook.CallError{}) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 1, Failing: 1}, hookErr: first},
		{reason: "no parent fails any more", do: func() { c.book(b, nil) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 2}},
		{reason: "a parent that went during its sync is not booked", do: func() { c.book(formerA, failure) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 2}},
		{reason: "an answer", do: func() { c.called(nil); c.book(a, failure) }, want: v1alpha1.ParentsStatus{Total: 2, Synced: 1, Failing: 1}},
	}
	for _, step := range steps {
		step.do()
		got, _, hookErr, failed := c.count()
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s: count() (-want +got):\n%s", step.reason, diff)
		}
		if !errors.Is(failed, step.failure) {
			t.Errorf("%s: count() says %v of all parents, want %v", step.reason, failed, step.failure)
		}
		if !errors.Is(hookErr, step.hookErr) {
			t.Errorf("%s: count() says %v of the hook, want %v", step.reason, hookErr, step.hookErr)
		}
	}
}
