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
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// echoes are the delays between a change of the types and the calls that tell of it. The first gathers
// changes that come together; the others give the cluster time to serve what it announced.
var echoes = []time.Duration{
	20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond,
	300 * time.Millisecond, 500 * time.Millisecond, time.Second, time.Second, time.Second, time.Second,
	time.Second, time.Second, time.Second, time.Second, time.Second,
}

// changes tells listeners that the types which the cluster serves changed, or may be about to.
type changes struct {
	clock  clock.WithTicker
	before func() // called before the listeners
	signal chan struct{}

	calling   sync.Mutex // held during calls; guards listeners
	listeners []*func()
}

func newChanges(clock clock.WithTicker, before func()) *changes {
	return &changes{clock: clock, before: before, signal: make(chan struct{}, 1)}
}

// add makes f be called. After remove has returned it is not called again.
func (c *changes) add(f func()) (remove func()) {
	c.calling.Lock()
	defer c.calling.Unlock()
	c.listeners = append(c.listeners, &f)
	return func() {
		c.calling.Lock()
		defer c.calling.Unlock()
		c.listeners = slices.DeleteFunc(c.listeners, func(other *func()) bool { return other == &f })
	}
}

// notify tells that something changed. It does not block.
func (c *changes) notify() {
	select {
	case c.signal <- struct{}{}:
	default: // is about to be noticed
	}
}

// run calls the listeners after each change, until ctx ends. It sleeps while nothing changes.
func (c *changes) run(ctx context.Context) {
	timer := c.clock.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	next := len(echoes) // of the delay that timer waits for; none
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.signal:
			if next != 0 { // else the first call is still to come
				next = 0
				timer.Stop()
				timer.Reset(echoes[0])
			}
		case <-timer.C():
			c.call()
			if next++; next < len(echoes) {
				timer.Reset(echoes[next])
			}
		}
	}
}

func (c *changes) call() {
	c.before()
	c.calling.Lock()
	defer c.calling.Unlock()
	for _, f := range c.listeners {
		(*f)()
	}
}
