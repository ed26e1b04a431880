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
	"fmt"
	"sync"

	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/schedule"
	"github.com/hookplane/hookplane/pkg/controller/selectors"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// controller runs one CompositeController: it keeps a queue of its parents and syncs them.
type controller struct {
	*definition
	parents  *objects.Store
	children []*objects.Store // in the order of definition.resources
	// closeHooks closes the hooks of the definition.
	closeHooks func()

	queue     *schedule.Queue[objects.Key]
	wakeups   *wakeup.Tracker[objects.Key]
	selectors *selectors.Index[objects.Key]
	related   *related.Finder[relative] // nil without a customize hook
	census    *supervise.Census[objects.Key]
	tally     *tally.Controller

	mu        sync.Mutex
	numbers   map[objects.Resource]int // of resources, as wakeup knows them
	memory    map[objects.Key]*memory
	contested map[plan.ChildKey]map[objects.Key]struct{} // memory.contested, the other way round
}

var _ supervise.Controller = &controller{}

// New implements supervise.Definition. It opens the hooks, the stores and the metrics that the definition needs; Run closes them.
func (d *definition) New(ctx context.Context) supervise.Controller {
	c := &controller{
		definition: d,
		census:     supervise.NewCensus[objects.Key](d.config.Clock),
		tally:      d.config.Metrics.Open(controllerKind, d.object.Name),
		selectors:  selectors.NewIndex[objects.Key](),
		numbers:    newNumbers(d),
		memory:     map[objects.Key]*memory{},
		contested:  map[plan.ChildKey]map[objects.Key]struct{}{},
	}
	c.queue = schedule.NewQueue[objects.Key](d.object.Name, d.config.Clock, c.tally)
	c.wakeups = wakeup.New(d.config.Clock, c.enqueue)
	c.related = c.newRelated()
	c.closeHooks = d.hooks().Open(ctx)
	c.parents = d.config.Objects.Open(ctx, d.parent)
	for _, resource := range d.resources {
		c.children = append(c.children, d.config.Objects.Open(ctx, resource))
	}
	return c
}

// Run implements supervise.Controller.
func (c *controller) Run(ctx context.Context) {
	defer c.tally.Close()
	defer c.closeHooks()
	defer c.closeStores()
	defer c.queue.ShutDown()
	if !c.waitForStores(ctx) {
		return
	}
	if c.revisions != nil { // Before parents are known, so that what is there already wakes none.
		stop, err := c.config.Revisions.Watch(ctx, c.revisionChanged)
		if err != nil {
			return
		}
		defer stop()
	}
	for i, store := range c.children {
		defer store.AddHandler(func(e objects.Event) { c.childChanged(i, e) })()
	}
	defer c.parents.AddHandler(c.parentChanged)()
	c.census.Start()

	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { c.wakeups.Run(ctx) })
	if c.related != nil {
		wg.Go(func() { c.related.Run(ctx) })
	}
	for range c.config.Workers {
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

// Generation implements supervise.Controller.
func (c *controller) Generation() int64 { return c.object.Generation }

// Health implements supervise.Controller.
func (c *controller) Health() supervise.Health {
	watching := supervise.Watching{What: fmt.Sprintf("%s of %s", c.parent.GroupResource(), c.parent.APIVersion()), Hooks: c.hooks()}
	watching.Resource, watching.Err = c.storeError()
	health := c.census.Health(watching)
	health.NotConverging = c.notConverging()
	return health
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
	wakeup, due := c.queue.Take(key)
	if !due {
		return true
	}
	logger := klog.LoggerWithValues(klog.FromContext(ctx), "parent", klog.KRef(key.Namespace, key.Name))
	c.syncParent(klog.NewContext(ctx, logger), key, wakeup)
	return true
}
