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
	"slices"

	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// attached reports whether the object says that it is an attachment of this controller. docs/protocol.md §4.
func (d *definition) attached(o *objects.Object) bool {
	return o.Annotations()[plan.DecoratorAnnotation] == d.object.Name
}

// attachmentsOf returns the attachments of an object by rule. They are found by their owner: no namespace is walked over.
func (c *controller) attachmentsOf(o *objects.Object) [][]*objects.Object {
	attached := make([][]*objects.Object, len(c.rules))
	for i, number := range c.attachments {
		attached[i] = slices.DeleteFunc(c.stores[number].OwnedBy(o.UID), func(a *objects.Object) bool {
			// An ownerReference does not reach from one namespace into another.
			return o.Namespace != "" && a.Namespace != o.Namespace || !c.attached(a)
		})
	}
	return attached
}

// lookup finds any object of an attachment's type, whoever owns it. What is not an attachment of this controller is somebody else's,
// also when the target owns it.
func (c *controller) lookup(rule int, namespace, name string) (plan.Child, bool) {
	object := c.stores[c.attachments[rule]].Get(namespace, name)
	if object == nil {
		return plan.Child{}, false
	}
	child := planChild(rule, object)
	if c.attached(object) && child.ControllerUID != "" {
		return child, true
	}
	switch other := object.Annotations()[plan.DecoratorAnnotation]; {
	case child.ControllerUID == "":
		child.ControllerName = "nobody, and decorators adopt nothing"
	case other != "":
		child.ControllerName = "DecoratorController " + other
	default:
		child.ControllerName += " without any decorator"
	}
	child.ControllerUID = "of somebody else"
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
