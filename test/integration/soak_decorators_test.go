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
	"iter"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// soakPrefix is that of the soak's annotations.
const soakPrefix = "soak.hookplane.dev/"

// soakDecorator is a DecoratorController of the soak. It sets a label and an annotation of its own name to spec.value.
type soakDecorator struct {
	name         string
	of           []string                        // names of kinds
	method       v1alpha1.AttachmentUpdateMethod // of attachments, which are ConfigMaps; none when it is empty
	byLabel      bool                            // only objects with its label select-<name>
	byAnnotation bool                            // only objects with its annotation select-<name>
	finalizes    bool
	follows      bool // a related object, by a customize hook
	states       bool // the status

	resources []schema.GroupVersionResource
}

// soakDecorators has three decorators of the same objects, and one of parents of CompositeControllers.
func soakDecorators() []soakDecorator {
	return []soakDecorator{
		{name: "soaktagger", of: []string{"soakthing"}, method: v1alpha1.AttachmentUpdateInPlace, byLabel: true, finalizes: true, states: true},
		{name: "soakpainter", of: []string{"soakthing"}, method: v1alpha1.AttachmentUpdateRecreate, byAnnotation: true, follows: true},
		{name: "soakclerk", of: []string{"soakthing"}, method: v1alpha1.AttachmentUpdateOnDelete, finalizes: true},
		{name: "soakdresser", of: []string{"soaker", "soakender", "soakroller"}, method: v1alpha1.AttachmentUpdateInPlace, byLabel: true, finalizes: true},
	}
}

// kindsOf yields the kinds that a decorator decorates.
func (s *soak) kindsOf(d *soakDecorator) iter.Seq[*soakKind] {
	return func(yield func(*soakKind) bool) {
		for i := range s.kinds {
			if k := &s.kinds[i]; slices.Contains(d.of, k.name) && !yield(k) {
				return
			}
		}
	}
}

// decoratorsOf yields the decorators of a kind.
func (s *soak) decoratorsOf(k *soakKind) iter.Seq[*soakDecorator] {
	return func(yield func(*soakDecorator) bool) {
		for i := range s.decorators {
			if d := &s.decorators[i]; slices.Contains(d.of, k.name) && !yield(d) {
				return
			}
		}
	}
}

// configure makes the controller this one.
func (d *soakDecorator) configure(spec *v1alpha1.DecoratorControllerSpec, base string) {
	for _, resource := range d.resources {
		rule := decorate(resource)
		if d.byLabel {
			rule.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{d.selectingLabel(): "yes"}}
		}
		if d.byAnnotation {
			rule.AnnotationSelector = &v1alpha1.AnnotationSelector{MatchAnnotations: map[string]string{d.selectingAnnotation(): "yes"}}
		}
		spec.Resources = append(spec.Resources, rule)
	}
	if d.method != "" {
		spec.Attachments = []v1alpha1.DecoratorAttachmentRule{{
			APIVersion: "v1", Resource: "configmaps", UpdateStrategy: &v1alpha1.DecoratorAttachmentUpdateStrategy{Method: d.method},
		}}
	}
	spec.Hooks.Sync = soakHook(base, d.name, "sync", "")
	if d.finalizes {
		spec.Hooks.Finalize = soakHook(base, d.name, "finalize", "")
	}
	if d.follows {
		spec.Hooks.Customize = soakHook(base, d.name, "customize", "")
	}
}

func (d *soakDecorator) selectingLabel() string      { return "select-" + d.name }
func (d *soakDecorator) selectingAnnotation() string { return soakPrefix + "select-" + d.name }
func (d *soakDecorator) finalizer() string           { return "metacontroller.io/decoratorcontroller-" + d.name }

// selected reports whether the decorator decorates the object.
func (d *soakDecorator) selected(o *unstructured.Unstructured) bool {
	return (!d.byLabel || o.GetLabels()[d.selectingLabel()] == "yes") && (!d.byAnnotation || o.GetAnnotations()[d.selectingAnnotation()] == "yes")
}

// selecting returns metadata that has the decorator select an object (value "yes") or not (nil).
func (d *soakDecorator) selecting(value any) object {
	return object{"labels": object{d.selectingLabel(): value}, "annotations": object{d.selectingAnnotation(): value}}
}

// answer answers as the hooks of the controller should.
func (d *soakDecorator) answer(hook string, in *soakRequest) any {
	value, observed := nested[string](in.Object, "spec", "value"), countAll(in.Attachments)
	switch hook {
	case "customize":
		return askForShared()
	case "finalize":
		return decoratorResponse{Labels: object{d.name: nil}, Annotations: object{soakPrefix + d.name: nil}, Finalized: observed == 0}
	}
	answer := decoratorResponse{Labels: object{d.name: value}, Annotations: object{soakPrefix + d.name: value}, Attachments: d.desired(in.Object, in.shared())}
	if d.states {
		answer.Status = object{"value": value, "attachments": observed}
	}
	return answer
}

// desired is what the hooks want to have attached to an object. shared is the value of the related object.
func (d *soakDecorator) desired(o object, shared string) []object {
	if d.method == "" {
		return nil
	}
	name, namespace := nested[string](o, "metadata", "name"), nested[string](o, "metadata", "namespace")
	return soakObjects(soakConfigMap, name+"-"+d.name, namespace, nil, soakData(o, d.follows, shared), soakCount(o))
}
