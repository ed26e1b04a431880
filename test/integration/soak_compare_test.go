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

package integration

import (
	"context"
	"slices"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// comparison compares the world with what the hooks want. What belongs to a parent that was compared is taken out of it.
type comparison struct {
	*soak
	children, shared world
	revisions        revisions
	versions         map[string]string // of all that was looked at
	errs             []error
}

func (c *comparison) note(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// compareParent compares an object and all that belongs to it with what its hooks want.
func (c *comparison) compareParent(ctx context.Context, k *soakKind, parent *unstructured.Unstructured) error {
	if err := c.compareFinalizers(k, parent); err != nil {
		return err
	}
	related := c.shared[c.childNamespace(parent.GetNamespace())]
	shared := nested[string](related.Object, "data", "value")
	for d := range c.decoratorsOf(k) {
		if err := c.compareDecorated(ctx, d, parent, shared); err != nil {
			return err
		}
	}
	if k.plain {
		return compareInitialized(parent)
	}
	wanted := k.desired(parent.Object, c.namespaces, shared)
	if err := c.compareChildren(ctx, parent, wanted, k.method == v1alpha1.ChildUpdateOnDelete); err != nil {
		return err
	}
	status, _ := parent.Object["status"].(object)
	if k.rolls() {
		if err := c.compareRollout(parent, status, len(wanted)); err != nil {
			return err
		}
		delete(status, "conditions")
	}
	want := object{"value": nested[string](parent.Object, "spec", "value"), "children": int64(len(wanted)), "observedGeneration": parent.GetGeneration()}
	if diff := cmp.Diff(want, status); diff != "" {
		return discrepancy(parent.GetName(), "status (-want +got):\n%s", diff)
	}
	return nil
}

func (c *comparison) compareFinalizers(k *soakKind, parent *unstructured.Unstructured) error {
	finalizers := []string{}
	if k.finalizes {
		finalizers = append(finalizers, finalizerOf(k.kind))
	}
	for d := range c.decoratorsOf(k) {
		if d.finalizes && d.selected(parent) {
			finalizers = append(finalizers, d.finalizer())
		}
	}
	slices.Sort(finalizers)
	if got := slices.Sorted(slices.Values(parent.GetFinalizers())); parent.GetDeletionTimestamp() != nil || !slices.Equal(finalizers, got) {
		return discrepancy(parent.GetName(), "its deletionTimestamp is %v and its finalizers are %q, want %q", parent.GetDeletionTimestamp(), got, finalizers)
	}
	return nil
}

// compareDecorated compares what a decorator makes of an object.
func (c *comparison) compareDecorated(ctx context.Context, d *soakDecorator, o *unstructured.Unstructured, shared string) error {
	name, value := o.GetName(), nested[string](o.Object, "spec", "value")
	selected := d.selected(o)
	if !selected {
		if !d.finalizes { // it is forgotten, with all that was made of it
			c.children.forget(d, o)
			return nil
		}
		value = ""
	}
	if label, annotation := o.GetLabels()[d.name], o.GetAnnotations()[soakPrefix+d.name]; label != value || annotation != value {
		return discrepancy(name, "the label of %s is %q and the annotation %q, want %q", d.name, label, annotation, value)
	}
	if !selected {
		return nil // an attachment would be left over
	}
	wanted := d.desired(o.Object, shared)
	if d.states {
		if diff := cmp.Diff(any(object{"value": value, "attachments": int64(len(wanted))}), o.Object["status"]); diff != "" {
			return discrepancy(name, "status (-want +got):\n%s", diff)
		}
	}
	return c.compareChildren(ctx, o, wanted, d.method == v1alpha1.AttachmentUpdateOnDelete)
}

// forget takes the attachments that a decorator has left to an object out of the world.
func (w world) forget(d *soakDecorator, o *unstructured.Unstructured) {
	for key, child := range w {
		if controllerOf(child) == string(o.GetUID()) && child.GetAnnotations()[decoratorAnnotation] == d.name {
			delete(w, key)
		}
	}
}

// compareChildren compares the children or attachments of an object with those that are wanted. Stale ones that are updated when
// somebody deletes them are deleted.
func (c *comparison) compareChildren(ctx context.Context, parent *unstructured.Unstructured, wanted []object, onDelete bool) error {
	name := parent.GetName()
	var stale error
	for _, want := range wanted {
		key := worldKey(&unstructured.Unstructured{Object: want})
		child := c.children[key]
		if child == nil {
			return discrepancy(name, "%s does not exist", key)
		}
		delete(c.children, key)
		if controllerOf(child) != string(parent.GetUID()) {
			return discrepancy(name, "%s belongs to %v, not to %s", key, child.GetOwnerReferences(), parent.GetUID())
		}
		field := contentField(child.GetKind())
		diff := cmp.Diff(want[field], child.Object[field])
		if diff == "" {
			continue
		}
		stale = discrepancy(name, "%s (-want +got):\n%s", key, diff)
		if !onDelete {
			return stale
		}
		resource := configMaps
		if child.GetKind() == "Secret" {
			resource = secrets
		}
		if err := env.dynamic.Resource(resource).Namespace(child.GetNamespace()).Delete(ctx, child.GetName(), metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return stale
}

// compareRollout sees that a rollout has ended: one revision has all children.
func (c *comparison) compareRollout(parent *unstructured.Unstructured, status object, children int) error {
	if !slices.ContainsFunc(nested[[]any](status, "conditions"), func(condition any) bool {
		c, _ := condition.(object)
		return c["type"] == "Updated" && c["status"] == "True" && c["reason"] == "OnLatestRevision"
	}) {
		return discrepancy(parent.GetName(), "its conditions are %v", status["conditions"])
	}
	list := c.revisions[string(parent.GetUID())]
	delete(c.revisions, string(parent.GetUID()))
	if len(list) != 1 {
		return discrepancy(parent.GetName(), "it has %d revisions, want the latest alone: %v", len(list), list)
	}
	recorded := 0
	for _, group := range list[0].Children {
		recorded += len(group.Names)
	}
	if recorded != children {
		return discrepancy(parent.GetName(), "its revision has %d children, want %d: %v", recorded, children, list[0].Children)
	}
	return nil
}

// leftovers finds what belongs to nobody, after all that is wanted was taken out of the world.
func (c *comparison) leftovers() error {
	for key, child := range c.children {
		parent := ""
		if owner := metav1.GetControllerOf(child); owner != nil {
			parent = owner.Name
		}
		return discrepancy(parent, "%s is wanted by no parent; its owners are %v", key, child.GetOwnerReferences())
	}
	for _, list := range c.revisions {
		return discrepancy(metav1.GetControllerOf(&list[0]).Name, "ControllerRevision %s belongs to no parent", list[0].Name)
	}
	return nil
}
