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
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
)

// generous is how long what must come is waited for.
const generous = 30 * time.Second

// newElector returns a candidate that looks often, and takes nothing over that was not given back: the Lease lasts an hour.
func newElector(l *lease, identity string) *Elector {
	return New(Config{
		NewLock:       func() resourcelock.Interface { return &client{lease: l, identity: identity} },
		LeaseDuration: time.Hour, RenewDeadline: time.Minute, RetryPeriod: 5 * time.Millisecond, Clock: clock.RealClock{},
	})
}

// candidate is an Elector that takes part.
type candidate struct {
	*Elector
	leads  chan context.Context // of each term
	finish chan error           // lets lead return, after its context ended if it is nil
	end    context.CancelFunc
	ended  chan error
}

func takePart(t *testing.T, l *lease, identity string) *candidate {
	t.Helper()
	c := &candidate{Elector: newElector(l, identity), leads: make(chan context.Context), finish: make(chan error), ended: make(chan error, 1)}
	ctx, end := context.WithCancel(t.Context())
	c.end = end
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.ended <- c.Run(ctx, func(ctx context.Context) error {
			select {
			case c.leads <- ctx:
			case <-t.Context().Done(): // a test that failed does not wait for it
				return nil
			}
			select {
			case err := <-c.finish:
				return err
			case <-t.Context().Done():
				return nil
			}
		})
	}()
	t.Cleanup(func() {
		end()
		<-done
	})
	return c
}

func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(generous):
		t.Fatalf("waited in vain until %s", what)
		panic("unreachable")
	}
}

// TestElectorHandsOver ends the leader: the next one leads when it has ended, and not before.
func TestElectorHandsOver(t *testing.T) {
	l := &lease{}
	a := takePart(t, l, "a")
	term := receive(t, "a leads", a.leads)
	b := takePart(t, l, "b")
	if a.Fence().Check() != nil || b.Fence().Check() == nil {
		t.Errorf("a leads, but its fence gives %v, and that of b %v", a.Fence().Check(), b.Fence().Check())
	}
	a.end()
	receive(t, "a is told", term.Done())
	if holder := l.get().HolderIdentity; holder != "a" {
		t.Errorf("while a ends %q holds the Lease", holder)
	}
	if err := a.Fence().Check(); err != nil {
		t.Errorf("what a does at its end is refused: %v", err)
	}
	a.finish <- errors.New("because it was told")
	if err := receive(t, "a has ended", a.ended); err != nil {
		t.Errorf("a gives %v", err)
	}
	term = receive(t, "b leads", b.leads)
	if a.Fence().Check() == nil || b.Fence().Check() != nil {
		t.Errorf("b leads, but its fence gives %v, and that of a %v", b.Fence().Check(), a.Fence().Check())
	}
	b.end()
	receive(t, "b is told", term.Done())
	b.finish <- nil
}

// TestElectorLoses has somebody take the Lease away: the leader stops, and leads again when it can.
func TestElectorLoses(t *testing.T) {
	l := &lease{}
	a := takePart(t, l, "a")
	term := receive(t, "a leads", a.leads)
	now := metav1.Now()
	l.put(resourcelock.LeaderElectionRecord{HolderIdentity: "b", LeaseDurationSeconds: 3600, RenewTime: now, AcquireTime: now})
	receive(t, "a is told", term.Done())
	if a.Fence().Check() == nil {
		t.Error("the fence is open after the Lease was lost")
	}
	a.finish <- errors.New("because it was told")
	l.put(resourcelock.LeaderElectionRecord{})
	term = receive(t, "a leads again", a.leads)
	a.end()
	receive(t, "a is told once more", term.Done())
	a.finish <- nil
	if err := receive(t, "a has ended", a.ended); err != nil {
		t.Errorf("a gives %v", err)
	}
	if holder := l.get().HolderIdentity; holder != "" {
		t.Errorf("in the end %q holds the Lease", holder)
	}
}

// TestElectorFails has what runs fail while it leads.
func TestElectorFails(t *testing.T) {
	l, broken := &lease{}, errors.New("broken")
	a := takePart(t, l, "a")
	receive(t, "a leads", a.leads)
	a.finish <- broken
	if err := receive(t, "a has ended", a.ended); !errors.Is(err, broken) {
		t.Errorf("a gives %v", err)
	}
	if holder := l.get().HolderIdentity; holder != "" {
		t.Errorf("in the end %q holds the Lease", holder)
	}
}

// TestElectorEndsAsCandidate ends one that never led.
func TestElectorEndsAsCandidate(t *testing.T) {
	l := &lease{}
	now := metav1.Now()
	l.put(resourcelock.LeaderElectionRecord{HolderIdentity: "b", LeaseDurationSeconds: 3600, RenewTime: now, AcquireTime: now})
	a := takePart(t, l, "a")
	a.end()
	if err := receive(t, "a has ended", a.ended); err != nil {
		t.Errorf("a gives %v", err)
	}
	if holder := l.get().HolderIdentity; holder != "b" {
		t.Errorf("in the end %q holds the Lease", holder)
	}
}

func TestElectorRefusesConfig(t *testing.T) {
	e := newElector(&lease{}, "a")
	e.LeaseDuration = 0
	if err := e.Run(t.Context(), nil); err == nil {
		t.Error("a Lease without a duration is accepted")
	}
}
