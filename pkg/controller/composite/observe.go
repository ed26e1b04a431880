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
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// observation is what one sync sees of the world. It costs what the parent's own children cost.
type observation struct {
	parent *objects.Object
	phase  phase
	memory memory
	// owned are the objects that the parent controls, by rule; adopt and release are those of them, and
	// of the orphans, whose owner must change before the hook is called.
	owned   [][]*objects.Object
	adopt   []claim
	release []claim
	// recorded are the parent's revisions.
	recorded []*v1alpha1.ControllerRevision
	// related are the objects that the customize hook asked for; nil until they are found.
	related *related.Objects
	// relatedBefore are those for revision.Set.Older, in its order.
	relatedBefore []*related.Objects
}

// claim is one object whose ownership must change.
type claim struct {
	rule   int
	object *objects.Object
}

// observe looks at a parent and its children. It answers false when the parent is not one any more.
func (c *controller) observe(key objects.Key) (*observation, bool) {
	parent := c.parents.Get(key.Namespace, key.Name)
	memory, known := c.recall(key)
	if parent == nil || !known || memory.uid != parent.UID {
		return nil, false
	}
	phase := c.phaseOf(parent)
	if phase == foreign { // its handler is about to hear of it
		return nil, false
	}
	if memory.content != parent.ContentDigest { // the store shows a parent before its handler hears of it
		memory.selector, memory.selectorErr = c.childSelector(parent)
	}
	o := &observation{
		parent: parent, phase: phase, memory: memory, owned: make([][]*objects.Object, len(c.children)), recorded: c.recorded(parent),
	}
	for i, store := range c.children {
		o.owned[i] = withoutAttachments(inNamespaceOf(parent, c.parent, store.OwnedBy(parent.UID)))
		if memory.selectorErr == nil && !parent.Deleting() {
			o.findClaims(i, store)
		}
	}
	return o, true
}

// blocked returns why no hook can be called for the parent. Who is being deleted claims no children, and
// needs no selector for that.
func (o *observation) blocked() error {
	if o.phase == releasing || o.parent.Deleting() {
		return nil
	}
	return o.memory.selectorErr
}

// findClaims compares ownership with the selector, docs/protocol.md §4.
func (o *observation) findClaims(i int, store *objects.Store) {
	for _, child := range o.owned[i] {
		if !o.memory.selector.Matches(labels.Set(child.Labels)) && !child.Deleting() {
			o.release = append(o.release, claim{i, child})
		}
	}
	for _, orphan := range store.Orphans(o.parent.Namespace, o.memory.selector) {
		if !orphan.Deleting() && attachedBy(orphan) == "" {
			o.adopt = append(o.adopt, claim{i, orphan})
		}
	}
}

// inNamespaceOf drops objects outside a namespaced parent's namespace: an ownerReference does not
// reach across namespaces.
func inNamespaceOf(parent *objects.Object, resource objects.Resource, owned []*objects.Object) []*objects.Object {
	if !resource.Namespaced {
		return owned
	}
	kept := owned[:0]
	for _, child := range owned {
		if child.Namespace == parent.Namespace {
			kept = append(kept, child)
		}
	}
	return kept
}

// shown returns the resourceVersion in which the observation holds an object, or "".
func (c *controller) shown(o *observation, object wakeup.Object) string {
	if object == parentObject(o.parent.Key()) {
		return o.parent.ResourceVersion
	}
	if object.Resource == revisionResource {
		return o.recordedVersion(object)
	}
	if rule := object.Resource - 1; rule >= 0 && rule < len(o.owned) {
		for _, child := range o.owned[rule] {
			if child.Name == object.Name && child.Namespace == object.Namespace {
				return child.ResourceVersion
			}
		}
	}
	for _, related := range append([]*related.Objects{o.related}, o.relatedBefore...) {
		for _, resource := range related.Resources() {
			if c.numberOf(resource) != object.Resource {
				continue
			}
			if version := related.Version(resource, objects.Key{Namespace: object.Namespace, Name: object.Name}); version != "" {
				return version
			}
		}
	}
	return ""
}

// request assembles what the hook is shown.
func (c *controller) request(o *observation) *hook.CompositeRequest {
	request := &hook.CompositeRequest{
		Version:          c.callerFor(o).Version,
		Controller:       c.raw,
		Parent:           o.parent.Raw,
		ParentNamespaced: c.parent.Namespaced,
		ParentNamespace:  o.parent.Namespace,
		Finalizing:       o.phase == finalizing,
		Children:         make([]hook.Group, len(c.resources)),
		Related:          o.related.Groups(),
	}
	for i, rule := range c.resources {
		group := hook.Group{Kind: rule.Kind, APIVersion: rule.APIVersion(), Namespaced: rule.Namespaced}
		for _, child := range o.owned[i] {
			group.Objects = append(group.Objects, hook.ObjectRef{Namespace: child.Namespace, Name: child.Name, Raw: child.Raw})
		}
		request.Children[i] = group
	}
	return request
}

// planInput puts the observation into the words of the plan package.
func (c *controller) planInput(x *exchange) plan.Input {
	o := x.observation
	in := plan.Input{
		Parent: plan.Parent{
			APIVersion: o.parent.APIVersion, Kind: o.parent.Kind, Namespace: o.parent.Namespace, Name: o.parent.Name,
			UID: o.parent.UID, Generation: o.parent.Generation, LeaveChildren: leftToCollector(o.parent), Status: o.parent.Status(),
			KeepStatus: builtIn(c.parent),
		},
		Strategy:         c.config.Strategy,
		Rules:            c.rules,
		Selector:         o.memory.selector,
		GenerateSelector: c.generateSelector,
		Lookup:           c.lookupChild,
		Response:         x.answer,
		Rollout:          c.rollout(x),
		Settled:          o.memory.settled,
		SettledStatus:    o.memory.settledStatus,
	}
	for i := range o.owned {
		for _, child := range o.owned[i] {
			in.Children = append(in.Children, planChild(i, child))
		}
	}
	return in
}

// lookupChild finds any object of a child kind, whoever owns it.
func (c *controller) lookupChild(rule int, namespace, name string) (plan.Child, bool) {
	object := c.children[rule].Get(namespace, name)
	if object == nil {
		return plan.Child{}, false
	}
	child := planChild(rule, object)
	if decorator := attachedBy(object); decorator != "" && child.ControllerUID != "" {
		child.ControllerUID, child.ControllerName = "of a decorator", "DecoratorController "+decorator
	}
	return child, true
}

func planChild(rule int, o *objects.Object) plan.Child {
	child := plan.Child{
		Rule: rule, Namespace: o.Namespace, Name: o.Name, ResourceVersion: o.ResourceVersion, UID: o.UID,
		Deleting: o.Deleting(), Raw: o.Raw, AppliedFields: o.AppliedFields, ContentDigest: o.ContentDigest,
	}
	if ref := o.Controller(); ref != nil {
		child.ControllerUID = ref.UID
		child.ControllerName = ref.Kind + " " + ref.Name
	}
	return child
}
