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
	"context"
	"sync"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

func TestChangesRun(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	before := 0
	c := newChanges(clock, func() { before++ })
	calls := make(chan time.Duration)
	start := clock.Now()
	remove := c.add(func() { calls <- clock.Since(start) })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.run(ctx) })

	round := func() (first, last time.Duration, count int) {
		c.notify()
		c.notify()
		for range echoes {
			eventually(t, "a timer is set", clock.HasWaiters)
			clock.Step(echoes[count])
			last = <-calls
			if count == 0 {
				first = last
			}
			count++
		}
		return first, last, count
	}
	first, last, count := round()
	if first != 20*time.Millisecond || last < 8*time.Second || last > 15*time.Second || count != len(echoes) {
		t.Errorf("called %d times from %v to %v after a change", count, first, last)
	}
	eventually(t, "nothing is timed any more", func() bool { return !clock.HasWaiters() })
	if again, _, _ := round(); again-last != 20*time.Millisecond {
		t.Errorf("called %v after the next change, want 20ms", again-last)
	}
	c.notify()
	eventually(t, "a timer is set", clock.HasWaiters)
	remove()
	cancel()
	running.Wait()
	if before != 2*len(echoes) {
		t.Errorf("forgot documents %d times, want before each of %d calls", before, 2*len(echoes))
	}
}

// TestChangesAreNotPutOff has changes come faster than they are told.
func TestChangesAreNotPutOff(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	c := newChanges(clock, func() {})
	told := make(chan struct{})
	c.add(func() { close(told) })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.run(ctx) })
	for range 10 {
		c.notify()
		eventually(t, "the change is noticed", func() bool { return len(c.signal) == 0 && clock.HasWaiters() })
		clock.Step(echoes[0] / 10)
	}
	eventually(t, "the changes are told", func() bool {
		select {
		case <-told:
			return true
		default:
			return false
		}
	})
	cancel()
	running.Wait()
}
