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
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
)

// parentChanged takes a change of the parent resource in. The parents' store calls it.
func (c *controller) parentChanged(e objects.Event) {
	c.parentRelated(e)
	key := e.Object().Key()
	m, known := c.recall(key)
	if e.New == nil || c.phaseOf(e.New) == foreign {
		if known {
			c.forget(key)
		}
		return
	}
	if known && m.uid != e.New.UID {
		c.forget(key) // a successor of the same name
	}
	entered := !known || m.uid != e.New.UID
	if entered || e.ContentChanged() {
		c.remember(e.New)
	}
	cause := wakeup.ParentChanged
	if entered {
		cause = wakeup.Appeared
	}
	c.wakeups.Changed(key, wakeup.Change{
		Object:          parentObject(key),
		ResourceVersion: e.New.ResourceVersion,
		Matters:         entered || e.ContentChanged() || e.StatusChanged() && !c.ignoreStatusChanges,
		Foreign:         entered || e.ContentChanged(), // of the rest we write finalizers alone, and always want to see them
		Cause:           cause,
	})
}

// childChanged takes a change of a child resource in. The store of rule i calls it.
func (c *controller) childChanged(i int, e objects.Event) {
	object := e.Object()
	change := wakeup.Change{
		Object:          wakeup.Object{Resource: i + 1, Namespace: object.Namespace, Name: object.Name},
		ResourceVersion: object.ResourceVersion,
		Gone:            e.New == nil || e.New.Deleting(),
		Matters:         e.ContentChanged() || e.StatusChanged(),
		Cause:           wakeup.ChildChanged,
	}
	parents := c.concerned(i, e)
	c.addRelated(parents, e)
	for parent := range parents {
		c.wakeups.Changed(parent, change)
	}
}

// concerned returns the parents that own the object, did own it, could adopt it, or wanted it in vain.
// None of them is found by walking over parents.
func (c *controller) concerned(i int, e objects.Event) map[objects.Key]struct{} {
	parents := map[objects.Key]struct{}{}
	for _, state := range []*objects.Object{e.Old, e.New} {
		if state == nil || attachedBy(state) != "" {
			continue
		}
		if owner, ok := c.parentOf(state); ok {
			parents[owner] = struct{}{}
		}
	}
	if e.New != nil && !e.New.Deleting() && e.New.Controller() == nil && e.ContentChanged() && attachedBy(e.New) == "" {
		for _, parent := range c.selectors.Matching(e.New.Namespace, e.New.Labels) {
			parents[parent] = struct{}{}
		}
	}
	if e.New == nil || e.Old != nil && e.Old.ControllerUID() != e.New.ControllerUID() {
		for _, parent := range c.contenders(i, e.Object()) {
			parents[parent] = struct{}{}
		}
	}
	return parents
}

// parentOf returns the parent that controls the object, when this controller syncs it.
func (c *controller) parentOf(o *objects.Object) (objects.Key, bool) {
	ref := o.Controller()
	if ref == nil || ref.Kind != c.parent.Kind {
		return objects.Key{}, false
	}
	if gv, err := schema.ParseGroupVersion(ref.APIVersion); err != nil || gv.Group != c.parent.Group {
		return objects.Key{}, false
	}
	key := objects.Key{Name: ref.Name}
	if c.parent.Namespaced {
		key.Namespace = o.Namespace
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[key]
	return key, m != nil && m.uid == ref.UID
}

func parentObject(key objects.Key) wakeup.Object {
	return wakeup.Object{Namespace: key.Namespace, Name: key.Name}
}
