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
	"fmt"
	"time"

	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// Config is what an Elector needs. All fields are required.
type Config struct {
	// NewLock makes what leads to the Lease, under the identity of this replica. It is called for each term.
	NewLock func() resourcelock.Interface
	// LeaseDuration is how long others wait for a leader that is not heard of. RenewDeadline, which is shorter, is how long a
	// leader that cannot renew goes on, and the fence is open: what is on its way then has the rest of the Lease to arrive, and
	// clocks may run unequally fast. RetryPeriod, how often it renews, and others look.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
	Clock                                     clock.PassiveClock
}

// Elector takes part in an election.
type Elector struct {
	Config
	fence *Fence
}

// New returns an Elector; Run takes part.
func New(config Config) *Elector {
	return &Elector{Config: config, fence: NewFence(config.Clock)}
}

// Fence is open while this replica leads for sure, and always where there is no election, of which the Elector is nil.
func (e *Elector) Fence() *Fence {
	if e == nil {
		return nil
	}
	return e.fence
}

// Run runs lead whenever this replica leads, until ctx ends. When the Lease is lost, the context of lead ends; the replica is a
// candidate again once lead has returned. The Lease is given back when ctx has ended and lead has returned. An error of lead while
// it leads is Run's.
func (e *Elector) Run(ctx context.Context, lead func(context.Context) error) error {
	for ctx.Err() == nil {
		if err := e.term(ctx, lead); err != nil {
			return err
		}
	}
	return nil
}

// term takes part until this replica has led once, or ctx ends.
func (e *Elector) term(ctx context.Context, lead func(context.Context) error) error {
	// The Lease is renewed for as long as lead takes to end.
	election, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	lock := &lock{Interface: e.NewLock(), fence: e.fence, clock: e.Clock, duration: e.RenewDeadline, lost: leave}
	started, ended := make(chan context.Context, 1), make(chan struct{})
	elector, err := e.newElector(ctx, lock, started)
	if err != nil {
		return err
	}
	go func() {
		defer close(ended)
		elector.Run(election)
	}()

	select {
	case <-ctx.Done():
	case leading := <-started:
		leading, stop := context.WithCancel(leading)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		if err = lead(leading); leading.Err() != nil { //nolint:contextcheck // the election's context ends before ctx when the Lease is lost
			err = nil
		}
	}
	leave()
	<-ended
	if releaseErr := e.release(ctx, lock); releaseErr != nil {
		klog.FromContext(ctx).Info("Cannot give the leader's Lease back, others will wait for its end", "lease", lock.Describe(), "reason", releaseErr.Error())
	}
	return err
}

func (e *Elector) newElector(ctx context.Context, lock *lock, started chan<- context.Context) (*leaderelection.LeaderElector, error) {
	logger := klog.FromContext(ctx)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, Name: lock.Describe(),
		LeaseDuration: e.LeaseDuration, RenewDeadline: e.RenewDeadline, RetryPeriod: e.RetryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) { started <- leading },
			OnStoppedLeading: func() {},
			OnNewLeader: func(identity string) {
				logger.Info("The controllers have a leader", "leader", identity, "thisReplica", identity == lock.Identity())
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot take part in the election of a leader: %w", err)
	}
	return elector, nil
}

// release bounds the attempt to give the Lease back: it ends by itself.
func (e *Elector) release(ctx context.Context, lock *lock) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.RenewDeadline)
	defer cancel()
	return lock.release(ctx)
}
