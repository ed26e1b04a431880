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
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
)

// lock is the Lease as one term of one candidate sees it. It keeps the fence in step. Calls come one after the other.
type lock struct {
	resourcelock.Interface
	fence *Fence
	clock clock.PassiveClock
	// duration is how long the fence is open from a write on: less than others wait.
	duration time.Duration
	// lost is called when somebody else turns out to hold what we held.
	lost func()

	held *resourcelock.LeaderElectionRecord // what we wrote last, nil: we do not hold it
}

// Get implements resourcelock.Interface.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	if err == nil && l.held != nil && record.HolderIdentity != l.Identity() {
		l.held = nil
		l.fence.close()
		l.lost() // the library would try for a while
	}
	return record, raw, err
}

// Create implements resourcelock.Interface.
func (l *lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.hold(record, func() error { return l.Interface.Create(ctx, record) })
}

// Update implements resourcelock.Interface.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.hold(record, func() error { return l.Interface.Update(ctx, record) })
}

// hold writes that we hold the Lease. Others wait from when they see that, which is not before it was sent.
func (l *lock) hold(record resourcelock.LeaderElectionRecord, write func() error) error {
	sent := l.clock.Now()
	if err := write(); err != nil {
		return err
	}
	l.held = &record
	l.fence.open(sent.Add(l.duration))
	return nil
}

// release gives the Lease back, if we hold it, so that nobody waits for its end. Nothing that needs it may run any longer.
func (l *lock) release(ctx context.Context) error {
	if l.held == nil {
		return nil
	}
	l.fence.close()
	now := metav1.NewTime(l.clock.Now())
	free := resourcelock.LeaderElectionRecord{LeaseDurationSeconds: 1, AcquireTime: now, RenewTime: now, LeaderTransitions: l.held.LeaderTransitions}
	// The library's lock writes over what it saw last and nothing else: a successor is not harmed.
	err := l.Interface.Update(ctx, free)
	if !apierrors.IsConflict(err) {
		return err
	}
	// The election was ended while it renewed, so that it did not see its own write.
	if found, _, getErr := l.Interface.Get(ctx); getErr != nil || found.HolderIdentity != l.Identity() {
		return getErr
	}
	return l.Interface.Update(ctx, free)
}
