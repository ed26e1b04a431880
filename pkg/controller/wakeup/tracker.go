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

package wakeup

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// patience is how long a sync's writes are awaited: a watch that lags longer than this delays its
	// parents by no more.
	patience = 10 * time.Second

	// maxBuffered bounds what is remembered of the changes that arrive while one parent is synced.
	maxBuffered = 1000
)

// Object names an object that a hook is shown.
type Object struct {
	// Resource tells the resource types of one controller apart; the caller chooses the numbers.
	Resource        int
	Namespace, Name string
}

// Change is one change of an object, as a watch delivered it.
type Change struct {
	Object          Object
	ResourceVersion string
	// Gone says that the object was deleted or is being deleted.
	Gone bool
	// Matters says that the hook would be shown something else than before.
	Matters bool
	// Foreign says that more changed than a write of ours to this object can have changed.
	Foreign bool
	// Cause is what the parent is told when the change wakes it.
	Cause Cause
}

// Write is one write of a sync that changed an object.
type Write struct {
	Object Object
	// ResourceVersion is what the write left behind; empty for a delete.
	ResourceVersion string
	// Deletes says that the write asked for the object's deletion.
	Deletes bool
	// Matters is false for what only our own bookkeeping changed: nobody is woken by it.
	Matters bool
}

// Tracker follows the syncs of a controller's parents, which K names. It is safe for concurrent use;
// one parent is synced by one goroutine at a time, as a workqueue guarantees.
type Tracker[K comparable] struct {
	clock   clock.WithTicker
	enqueue func(K, Wakeup)

	mu      sync.Mutex
	parents map[K]*parent
}

// parent is kept only while a sync runs or while its writes are awaited.
type parent struct {
	syncing  bool
	buffered []timed          // arrived while syncing
	awaited  map[Object]Write // written, not yet seen
	due      bool             // must be synced again once nothing is awaited
	wakeup   Wakeup           // why it is due
	deadline time.Time
}

// timed is a change and when it came.
type timed struct {
	Change
	at time.Time
}

// New returns a tracker that calls enqueue for each parent that is due, and tells why and since when. enqueue must not block and
// must not call the tracker.
func New[K comparable](clock clock.WithTicker, enqueue func(K, Wakeup)) *Tracker[K] {
	return &Tracker[K]{clock: clock, enqueue: enqueue, parents: map[K]*parent{}}
}

// Changed tells that an object of the parent changed.
func (t *Tracker[K]) Changed(key K, change Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, came := t.parents[key], timed{change, t.clock.Now()}
	switch {
	case p == nil:
		if change.Matters {
			t.enqueue(key, came.wakeup())
		}
	case p.syncing:
		p.buffer(came)
	default:
		p.absorb(came)
		t.finish(key, p)
	}
}

// Begin tells that a sync of the parent starts, and why, and must come before the sync looks at any object. It
// answers false when earlier writes are still awaited: then the sync must not run, and the parent is
// enqueued as soon as they were seen.
func (t *Tracker[K]) Begin(key K, wakeup Wakeup) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.parents[key]; p != nil {
		p.wake(wakeup)
		return false
	}
	t.parents[key] = &parent{syncing: true}
	return true
}

// End tells that the sync is over and what it wrote. shown returns the resourceVersion in which the
// sync saw an object, or "" when it saw none.
func (t *Tracker[K]) End(key K, shown func(Object) string, writes []Write) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.parents[key]
	if p == nil || !p.syncing {
		return // forgotten meanwhile
	}
	p.syncing = false
	now := t.clock.Now()
	p.deadline = now.Add(patience)
	p.awaited = make(map[Object]Write, len(writes))
	for _, w := range writes {
		if w.ResourceVersion != "" && w.ResourceVersion == shown(w.Object) {
			continue // the server found nothing to change: no event will come
		}
		p.awaited[w.Object] = w
		if w.Matters {
			p.wake(Wakeup{Cause: OwnWrites, Since: now})
		}
	}
	for _, change := range p.buffered {
		if newer(change.ResourceVersion, shown(change.Object)) { // else the sync has seen it
			p.absorb(change)
		}
	}
	p.buffered = nil
	t.finish(key, p)
}

// Forget drops what is known of a parent that is gone.
func (t *Tracker[K]) Forget(key K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.parents, key)
}

// Run releases parents whose writes were awaited for too long. It returns when the context ends.
func (t *Tracker[K]) Run(ctx context.Context) {
	ticker := t.clock.NewTicker(patience / 10)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			t.releaseOverdue(klog.FromContext(ctx))
		}
	}
}

func (t *Tracker[K]) releaseOverdue(logger klog.Logger) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	for key, p := range t.parents {
		if p.syncing || now.Before(p.deadline) {
			continue
		}
		logger.V(2).Info("A sync's writes were not seen by watch in time", "parent", key, "awaited", len(p.awaited))
		p.awaited = nil
		t.finish(key, p)
	}
}

// finish ends the wait once all was seen.
func (t *Tracker[K]) finish(key K, p *parent) {
	if len(p.awaited) > 0 {
		return
	}
	delete(t.parents, key)
	if p.due {
		t.enqueue(key, p.wakeup)
	}
}

// wake makes the parent due.
func (p *parent) wake(wakeup Wakeup) {
	p.due = true
	p.wakeup.Add(wakeup)
}

func (c *timed) wakeup() Wakeup { return Wakeup{Cause: c.Cause, Since: c.at} }

// absorbOther counts a change in that others made.
func (p *parent) absorbOther(change timed) {
	if change.Matters {
		p.wake(change.wakeup())
	}
}

func (p *parent) buffer(change timed) {
	if len(p.buffered) == maxBuffered {
		p.wake(change.wakeup()) // too much to tell apart: one more sync is always right
		p.buffered = p.buffered[:copy(p.buffered, p.buffered[1:])]
	}
	p.buffered = append(p.buffered, change)
}

// absorb counts a change in: as the echo of an own write, or as somebody else's.
func (p *parent) absorb(change timed) {
	w, awaited := p.awaited[change.Object]
	if !awaited {
		p.absorbOther(change)
		return
	}
	if w.Deletes {
		if change.Gone {
			delete(p.awaited, change.Object)
		} else {
			p.absorbOther(change)
		}
		return
	}
	if change.ResourceVersion == w.ResourceVersion {
		delete(p.awaited, change.Object)
		// No echo when the write found nothing to change and answered with somebody else's version, and
		// more than an echo when a relist tells several changes as one.
		if change.Foreign {
			p.wake(change.wakeup())
		}
		return
	}
	p.absorbOther(change)
	if change.Gone || newer(change.ResourceVersion, w.ResourceVersion) {
		delete(p.awaited, change.Object)
	}
}

// newer reports whether resourceVersion a came after b. An unknown b is older than anything, and what
// cannot be compared counts as newer: a sync too many is better than one too few.
func newer(a, b string) bool {
	if b == "" {
		return true
	}
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
