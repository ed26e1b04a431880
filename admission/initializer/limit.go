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
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// maxCalls is how many hooks are called at a time. Each call holds an object and an answer in memory.
	maxCalls = 256
	// maxCallsOfOne is how many of these are of one initializer, so that a slow one leaves room for others.
	maxCallsOfOne = maxCalls / 2
	// maxWaiting is how many calls may wait for their turn.
	maxWaiting = 1024
	// standstill is how long no call has to have ended until nobody waits any more: an answer that comes fast is worth more than
	// one that comes late.
	standstill = 5 * time.Second
	// weight is how much the time of one call counts for the estimate of the next ones.
	weight = 0.2
)

// errOverloaded is why a hook is not called when too many calls are running already.
var errOverloaded = errors.New("hookplane is completing too many new objects already")

// limiter bounds how many hooks are called at a time. A call that cannot be expected to have its turn in time is refused at
// once. When one ends, the next is of the initializer that has the fewest running. It is safe for concurrent use.
type limiter struct {
	clock clock.Clock

	mu               sync.Mutex
	running, waiting int
	moved            time.Time         // when the last call ended, or took the last room
	initializers     map[string]*calls // those that have calls
}

// calls are those of one initializer.
type calls struct {
	initializer string
	running     list.List     // of time.Time: since when, the oldest first
	waiting     list.List     // of *turn
	took        time.Duration // about how long the last calls did
	moved       time.Time     // when the last one ended, or took the last room
}

// turn is what a call waits for.
type turn struct {
	given chan struct{}
	leave func() // when it was given
}

func newLimiter(clock clock.Clock) *limiter {
	return &limiter{clock: clock, initializers: map[string]*calls{}}
}

// enter waits for the turn of a call of an initializer, at most for patience. Without one it is errOverloaded.
func (l *limiter) enter(ctx context.Context, initializer string, patience time.Duration) (leave func(), err error) {
	l.mu.Lock()
	c := l.initializers[initializer]
	if c == nil {
		c = &calls{initializer: initializer}
		l.initializers[initializer] = c
	}
	place, leave := l.queue(c, patience)
	l.mu.Unlock()
	if place == nil {
		if leave == nil {
			return nil, errOverloaded
		}
		return leave, nil
	}
	return l.wait(ctx, c, place, l.clock.Now().Add(patience))
}

// wait waits at a place in the queue.
func (l *limiter) wait(ctx context.Context, c *calls, place *list.Element, until time.Time) (leave func(), err error) {
	turn := place.Value.(*turn)
	for {
		l.mu.Lock()
		now := l.clock.Now()
		left := min(until.Sub(now), l.lastMove(c).Add(standstill).Sub(now))
		switch {
		case turn.leave != nil:
			l.mu.Unlock()
			return turn.leave, nil
		case left <= 0 || ctx.Err() != nil:
			defer l.mu.Unlock()
			c.waiting.Remove(place)
			l.waiting--
			l.forget(c)
			return nil, errOverloaded
		}
		timer := l.clock.NewTimer(left)
		l.mu.Unlock()
		select {
		case <-turn.given:
		case <-timer.C():
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// lastMove is when the last call ended whose end lets one of the initializer in, or when they became too many.
func (l *limiter) lastMove(c *calls) time.Time {
	if c.running.Len() >= maxCallsOfOne {
		return c.moved
	}
	return l.moved
}

// queue starts a call, or gives it a place to wait at, or neither.
func (l *limiter) queue(c *calls, patience time.Duration) (place *list.Element, leave func()) {
	switch {
	case l.free(c) && c.waiting.Len() == 0:
		return nil, l.start(c)
	case l.waiting >= maxWaiting || l.expected(c) > patience || l.clock.Since(l.lastMove(c)) >= standstill:
		l.forget(c)
		return nil, nil
	}
	l.waiting++
	return c.waiting.PushBack(&turn{given: make(chan struct{})}), nil
}

func (l *limiter) free(c *calls) bool {
	return l.running < maxCalls && c.running.Len() < maxCallsOfOne
}

// expected is how long a call has to wait that comes now: as many rounds as there are calls before it, each of which takes as
// long as the last ones did, or the oldest that is running.
func (l *limiter) expected(c *calls) time.Duration {
	round := c.took
	if oldest := c.running.Front(); oldest != nil {
		round = max(round, l.clock.Since(oldest.Value.(time.Time)))
	}
	return time.Duration(float64(round) * float64(c.waiting.Len()+1) / maxCallsOfOne)
}

func (l *limiter) start(c *calls) (leave func()) {
	now := l.clock.Now()
	running := c.running.PushBack(now)
	if l.running++; l.running == maxCalls {
		l.moved = now
	}
	if c.running.Len() == maxCallsOfOne {
		c.moved = now
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		now := l.clock.Now()
		l.moved, c.moved = now, now
		took := now.Sub(c.running.Remove(running).(time.Time))
		if c.took == 0 {
			c.took = took
		}
		c.took += time.Duration(weight * float64(took-c.took))
		l.running--
		l.next()
		l.forget(c)
	}
}

// next starts the calls whose turn it is.
func (l *limiter) next() {
	for l.waiting > 0 {
		var chosen *calls
		for _, c := range l.initializers {
			if c.waiting.Len() > 0 && l.free(c) && (chosen == nil || c.running.Len() < chosen.running.Len()) {
				chosen = c
			}
		}
		if chosen == nil {
			return
		}
		turn := chosen.waiting.Remove(chosen.waiting.Front()).(*turn)
		l.waiting--
		turn.leave = l.start(chosen)
		close(turn.given)
	}
}

// forget drops an initializer without calls, so that those which are gone leave nothing behind.
func (l *limiter) forget(c *calls) {
	if c.running.Len() == 0 && c.waiting.Len() == 0 {
		delete(l.initializers, c.initializer)
	}
}
