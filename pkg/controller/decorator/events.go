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
	"maps"
	"slices"

	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// changed takes a change in of the resource of that number. One object may be a target, an attachment and related at once.
func (c *controller) changed(number int, e objects.Event) {
	self := target{number, e.Object().Key()}
	concerned := c.concerned(number, e)
	if c.related != nil && slices.Contains(c.delivered, e.Resource) {
		for t := range c.related.Concerned(e) {
			concerned[t] = struct{}{}
		}
	}
	delete(concerned, self)
	c.othersChanged(e, concerned, wakeup.ChildChanged)
	if number < len(c.selections) {
		c.targetChanged(self, e)
	}
}

// othersChanged wakes targets because of the change of another object.
func (c *controller) othersChanged(e objects.Event, concerned map[target]struct{}, cause wakeup.Cause) {
	object := e.Object()
	change := wakeup.Change{
		Object:          wakeup.Object{Resource: c.numberOf(e.Resource), Namespace: object.Namespace, Name: object.Name},
		ResourceVersion: object.ResourceVersion,
		Gone:            e.New == nil || e.New.Deleting(),
		Matters:         e.ContentChanged() || e.StatusChanged(),
		Cause:           cause,
	}
	for t := range concerned {
		c.wakeups.Changed(t, change)
	}
}

// relatedChanged wakes targets because of the change of an object that changed does not see.
func (c *controller) relatedChanged(e objects.Event, concerned map[target]struct{}) {
	if e.Old != nil && e.New != nil && maps.Equal(e.Old.Labels, e.New.Labels) {
		delete(concerned, target{c.numberOf(e.Resource), e.New.Key()}) // which changed sees, and which is related as it is a target
	}
	c.othersChanged(e, concerned, wakeup.RelatedChanged)
}

// targetChanged takes a change in of an object that may be a target.
func (c *controller) targetChanged(t target, e objects.Event) {
	m, known := c.recall(t)
	if e.New == nil || c.phaseOf(t.number, e.New) == foreign {
		if known {
			c.forget(t)
		}
		return
	}
	cause := wakeup.ParentChanged
	if !known {
		c.remember(t, e.New)
		cause = wakeup.Appeared
	}
	c.wakeups.Changed(t, wakeup.Change{
		Object:          t.shown(),
		ResourceVersion: e.New.ResourceVersion,
		Matters:         !known || e.ContentChanged() || e.StatusChanged() && !c.ignoresStatus(t.number, e.New),
		// What we write of the content wakes the target anyway.
		Foreign: !known || e.ContentChanged() && !m.decorated,
		Cause:   cause,
	})
}

// concerned returns the targets that the object is or was attached to, and those that wanted its name in vain.
func (c *controller) concerned(number int, e objects.Event) map[target]struct{} {
	targets := map[target]struct{}{}
	for i, attachment := range c.attachments {
		if attachment != number {
			continue
		}
		for _, state := range []*objects.Object{e.Old, e.New} {
			if state == nil {
				continue
			}
			if owner, ok := c.ownerOf(state); ok {
				targets[owner] = struct{}{}
			}
		}
		if e.New == nil || e.Old != nil && e.Old.ControllerUID() != e.New.ControllerUID() {
			for _, t := range c.contenders(i, e.Object()) {
				targets[t] = struct{}{}
			}
		}
	}
	return targets
}

// shown is the target as an object that hooks are shown.
func (t target) shown() wakeup.Object {
	return wakeup.Object{Resource: t.number, Namespace: t.Namespace, Name: t.Name}
}

// nothingShown is an object that no hook is ever shown.
var nothingShown = wakeup.Object{Resource: -1}

// newRelated returns what finds related objects, nil when no customize hook asks for any.
func (c *controller) newRelated() *related.Finder[target] {
	if c.customize == nil {
		return nil
	}
	shown := c.sync.Version
	if c.finalize != nil && c.finalize.Version == hook.V2 {
		shown = hook.V2
	}
	return related.NewFinder(related.Config[target]{
		Objects: c.config.Objects, Hook: c.customize, Mode: c.customize.Mode, Controller: c.raw,
		Scope:     related.Scope{Version: c.customize.Version, Shown: shown},
		Delivered: c.delivered,
		Changed:   c.relatedChanged,
		Ready: func(t target) {
			c.wakeups.Changed(t, wakeup.Change{Object: nothingShown, Matters: true, Cause: wakeup.RelatedChanged})
		},
	})
}
