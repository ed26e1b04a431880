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
	"errors"

	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// newRelated returns what finds related objects, nil when no customize hook asks for any.
func (c *controller) newRelated() *related.Finder[relative] {
	if c.customize == nil {
		return nil
	}
	return related.NewFinder(related.Config[relative]{
		Objects: c.config.Objects, Hook: c.customize, Mode: c.customize.Mode, Controller: c.raw,
		Scope:     related.Scope{Version: c.customize.Version, Shown: c.latestShown()},
		Delivered: append([]objects.Resource{c.parent}, c.resources...),
		Changed: func(e objects.Event, relatives map[relative]struct{}) {
			parents := map[objects.Key]struct{}{}
			addParents(parents, relatives)
			c.relatedChanged(e, parents)
		},
		Ready: func(r relative) {
			c.wakeups.Changed(r.Key, wakeup.Change{Object: nothingShown, Matters: true, Cause: wakeup.RelatedChanged})
		},
	})
}

// latestShown returns the latest version of the hooks that are shown related objects.
func (d *definition) latestShown() hook.Version {
	if d.finalize != nil && d.finalize.Version == hook.V2 {
		return hook.V2
	}
	return d.sync.Version
}

// relate finds the parent's related objects. Related objects that are still being read wake the parent when they are known.
func (c *controller) relate(ctx context.Context, x *exchange) error {
	if c.related == nil {
		return nil
	}
	var err error
	x.observation.related, err = c.findRelated(ctx, relative{Key: x.observation.parent.Key()}, x.observation.parent)
	return err
}

// findRelated finds the related objects of a parent in one of its revisions.
func (c *controller) findRelated(ctx context.Context, r relative, parent *objects.Object) (*related.Objects, error) {
	found, err := c.related.Find(ctx, r, parent)
	if _, known := c.recall(r.Key); !known { // else forget was first, and does not come again
		c.related.Forget(r)
	}
	if _, failed := errors.AsType[*hook.CallError](err); failed {
		c.census.Called(err)
	}
	return found, err
}

// relatedChanged takes a change in of a resource of which neither the parent nor a child is.
func (c *controller) relatedChanged(e objects.Event, parents map[objects.Key]struct{}) {
	change := c.relatedChange(e)
	for parent := range parents {
		c.wakeups.Changed(parent, change)
	}
}

// addRelated adds the parents that a change of a parent or child resource matters to because the object is related to them.
func (c *controller) addRelated(parents map[objects.Key]struct{}, e objects.Event) {
	if c.related == nil {
		return
	}
	addParents(parents, c.related.Concerned(e))
}

// parentRelated wakes the other parents that a parent is related to.
func (c *controller) parentRelated(e objects.Event) {
	if c.related == nil || c.numberOf(c.parent) != 0 { // else childChanged does it
		return
	}
	parents := map[objects.Key]struct{}{}
	addParents(parents, c.related.Concerned(e))
	delete(parents, e.Object().Key())
	c.relatedChanged(e, parents)
}

func (c *controller) relatedChange(e objects.Event) wakeup.Change {
	object := e.Object()
	return wakeup.Change{
		Object:          wakeup.Object{Resource: c.numberOf(e.Resource), Namespace: object.Namespace, Name: object.Name},
		ResourceVersion: object.ResourceVersion,
		Gone:            e.New == nil || e.New.Deleting(),
		Matters:         true,
		Cause:           wakeup.RelatedChanged,
	}
}

// numberOf returns the number by which wakeup knows a resource: that of its child rule; 0 for the parents'; others get the
// next free one when they are first asked for.
func (c *controller) numberOf(resource objects.Resource) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	number, known := c.numbers[resource]
	if !known {
		number = len(c.resources) + 1 + len(c.numbers)
		c.numbers[resource] = number
	}
	return number
}

// newNumbers returns the numbers of the resources that are known from the start.
func newNumbers(d *definition) map[objects.Resource]int {
	numbers := map[objects.Resource]int{d.parent: 0}
	for i, resource := range d.resources {
		numbers[resource] = i + 1
	}
	return numbers
}

// nothingShown is an object that no hook is ever shown.
var nothingShown = wakeup.Object{Resource: -1}
