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
	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// observation is what one sync sees of the world. It costs what the target's own attachments cost.
type observation struct {
	target   target
	resource objects.Resource
	object   *objects.Object
	phase    phase
	memory   memory
	attached [][]*objects.Object // by rule
	// related are the objects that the customize hook asked for; nil until they are found.
	related *related.Objects
}

// observe looks at a target and its attachments. It answers false when the target is none any more.
func (c *controller) observe(t target) (*observation, bool) {
	object := c.stores[t.number].Get(t.Namespace, t.Name)
	memory, known := c.recall(t)
	if object == nil || !known || memory.uid != object.UID {
		return nil, false
	}
	phase := c.phaseOf(t.number, object)
	if phase == foreign { // its handler is about to hear of it
		return nil, false
	}
	return &observation{
		target: t, resource: c.resources[t.number], object: object, phase: phase, memory: memory, attached: c.attachmentsOf(object),
	}, true
}

// shown returns the resourceVersion in which the observation holds an object, or "".
func (c *controller) shown(o *observation, object wakeup.Object) string {
	if object == o.target.shown() {
		return o.object.ResourceVersion
	}
	for i, number := range c.attachments {
		if number != object.Resource {
			continue
		}
		for _, a := range o.attached[i] {
			if a.Name == object.Name && a.Namespace == object.Namespace {
				return a.ResourceVersion
			}
		}
	}
	for _, resource := range o.related.Resources() {
		if c.numberOf(resource) == object.Resource {
			return o.related.Version(resource, objects.Key{Namespace: object.Namespace, Name: object.Name})
		}
	}
	return ""
}

// callerFor returns the hook to call for a target.
func (c *controller) callerFor(o *observation) *supervise.Caller {
	if o.phase == finalizing {
		return c.finalize
	}
	return c.sync
}

// request assembles what the hook is shown.
func (c *controller) request(o *observation) *hook.DecoratorRequest {
	request := &hook.DecoratorRequest{
		Version:          c.callerFor(o).Version,
		Controller:       c.raw,
		Parent:           o.object.Raw,
		ParentNamespaced: o.resource.Namespaced,
		ParentNamespace:  o.object.Namespace,
		Finalizing:       o.phase == finalizing,
		Children:         make([]hook.Group, len(c.rules)),
		Related:          o.related.Groups(),
	}
	for i := range c.rules {
		rule := &c.rules[i]
		group := hook.Group{Kind: rule.Kind, APIVersion: rule.APIVersion, Namespaced: rule.Namespaced}
		for _, a := range o.attached[i] {
			group.Objects = append(group.Objects, hook.ObjectRef{Namespace: a.Namespace, Name: a.Name, Raw: a.Raw})
		}
		request.Children[i] = group
	}
	return request
}

// planInput puts the observation into the words of the plan package.
func (c *controller) planInput(o *observation, response *hookapi.DecoratorResponse) plan.DecoratorInput {
	in := plan.DecoratorInput{
		Name: c.object.Name,
		Object: plan.Input{
			Parent: plan.Parent{
				APIVersion: o.object.APIVersion, Kind: o.object.Kind, Namespace: o.object.Namespace, Name: o.object.Name,
				UID: o.object.UID, Generation: o.object.Generation, LeaveChildren: leftToCollector(o.object), Status: o.object.Status(),
			},
			Strategy:      c.config.Strategy,
			Rules:         c.rules,
			Lookup:        c.lookup,
			Settled:       o.memory.settled,
			SettledStatus: o.memory.settledStatus,
		},
		Labels: o.object.Labels, Annotations: o.object.Annotations(), StatusSubresource: o.resource.HasStatus,
		Response: response,
	}
	for i := range o.attached {
		for _, a := range o.attached[i] {
			in.Object.Children = append(in.Object.Children, planChild(i, a))
		}
	}
	return in
}
