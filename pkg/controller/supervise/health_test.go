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

package supervise_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/hook"
)

func TestCensus(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Unix(0, 0))
	census := supervise.NewCensus[string](clock)
	watching := supervise.Watching{What: "things"}
	look := func(want v1alpha1.ParentsStatus, status metav1.ConditionStatus, reason string) {
		t.Helper()
		health := census.Health(watching)
		if diff := cmp.Diff(&want, health.Parents); diff != "" {
			t.Errorf("parents (-want +got):\n%s", diff)
		}
		if health.Ready.Status != status || health.Ready.Reason != reason {
			t.Errorf("Ready = %s/%s, want %s/%s", health.Ready.Status, health.Ready.Reason, status, reason)
		}
	}
	if health := census.Health(watching); health.Known || health.Parents != nil {
		t.Errorf("Health() = %+v before the parents are known", health)
	}
	census.Start()
	census.Enter("a")
	census.Enter("b")
	if census.Health(watching).Known {
		t.Error("the health is known before the first sync")
	}
	census.Book("a", nil)
	census.Book("stranger", nil)
	look(v1alpha1.ParentsStatus{Total: 2, Synced: 1}, metav1.ConditionTrue, "Running")
	clock.Step(time.Minute)
	if !census.Health(watching).Known {
		t.Error("the health is not known after a minute")
	}
	census.Called(&hook.CallError{URL: "http://hook"})
	census.Book("b", errors.New("no"))
	look(v1alpha1.ParentsStatus{Total: 2, Synced: 1, Failing: 1}, metav1.ConditionFalse, "HookUnreachable")
	census.Called(&hook.CallError{Status: 500})
	look(v1alpha1.ParentsStatus{Total: 2, Synced: 1, Failing: 1}, metav1.ConditionTrue, "Running")
	census.Leave("a")
	look(v1alpha1.ParentsStatus{Total: 1, Failing: 1}, metav1.ConditionFalse, "SyncFailing")
	census.Enter("b")
	look(v1alpha1.ParentsStatus{Total: 1, Failing: 1}, metav1.ConditionFalse, "SyncFailing")
	watching.Err = errors.New("no watch")
	look(v1alpha1.ParentsStatus{Total: 1, Failing: 1}, metav1.ConditionFalse, "WatchFailing")
	watching.Err = apierrors.NewForbidden(schema.GroupResource{}, "", nil)
	look(v1alpha1.ParentsStatus{Total: 1, Failing: 1}, metav1.ConditionFalse, "Forbidden")
}
