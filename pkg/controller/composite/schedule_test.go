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
	"time"

	"k8s.io/component-base/metrics"
	clocktesting "k8s.io/utils/clock/testing"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/controller/schedule"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// newScheduled returns a controller that knows one parent, whose time passes with the clock alone.
func newScheduled(t *testing.T) (*controller, objects.Key, *clocktesting.FakeClock) {
	t.Helper()
	key := objects.Key{Namespace: "n", Name: "t"}
	now := clocktesting.NewFakeClock(time.Now())
	counted, err := tally.New(metrics.NewKubeRegistry().Register)
	if err != nil {
		t.Fatal(err)
	}
	c := &controller{
		definition: &definition{config: &Config{Clock: now}}, memory: map[objects.Key]*memory{key: {uid: "uid-t"}},
		queue: schedule.NewQueue[objects.Key]("c", now, counted.Open(controllerKind, "c")),
	}
	t.Cleanup(c.queue.ShutDown)
	return c, key, now
}

func TestNextSync(t *testing.T) {
	failed, answered := errors.New("failed"), &hookapi.CompositeResponse{}
	resync := &hookapi.CompositeResponse{ResyncAfterSeconds: 60}
	tests := map[string]struct {
		syncs []exchange // one after the other
		event bool       // something happened since
		after time.Duration
		want  wakeup.Cause // 0: it is not due
	}{
		"Event":              {event: true, want: wakeup.ChildChanged},
		"Nothing":            {syncs: []exchange{{answer: answered}}, after: time.Hour},
		"Retry":              {syncs: []exchange{{err: failed}}, after: schedule.LastRetry, want: wakeup.Retry},
		"RetryAfterSuccess":  {syncs: []exchange{{err: failed}, {answer: answered}}, after: schedule.LastRetry},
		"Patience":           {syncs: []exchange{{err: &hook.RetryAfterError{After: time.Minute}}}, after: time.Minute, want: wakeup.Retry},
		"Impatience":         {syncs: []exchange{{err: &hook.RetryAfterError{After: time.Minute}}}, after: time.Minute - 1},
		"Resync":             {syncs: []exchange{{answer: resync}}, after: time.Minute, want: wakeup.Resync},
		"ResyncTooEarly":     {syncs: []exchange{{answer: resync}}, after: time.Minute - 1},
		"ResyncTakenBack":    {syncs: []exchange{{answer: resync}, {answer: answered}}, after: time.Hour},
		"ResyncOverEarlier":  {syncs: []exchange{{err: failed}, {answer: resync}}, after: schedule.LastRetry},
		"EventBeforeResync":  {syncs: []exchange{{answer: resync}}, event: true, want: wakeup.ChildChanged},
		"ResyncBeforeRetry":  {syncs: []exchange{{answer: &hookapi.CompositeResponse{ResyncAfterSeconds: 0.001}, err: failed}}, after: schedule.LastRetry, want: wakeup.Resync},
		"FailedWithAnAnswer": {syncs: []exchange{{answer: resync, err: failed}}, after: schedule.LastRetry, want: wakeup.Retry},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c, key, now := newScheduled(t)
			for _, x := range tc.syncs {
				c.enqueue(key, wakeup.Wakeup{Cause: wakeup.ChildChanged})
				if _, due := c.queue.Take(key); !due {
					t.Fatal("a parent is not due after an event")
				}
				x.observation = &observation{parent: &objects.Object{UID: "uid-t"}}
				next, cause := c.nextSync(key, &x)
				c.queue.SetTimer(key, next, cause)
			}
			if tc.event {
				c.enqueue(key, wakeup.Wakeup{Cause: wakeup.ChildChanged})
			}
			now.Step(tc.after)
			why, due := c.queue.Take(key)
			if why.Cause != tc.want || due != (tc.want != 0) {
				t.Errorf("Take() = %s, %t, want %s", why.Cause, due, tc.want)
			}
			if _, again := c.queue.Take(key); due && again {
				t.Error("the parent is due twice")
			}
		})
	}
}
