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

	"github.com/hookplane/hookplane/pkg/controller/schedule"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// enqueue has the parent synced as soon as a worker is free; later when its hook does not settle and nothing but
// its own writes is the cause.
func (c *controller) enqueue(key objects.Key, why wakeup.Wakeup) {
	if why.Cause == wakeup.OwnWrites {
		if m, _ := c.recall(key); m.streak.Restless() {
			c.queue.AddLater(key, why, m.streak.Delay())
			return
		}
	}
	c.queue.Add(key, why)
}

// nextSync returns when the sync is due that no event will cause, and why it will be; 0 for never.
func (c *controller) nextSync(key objects.Key, x *exchange) (time.Duration, wakeup.Cause) {
	retry := c.retryIn(key, x)
	next := retry
	for _, answer := range append(slices.Clone(x.older), x.answer) {
		if answer != nil {
			next = schedule.Earlier(next, answer.ResyncAfter())
		}
	}
	if c.resyncPeriod > 0 {
		next = schedule.Earlier(next, schedule.UntilResync(x.observation.parent.UID, c.resyncPeriod, c.config.Clock.Now()))
	}
	if next == retry {
		return next, wakeup.Retry
	}
	return next, wakeup.Resync
}

// retryIn returns when a sync is repeated that failed or stalls; 0 when it is not.
func (c *controller) retryIn(key objects.Key, x *exchange) time.Duration {
	later, patience := errors.AsType[*hook.RetryAfterError](x.err)
	switch {
	case patience:
		return later.After
	case x.err == nil && x.stalls():
		return c.queue.Backoff(key)
	case x.err == nil, x.observation.blocked() != nil: // only a change of the parent can help, and that wakes it
		c.queue.Succeeded(key)
		return 0
	default:
		return c.queue.Backoff(key)
	}
}
