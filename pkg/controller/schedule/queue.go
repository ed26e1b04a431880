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

package schedule

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/controller/wakeup"
)

// Retries of one parent, docs/protocol.md §3.
const (
	firstRetry = 5 * time.Millisecond
	// LastRetry is the longest time between two retries.
	LastRetry = 30 * time.Second
)

// Queue holds the parents of one controller that are due, and the timers of the others. It is safe for concurrent use.
type Queue[K comparable] struct {
	clock   clock.WithTicker
	queue   workqueue.TypedDelayingInterface[K]
	retries workqueue.TypedRateLimiter[K]

	mu      sync.Mutex
	pending map[K]pending
}

// pending is why a parent will be synced.
type pending struct {
	// due says that something happened which the hook has not been called for.
	due bool
	// wakeup is all that happened since the parent was taken.
	wakeup wakeup.Wakeup
	// wakeAt is when the parent is due without that, and wakeCause why. Zero for never.
	wakeAt    time.Time
	wakeCause wakeup.Cause
}

// NewQueue returns a queue that reports to metrics.
func NewQueue[K comparable](name string, clock clock.WithTicker, metrics workqueue.MetricsProvider) *Queue[K] {
	return &Queue[K]{
		clock:   clock,
		queue:   workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[K]{Name: name, Clock: clock, MetricsProvider: metrics}),
		retries: workqueue.NewTypedItemExponentialFailureRateLimiter[K](firstRetry, LastRetry),
		pending: map[K]pending{},
	}
}

// Add makes the parent due.
func (q *Queue[K]) Add(key K, wakeup wakeup.Wakeup) {
	q.mu.Lock()
	p := q.pending[key]
	p.due = true
	p.wakeup.Add(wakeup)
	q.pending[key] = p
	q.mu.Unlock()
	q.queue.Add(key)
}

// AddLater makes the parent due, but not before the delay has passed: unless something else makes it.
func (q *Queue[K]) AddLater(key K, wakeup wakeup.Wakeup, delay time.Duration) {
	q.mu.Lock()
	p := q.pending[key]
	p.wakeup.Add(wakeup)
	if at := q.clock.Now().Add(delay); p.wakeAt.IsZero() || at.Before(p.wakeAt) {
		p.wakeAt, p.wakeCause = at, 0
	}
	q.pending[key] = p
	q.mu.Unlock()
	q.queue.AddAfter(key, delay)
}

// SetTimer sets the parent's timer, in place of the one that it had. A delay of 0 is none. The cause is that of the sync that it brings.
func (q *Queue[K]) SetTimer(key K, delay time.Duration, cause wakeup.Cause) {
	q.mu.Lock()
	p := q.pending[key]
	p.wakeAt, p.wakeCause = time.Time{}, 0
	if delay > 0 {
		p.wakeAt, p.wakeCause = q.clock.Now().Add(delay), cause
	}
	q.set(key, p)
	q.mu.Unlock()
	if delay > 0 {
		q.queue.AddAfter(key, delay)
	}
}

// Get returns the next parent, which is to be given back with Done, or shutdown. Whether it is due says Take.
func (q *Queue[K]) Get() (key K, shutdown bool) { return q.queue.Get() }

// Done gives a parent back.
func (q *Queue[K]) Done(key K) { q.queue.Done(key) }

// ShutDown ends Get.
func (q *Queue[K]) ShutDown() { q.queue.ShutDown() }

// Take reports whether the parent that Get returned is to be synced, and why, and makes it undue. The queue beneath has no way to take a timer
// back: what a timer brings is due only when it is still wanted.
func (q *Queue[K]) Take(key K) (wakeup wakeup.Wakeup, due bool) {
	wakeup, remaining, due := q.claim(key)
	if !due && remaining > 0 {
		q.queue.AddAfter(key, remaining) // which it ignored as long as it had an earlier timer
	}
	return wakeup, due
}

// claim makes the parent undue and reports whether it was due, and why; if not, remaining is the time until its timer, when there is
// one.
func (q *Queue[K]) claim(key K) (why wakeup.Wakeup, remaining time.Duration, due bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.pending[key]
	if !p.wakeAt.IsZero() {
		remaining = p.wakeAt.Sub(q.clock.Now())
		if remaining <= 0 {
			p.due = true
			p.wakeup.Cause |= p.wakeCause
		}
	}
	if !p.due {
		return why, remaining, false
	}
	delete(q.pending, key)
	return p.wakeup, 0, true
}

// set keeps what says something. The caller holds mu.
func (q *Queue[K]) set(key K, p pending) {
	if p == (pending{}) {
		delete(q.pending, key)
		return
	}
	q.pending[key] = p
}

// Backoff returns when a failed sync is to be repeated: exponentially later with each failure, jittered so that parents that failed
// together do not return together.
func (q *Queue[K]) Backoff(key K) time.Duration {
	return wait.Jitter(q.retries.When(key)/2, 1)
}

// Succeeded makes the next failure of the parent the first.
func (q *Queue[K]) Succeeded(key K) { q.retries.Forget(key) }

// Forget drops all that is known of a parent that is gone.
func (q *Queue[K]) Forget(key K) {
	q.retries.Forget(key)
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.pending, key)
}
