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
	"slices"
	"time"

	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// enqueue has the parent synced as soon as a worker is free; later when its hook does not settle and nothing but
// its own writes is the cause.
func (c *controller) enqueue(key objects.Key, wakeup wakeup.Wakeup) {
	if wait := c.noteWakeup(key, wakeup); wait > 0 {
		c.queue.AddAfter(key, wait)
		return
	}
	c.queue.Add(key)
}

// noteWakeup makes the parent due, at once or in the time that it returns.
func (c *controller) noteWakeup(key objects.Key, why wakeup.Wakeup) (wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[key]
	if m == nil {
		return 0
	}
	m.wakeup.Add(why)
	if why.Cause == wakeup.OwnWrites {
		wait = m.streak.Delay()
	}
	if wait == 0 {
		m.due = true
	} else if at := c.config.Clock.Now().Add(wait); m.wakeAt.IsZero() || at.Before(m.wakeAt) {
		m.wakeAt, m.wakeCause = at, 0
	}
	return wait
}

// takeDue reports whether the parent that came out of the queue is to be synced, and why. The queue has no way
// to take a timer back: what a timer brings is due only when the last sync still wanted it.
func (c *controller) takeDue(key objects.Key) (wakeup wakeup.Wakeup, due bool) {
	wakeup, remaining, due := c.claimDue(key)
	if !due && remaining > 0 {
		c.queue.AddAfter(key, remaining) // which it ignored as long as it had an earlier timer
	}
	return wakeup, due
}

// claimDue makes the parent undue and reports whether it was due, and why; if not, remaining is the time until
// its timer, when there is one.
func (c *controller) claimDue(key objects.Key) (why wakeup.Wakeup, remaining time.Duration, due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[key]
	if m == nil {
		return why, 0, false
	}
	if !m.wakeAt.IsZero() {
		remaining = m.wakeAt.Sub(c.config.Clock.Now())
		if remaining <= 0 {
			m.due = true
			m.wakeup.Cause |= m.wakeCause
		}
	}
	if !m.due {
		return why, remaining, false
	}
	why = m.wakeup
	m.due, m.wakeup, m.wakeAt, m.wakeCause = false, wakeup.Wakeup{}, time.Time{}, 0
	return why, 0, true
}

// schedule arranges the sync that no event will cause. It replaces what was arranged before.
func (c *controller) schedule(key objects.Key, x *exchange) {
	retryIn := c.retryIn(key, x)
	wakeIn := retryIn
	for _, answer := range append(slices.Clone(x.older), x.answer) {
		if answer != nil {
			wakeIn = earlier(wakeIn, answer.ResyncAfter())
		}
	}
	if c.resyncPeriod > 0 {
		wakeIn = earlier(wakeIn, untilResync(x.observation.parent.UID, c.resyncPeriod, c.config.Clock.Now()))
	}
	if wakeIn == 0 {
		return
	}
	cause := wakeup.Resync
	if wakeIn == retryIn {
		cause = wakeup.Retry
	}
	c.mu.Lock()
	if m := c.memory[key]; m != nil {
		m.wakeAt, m.wakeCause = c.config.Clock.Now().Add(wakeIn), cause
	}
	c.mu.Unlock()
	c.queue.AddAfter(key, wakeIn)
}

// retryIn returns when a sync is repeated that failed or stalls; 0 when it is not.
func (c *controller) retryIn(key objects.Key, x *exchange) time.Duration {
	var later *hook.RetryAfterError
	switch {
	case errors.As(x.err, &later):
		return later.After
	case x.err == nil && x.stalls():
		return c.retries.When(key)
	case x.err == nil, x.observation.blocked() != nil: // only a change of the parent can help, and that wakes it
		c.retries.Forget(key)
		return 0
	default:
		return c.retries.When(key)
	}
}

// earlier returns the shorter of two delays. 0 stands for none.
func earlier(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
