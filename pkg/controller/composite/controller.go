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
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/controller/selectors"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// Retries of one parent, docs/protocol.md §3.
const (
	firstRetry = 5 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// controller runs one CompositeController: it keeps a queue of its parents and syncs them.
type controller struct {
	*definition
	reference *corev1.ObjectReference
	applier   Applier
	strategy  plan.Strategy
	live      metadata.Interface
	recorder  eventRecorder
	tally     *tally.Controller
	clock     clock.WithTicker
	workers   int

	parents  *objects.Store
	children []*objects.Store // in the order of definition.resources
	// closeHooks closes the hooks of the definition.
	closeHooks func()
	records    *revision.Store

	queue     workqueue.TypedDelayingInterface[objects.Key]
	retries   workqueue.TypedRateLimiter[objects.Key]
	wakeups   *wakeup.Tracker[objects.Key]
	selectors *selectors.Index[objects.Key]
	related   *related.Finder[objects.Key] // nil without a customize hook

	mu        sync.Mutex
	numbers   map[objects.Resource]int // of resources, as wakeup knows them
	memory    map[objects.Key]*memory
	contested map[plan.ChildKey]map[objects.Key]struct{} // memory.contested, the other way round
	startedAt time.Time                                  // zero until the stores were read
	hookErr   error                                      // why the hook cannot be reached, nil when the last call was answered
	failure   error                                      // the first since a sync succeeded
}

// newController opens the hooks, the stores and the metrics that the definition needs; run closes them.
func newController(ctx context.Context, d *definition, reference *corev1.ObjectReference, s *Supervisor) *controller {
	c := &controller{
		definition: d, reference: reference, applier: s.Applier, strategy: s.Strategy, live: s.Live, recorder: s.Recorder,
		tally: s.Metrics.Open(controllerKind, d.object.Name), clock: s.Clock, workers: s.Workers, records: s.Revisions,
		retries:   newBackoff(),
		selectors: selectors.NewIndex[objects.Key](),
		numbers:   newNumbers(d),
		memory:    map[objects.Key]*memory{},
		contested: map[plan.ChildKey]map[objects.Key]struct{}{},
	}
	c.queue = workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[objects.Key]{
		Name: d.object.Name, MetricsProvider: c.tally, Clock: s.Clock,
	})
	c.wakeups = wakeup.New(s.Clock, c.enqueue)
	c.related = c.newRelated(s.Objects)
	c.closeHooks = d.hooks().Open(ctx)
	c.parents = s.Objects.Open(ctx, d.parent)
	for _, resource := range d.resources {
		c.children = append(c.children, s.Objects.Open(ctx, resource))
	}
	return c
}

// run syncs parents until the context ends and returns when all that it started has ended.
func (c *controller) run(ctx context.Context) {
	defer c.tally.Close()
	defer c.closeHooks()
	defer c.closeStores()
	defer c.queue.ShutDown()
	if !c.waitForStores(ctx) {
		return
	}
	if c.revisions != nil { // Before parents are known, so that what is there already wakes none.
		stop, err := c.records.Watch(ctx, c.revisionChanged)
		if err != nil {
			return
		}
		defer stop()
	}
	for i, store := range c.children {
		defer store.AddHandler(func(e objects.Event) { c.childChanged(i, e) })()
	}
	defer c.parents.AddHandler(c.parentChanged)()
	c.setStarted()

	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { c.wakeups.Run(ctx) })
	if c.related != nil {
		wg.Go(func() { c.related.Run(ctx) })
	}
	for range c.workers {
		wg.Go(func() {
			for c.syncNext(ctx) {
			}
		})
	}
	<-ctx.Done()
	c.queue.ShutDown()
}

func (c *controller) stores() []*objects.Store {
	return append([]*objects.Store{c.parents}, c.children...)
}

func (c *controller) closeStores() {
	for _, store := range c.stores() {
		store.Close()
	}
}

func (c *controller) waitForStores(ctx context.Context) bool {
	for _, store := range c.stores() {
		if err := store.WaitForSync(ctx); err != nil {
			return false
		}
	}
	return true
}

func (c *controller) setStarted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startedAt = c.clock.Now()
}

// storeError returns why a resource cannot be watched, or nil.
func (c *controller) storeError() (objects.Resource, error) {
	for _, store := range c.stores() {
		if err := store.Err(); err != nil {
			return store.Resource(), err
		}
	}
	if c.related != nil {
		return c.related.Err()
	}
	return objects.Resource{}, nil
}

// syncNext syncs the next parent of the queue. It answers false when the queue is shut down. As long as a
// hook lacks what it refers to, nothing is synced: the condition Ready says so, once for all parents.
func (c *controller) syncNext(ctx context.Context) bool {
	key, shutdown := c.queue.Get()
	if shutdown || ctx.Err() != nil { // a queue that was shut down still hands out its backlog
		return false
	}
	defer c.queue.Done(key)
	if c.hooks().Wait(ctx) != nil {
		return false // stopped
	}
	cause, due := c.takeDue(key)
	if !due {
		return true
	}
	logger := klog.LoggerWithValues(klog.FromContext(ctx), "parent", klog.KRef(key.Namespace, key.Name))
	c.syncParent(klog.NewContext(ctx, logger), key, cause)
	return true
}

// backoff is the exponential backoff of one parent, jittered so that parents that failed together do
// not return together.
type backoff struct {
	workqueue.TypedRateLimiter[objects.Key]
}

func newBackoff() backoff {
	return backoff{workqueue.NewTypedItemExponentialFailureRateLimiter[objects.Key](firstRetry, lastRetry)}
}

// When implements workqueue.TypedRateLimiter.
func (b backoff) When(key objects.Key) time.Duration {
	delay := b.TypedRateLimiter.When(key)
	return wait.Jitter(delay/2, 1)
}
