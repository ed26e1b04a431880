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

package schedule_test

import (
	"testing"
	"time"

	"k8s.io/component-base/metrics"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/hookplane/hookplane/pkg/controller/schedule"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
)

// next returns the parent that the queue hands out next.
func next(t *testing.T, q *schedule.Queue[string]) string {
	t.Helper()
	key, shutdown := q.Get()
	if shutdown {
		t.Fatal("the queue is shut down")
	}
	q.Done(key)
	return key
}

func newQueue(t *testing.T) (*schedule.Queue[string], *testingclock.FakeClock) {
	t.Helper()
	clock := testingclock.NewFakeClock(time.Unix(0, 0))
	metrics, err := tally.New(metrics.NewKubeRegistry().Register)
	if err != nil {
		t.Fatal(err)
	}
	counter := metrics.Open("DecoratorController", "test")
	q := schedule.NewQueue[string]("test", clock, counter)
	t.Cleanup(counter.Close)
	t.Cleanup(q.ShutDown)
	return q, clock
}

// expect takes a key and compares what the queue says of it.
func expect(t *testing.T, q *schedule.Queue[string], key string, wantCause wakeup.Cause, wantDue bool) {
	t.Helper()
	if why, due := q.Take(key); due != wantDue || why.Cause != wantCause {
		t.Errorf("Take(%s) = %s, %t, want %s, %t", key, why.Cause, due, wantCause, wantDue)
	}
}

func TestQueueAdd(t *testing.T) {
	q, _ := newQueue(t)
	q.Add("a", wakeup.Wakeup{Cause: wakeup.Appeared})
	q.Add("a", wakeup.Wakeup{Cause: wakeup.ChildChanged})
	if key := next(t, q); key != "a" {
		t.Errorf("Get() = %q, want a", key)
	}
	expect(t, q, "a", wakeup.Appeared|wakeup.ChildChanged, true)
	expect(t, q, "a", 0, false) // it was taken
	q.Add("b", wakeup.Wakeup{Cause: wakeup.Appeared})
	q.Forget("b")
	if key := next(t, q); key != "b" {
		t.Errorf("Get() = %q, want b", key)
	}
	expect(t, q, "b", 0, false)
}

// TestQueueTimer replaces a timer by a later one and takes one back.
func TestQueueTimer(t *testing.T) {
	q, clock := newQueue(t)
	q.SetTimer("a", time.Second, wakeup.Retry)
	q.SetTimer("a", time.Minute, wakeup.Resync)
	clock.Step(2 * time.Second)
	expect(t, q, "a", 0, false) // the timer was replaced
	clock.Step(time.Minute)
	expect(t, q, "a", wakeup.Resync, true)
	q.SetTimer("a", time.Second, wakeup.Resync)
	q.SetTimer("a", 0, 0)
	clock.Step(time.Minute)
	expect(t, q, "a", 0, false) // the timer was taken back
	q.Add("a", wakeup.Wakeup{Cause: wakeup.ParentChanged})
	q.SetTimer("a", 0, 0)
	expect(t, q, "a", wakeup.ParentChanged, true) // which no timer had to do with
}

// TestQueueTimerBehindAnother lets a timer fire that was replaced by a later one, which the queue beneath does not keep beside it.
func TestQueueTimerBehindAnother(t *testing.T) {
	q, clock := newQueue(t)
	q.SetTimer("a", 10*time.Second, wakeup.Retry)
	q.SetTimer("a", time.Minute, wakeup.Resync)
	for _, want := range []bool{false, true} {
		fired := make(chan struct{})
		go func() {
			defer close(fired)
			key, _ := q.Get()
			if _, due := q.Take(key); due != want {
				t.Errorf("after the timer fired Take() = %t, want %t", due, want)
			}
			q.Done(key)
		}()
		for waiting := true; waiting; {
			select {
			case <-fired:
				waiting = false
			case <-time.After(time.Millisecond):
				clock.Step(time.Second)
			}
		}
	}
}

// TestQueueLater holds a parent up, unless something else happens to it.
func TestQueueLater(t *testing.T) {
	q, clock := newQueue(t)
	q.AddLater("a", wakeup.Wakeup{Cause: wakeup.OwnWrites}, time.Second)
	expect(t, q, "a", 0, false)
	clock.Step(time.Second)
	expect(t, q, "a", wakeup.OwnWrites, true)
	q.AddLater("a", wakeup.Wakeup{Cause: wakeup.OwnWrites}, time.Minute)
	q.Add("a", wakeup.Wakeup{Cause: wakeup.ParentChanged})
	expect(t, q, "a", wakeup.OwnWrites|wakeup.ParentChanged, true)
	q.SetTimer("a", time.Second, wakeup.Resync)
	q.AddLater("a", wakeup.Wakeup{Cause: wakeup.OwnWrites}, time.Minute)
	clock.Step(time.Second)
	expect(t, q, "a", wakeup.OwnWrites|wakeup.Resync, true)
}

func TestQueueBackoff(t *testing.T) {
	q, _ := newQueue(t)
	within := func(got, exact time.Duration) bool { return got >= exact/2 && got <= exact }
	for want := 5 * time.Millisecond; want <= 40*time.Millisecond; want *= 2 {
		if got := q.Backoff("a"); !within(got, want) {
			t.Errorf("Backoff() = %v, want at most %v and at least half of it", got, want)
		}
	}
	for range 20 {
		q.Backoff("a")
	}
	if got := q.Backoff("a"); !within(got, schedule.LastRetry) {
		t.Errorf("Backoff() = %v, want about %v at last", got, schedule.LastRetry)
	}
	q.Succeeded("a")
	if got := q.Backoff("a"); !within(got, 5*time.Millisecond) {
		t.Errorf("Backoff() = %v after a success, want it to start again", got)
	}
}

func TestUntilResync(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	until := schedule.UntilResync("uid", time.Minute, now)
	if until <= 0 || until > time.Minute {
		t.Fatalf("UntilResync() = %v, want within the period", until)
	}
	if again := schedule.UntilResync("uid", time.Minute, now.Add(until)); again != time.Minute {
		t.Errorf("UntilResync() = %v right after a resync, want a period", again)
	}
	if other := schedule.UntilResync("other", time.Minute, now); other == until {
		t.Errorf("two parents resync at the same time, in %v", other)
	}
}

func TestEarlier(t *testing.T) {
	for _, tc := range [][3]time.Duration{{0, 0, 0}, {0, 2, 2}, {2, 0, 2}, {1, 2, 1}, {2, 1, 1}} {
		if got := schedule.Earlier(tc[0], tc[1]); got != tc[2] {
			t.Errorf("Earlier(%d, %d) = %d, want %d", tc[0], tc[1], got, tc[2])
		}
	}
}
