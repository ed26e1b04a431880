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

package initializer

import (
	"context"
	"errors"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"
)

type limiterFixture struct {
	*limiter
	clock *testclock.FakeClock
	t     *testing.T
}

func newLimiterFixture(t *testing.T) *limiterFixture {
	t.Helper()
	clock := testclock.NewFakeClock(time.Unix(0, 0))
	return &limiterFixture{newLimiter(clock), clock, t}
}

// fill starts calls, which must all have room.
func (f *limiterFixture) fill(initializer string, n int) (leave []func()) {
	f.t.Helper()
	for range n {
		left, err := f.enter(f.t.Context(), initializer, 0)
		if err != nil {
			f.t.Fatalf("there is no room for a call of %s: %v", initializer, err)
		}
		leave = append(leave, left)
	}
	return leave
}

// await starts a call that has to wait, and returns when it does.
func (f *limiterFixture) await(ctx context.Context, initializer string, patience time.Duration) <-chan error {
	f.t.Helper()
	before := f.queued()
	done := make(chan error, 1)
	go func() {
		_, err := f.enter(ctx, initializer, patience)
		done <- err
	}()
	for f.queued() == before {
		time.Sleep(time.Millisecond)
	}
	return done
}

func (f *limiterFixture) queued() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waiting
}

func (f *limiterFixture) want(what string, done <-chan error, want error) {
	f.t.Helper()
	if err := <-done; !errors.Is(err, want) {
		f.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// TestLimiterLeavesRoom has one initializer take what it can: another has its turn at once.
func TestLimiterLeavesRoom(t *testing.T) {
	f := newLimiterFixture(t)
	f.fill("slow", 1)
	f.clock.Step(time.Hour) // long ago is no sign of a hook that hangs
	leave := f.fill("slow", maxCallsOfOne-1)
	waiting := f.await(t.Context(), "slow", time.Minute)
	f.fill("fast", 1)
	leave[0]()
	f.want("the turn after one ended", waiting, nil)
}

// TestLimiterIsFair has everything taken: the initializer with the fewest calls is next, though it came later.
func TestLimiterIsFair(t *testing.T) {
	f := newLimiterFixture(t)
	leave := f.fill("slow", maxCallsOfOne)
	f.fill("other", maxCalls-maxCallsOfOne)
	slow := f.await(t.Context(), "slow", time.Minute)
	late := f.await(t.Context(), "late", time.Minute)
	leave[0]()
	f.want("the initializer without calls", late, nil)
	leave[1]()
	f.want("the one with many", slow, nil)
}

// TestLimiterRefusesAtOnce has calls that cannot have their turn in time: they are told without waiting.
func TestLimiterRefusesAtOnce(t *testing.T) {
	f := newLimiterFixture(t)
	leave := f.fill("slow", maxCallsOfOne)
	f.clock.Step(10 * time.Second)
	leave[0]()
	f.fill("slow", 1)
	first := f.await(t.Context(), "slow", 200*time.Millisecond)
	second := f.await(t.Context(), "slow", time.Minute)
	// A call takes 10 s, so one ends every 10 s / maxCallsOfOne: 0.08 s.
	if _, err := f.enter(t.Context(), "slow", 200*time.Millisecond); !errors.Is(err, errOverloaded) {
		t.Errorf("the third in the queue: %v, want a refusal", err)
	}
	f.clock.Step(time.Second)
	f.want("the first, when its patience ended", first, errOverloaded)
	f.clock.Step(standstill)
	f.want("the second, when nothing has ended for long", second, errOverloaded)
	if _, err := f.enter(t.Context(), "slow", time.Minute); !errors.Is(err, errOverloaded) {
		t.Errorf("when nothing has ended for long: %v, want a refusal", err)
	}
}

// TestLimiterGivesUp has callers that are gone.
func TestLimiterGivesUp(t *testing.T) {
	f := newLimiterFixture(t)
	leave := f.fill("a", maxCallsOfOne)
	ctx, cancel := context.WithCancel(t.Context())
	gone := f.await(ctx, "a", time.Minute)
	cancel()
	f.want("the one that is gone", gone, errOverloaded)
	for _, left := range leave {
		left()
	}
	f.fill("a", 1)[0]()
	if len(f.initializers) > 0 || f.running > 0 || f.waiting > 0 {
		t.Errorf("%d initializers, %d running and %d waiting calls are left", len(f.initializers), f.running, f.waiting)
	}
}

// TestLimiterBoundsTheQueue has more waiting than may.
func TestLimiterBoundsTheQueue(t *testing.T) {
	f := newLimiterFixture(t)
	f.fill("a", maxCallsOfOne)
	f.mu.Lock()
	f.waiting = maxWaiting
	f.mu.Unlock()
	if _, err := f.enter(t.Context(), "a", time.Minute); !errors.Is(err, errOverloaded) {
		t.Errorf("beyond the queue: %v, want a refusal", err)
	}
}
