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

package leader

import (
	"errors"
	"testing"
	"time"

	"k8s.io/client-go/tools/leaderelection/resourcelock"
	clocktesting "k8s.io/utils/clock/testing"
)

const duration = 8 * time.Second

func held(by string) resourcelock.LeaderElectionRecord {
	return resourcelock.LeaderElectionRecord{HolderIdentity: by, LeaseDurationSeconds: 8, LeaderTransitions: 3}
}

// newLock returns the lock of a candidate called a.
func newLock() (l *lock, c *client, clock *clocktesting.FakePassiveClock, lost *int) {
	clock, lost = clocktesting.NewFakePassiveClock(start), new(int)
	c = &client{lease: &lease{}, identity: "a"}
	return &lock{Interface: c, fence: NewFence(clock), clock: clock, duration: duration, lost: func() { *lost++ }}, c, clock, lost
}

// TestLockOpens has the fence open from when the Lease is held, for as long as others wait from when that was sent.
func TestLockOpens(t *testing.T) {
	l, c, clock, _ := newLock()
	c.during = func() { clock.SetTime(clock.Now().Add(3 * time.Second)) }
	if err := l.Create(t.Context(), held("a")); err != nil {
		t.Fatal(err)
	}
	clock.SetTime(start.Add(duration - 1))
	if err := l.fence.Check(); err != nil {
		t.Errorf("while the Lease is held: %v", err)
	}
	clock.SetTime(start.Add(duration))
	if l.fence.Check() == nil {
		t.Error("the time that the write took is taken for one in which the Lease is held")
	}
	if err := l.Update(t.Context(), held("a")); err != nil {
		t.Fatal(err)
	}
	if err := l.fence.Check(); err != nil {
		t.Errorf("after a renewal: %v", err)
	}
}

func TestLockFailedWrite(t *testing.T) {
	l, c, clock, _ := newLock()
	if err := l.Create(t.Context(), held("a")); err != nil {
		t.Fatal(err)
	}
	clock.SetTime(start.Add(duration - 1))
	c.err = errors.New("no answer")
	if err := l.Update(t.Context(), held("a")); err == nil {
		t.Fatal("the renewal gives no error")
	}
	clock.SetTime(start.Add(duration))
	if l.fence.Check() == nil {
		t.Error("a renewal that failed keeps the fence open")
	}
}

// TestLockLost is a leader that was stopped for a while: it finds a successor.
func TestLockLost(t *testing.T) {
	l, c, _, lost := newLock()
	c.put(held("b"))
	if _, _, err := l.Get(t.Context()); err != nil || *lost > 0 {
		t.Fatalf("a candidate that sees a leader: %v, told %d times that it has lost", err, *lost)
	}
	if err := l.Update(t.Context(), held("a")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Get(t.Context()); err != nil || *lost > 0 {
		t.Fatalf("a leader that sees itself: %v, told %d times that it has lost", err, *lost)
	}
	c.put(held("b"))
	if _, _, err := l.Get(t.Context()); err != nil || *lost != 1 || l.fence.Check() == nil {
		t.Errorf("a leader that sees a successor: %v, told %d times, the fence gives %v", err, *lost, l.fence.Check())
	}
	if err := l.release(t.Context()); err != nil || c.get() != held("b") {
		t.Errorf("it releases what is not its own: %v, %+v", err, c.get())
	}
}

func TestLockRelease(t *testing.T) {
	for name, tc := range map[string]struct {
		meanwhile func(*client)
		want      string // who holds the Lease in the end
	}{
		"Held":      {meanwhile: func(*client) {}},
		"UnseenOwn": {meanwhile: func(c *client) { c.put(held("a")) }},
		"Successor": {meanwhile: func(c *client) { c.put(held("b")) }, want: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			l, c, _, _ := newLock()
			if err := l.Create(t.Context(), held("a")); err != nil {
				t.Fatal(err)
			}
			tc.meanwhile(c)
			c.during = func() {
				if l.fence.Check() == nil {
					t.Error("the fence is open while the Lease is given back")
				}
			}
			if err := l.release(t.Context()); err != nil {
				t.Error(err)
			}
			if got := c.get(); got.HolderIdentity != tc.want || got.LeaderTransitions != 3 {
				t.Errorf("in the end the Lease is %+v, want that %q holds it", got, tc.want)
			}
		})
	}
}
