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

package decorator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/schedule"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// target names an object that a controller decorates: its type by number.
type target struct {
	number int
	objects.Key
}

// controller runs one DecoratorController: it keeps a queue of its targets and syncs them.
type controller struct {
	*definition
	stores []*objects.Store // in the order of definition.resources
	// delivered are those of the resources of which all objects are watched, whole.
	delivered []objects.Resource
	// closeHooks closes the hooks of the definition.
	closeHooks func()

	queue   *schedule.Queue[target]
	wakeups *wakeup.Tracker[target]
	census  *supervise.Census[target]
	tally   *tally.Controller
	related *related.Finder[target] // nil without a customize hook

	mu        sync.Mutex
	numbers   map[objects.Resource]int // of resources, as wakeup knows them
	memory    map[target]*memory
	byUID     map[types.UID]target
	contested map[plan.ChildKey]map[target]struct{} // memory.contested, the other way round
}

var _ supervise.Controller = &controller{}

// New implements supervise.Definition. It opens the hooks, the stores and the metrics that the definition needs; Run closes them.
func (d *definition) New(ctx context.Context) supervise.Controller {
	c := &controller{
		definition: d,
		census:     supervise.NewCensus[target](d.config.Clock),
		tally:      d.config.Metrics.Open(controllerKind, d.object.Name),
		numbers:    map[objects.Resource]int{},
		memory:     map[target]*memory{},
		byUID:      map[types.UID]target{},
		contested:  map[plan.ChildKey]map[target]struct{}{},
	}
	c.queue = schedule.NewQueue[target](d.object.Name, d.config.Clock, c.tally)
	c.wakeups = wakeup.New(d.config.Clock, c.enqueue)
	c.closeHooks = d.hooks().Open(ctx)
	for number, resource := range d.resources {
		c.numbers[resource] = number
		view := d.view(number)
		c.stores = append(c.stores, d.config.Objects.OpenView(ctx, resource, view))
		if seesAll(&view) {
			c.delivered = append(c.delivered, resource)
		}
	}
	c.related = c.newRelated()
	return c
}

// Run implements supervise.Controller.
func (c *controller) Run(ctx context.Context) {
	defer c.tally.Close()
	defer c.closeHooks()
	defer func() {
		for _, store := range c.stores {
			store.Close()
		}
	}()
	defer c.queue.ShutDown()
	for _, store := range c.stores {
		if store.WaitForSync(ctx) != nil {
			return // stopped
		}
	}
	for number, store := range slices.Backward(c.stores) { // attachments first: targets are synced as soon as they are told
		defer store.AddHandler(func(e objects.Event) { c.changed(number, e) })()
	}
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

// Generation implements supervise.Controller.
func (c *controller) Generation() int64 { return c.object.Generation }

// Health implements supervise.Controller.
func (c *controller) Health() supervise.Health {
	kinds := make([]string, 0, len(c.selections))
	for _, resource := range c.resources[:len(c.selections)] {
		kinds = append(kinds, fmt.Sprintf("%s of %s", resource.GroupResource(), resource.APIVersion()))
	}
	watching := supervise.Watching{What: strings.Join(kinds, ", "), Hooks: c.hooks()}
	if c.related != nil {
		watching.Resource, watching.Err = c.related.Err()
	}
	for _, store := range slices.Backward(c.stores) {
		if err := store.Err(); err != nil {
			watching.Resource, watching.Err = store.Resource(), err
		}
	}
	health := c.census.Health(watching)
	health.NotConverging = c.notConverging()
	return health
}

// syncNext syncs the next target of the queue. It answers false when the queue is shut down. As long as a
// hook lacks what it refers to, nothing is synced: the condition Ready says so, once for all targets.
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
	logger := klog.LoggerWithValues(klog.FromContext(ctx), "object", klog.KRef(key.Namespace, key.Name), "resource", c.resources[key.number].Resource)
	c.syncTarget(klog.NewContext(ctx, logger), key, wakeup)
	return true
}
