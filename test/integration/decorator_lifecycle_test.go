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
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestDecoratorReady follows the condition Ready through what can be wrong with a decorator.
func TestDecoratorReady(t *testing.T) {
	namespace := newNamespace(t)
	hook := newDecoratorHook(t, decorateAll)
	late, definition := crd("latecomer", true)
	lateAttachment, attachmentDefinition := crd("lateattachment", true)
	createDecorator(t, "late", hook, of(decorate(late.GroupVersionResource)), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace),
		func(c *v1alpha1.DecoratorController) {
			c.Spec.Attachments = append(c.Spec.Attachments, v1alpha1.DecoratorAttachmentRule{APIVersion: lateAttachment.GroupVersion().String(), Resource: lateAttachment.Resource})
			c.Spec.Hooks.Sync.Webhook.Authorization = &v1alpha1.Authorization{
				SecretRef: v1alpha1.SecretKeyReference{Namespace: namespace, Name: "token", Key: "token"},
			}
		})
	eventuallyDecoratorReady(t, "late", metav1.ConditionFalse, "ParentResourceNotFound")
	createCRD(t, late, definition)
	eventuallyDecoratorReady(t, "late", metav1.ConditionFalse, "AttachmentResourceNotFound")
	createCRD(t, lateAttachment, attachmentDefinition)
	eventuallyDecoratorReady(t, "late", metav1.ConditionFalse, "SecretNotFound")
	newParent(t, late, namespace, "p", object{"value": "1"})
	mustKubectl(t, "", "create", "secret", "generic", "token", "--namespace="+namespace, "--from-literal=token=t")
	eventuallyDecoratorReady(t, "late", metav1.ConditionTrue, "Running")
	eventuallyHas(t, configMaps, namespace, "p", "1", "data", "value")
	eventuallyEvent(t, "default", "late", "Started", "Started controller: late")

	hook.down()
	patchParent(t, late, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyDecoratorReady(t, "late", metav1.ConditionFalse, "HookUnreachable")
	hook.up()
	eventuallyDecoratorReady(t, "late", metav1.ConditionTrue, "Running")
	if err := deleteCRD(t.Context(), definition.GetName()); err != nil {
		t.Fatal(err)
	}
	eventuallyDecoratorReady(t, "late", metav1.ConditionFalse, "ParentResourceNotFound")
	eventuallyEvent(t, "default", "late", "Stopped", "Stopped controller: late")
}

// TestDecoratorRefused has an attachment that no target can own, until one can.
func TestDecoratorRefused(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "confined")
	hook := newDecoratorHook(t, func(decoratorRequest) decoratorResponse { return decoratorResponse{Labels: object{"decorated": "yes"}} })
	createDecorator(t, "confined", hook, of(decorate(kind.GroupVersionResource)), attaching("namespaces", v1alpha1.AttachmentUpdateInPlace))
	eventuallyDecoratorReady(t, "confined", metav1.ConditionFalse, "ParentScopeMismatch")
	updateDecorator(t, "confined", func(c *v1alpha1.DecoratorController) { c.Spec.Attachments = nil })
	newParent(t, kind, namespace, "p", object{})
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "yes", "metadata", "labels", "decorated")
}

// TestDecoratorFinalize has the finalize hook called for an object that is deleted, until it is done.
func TestDecoratorFinalize(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "lasting")
	sync := newDecoratorHook(t, decorateAll)
	finalize := newDecoratorHook(t, func(in decoratorRequest) decoratorResponse {
		return decoratorResponse{Annotations: object{"example.com/last": "words"}, Finalized: len(in.Attachments["ConfigMap.v1"]) == 0}
	})
	newDecorator(t, kind.Resource, sync, of(decorate(kind.GroupVersionResource)), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace), finalizedBy(finalize))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p", "1", "data", "value")
	eventuallyFinalizers(t, kind, namespace, "p", "metacontroller.io/decoratorcontroller-"+kind.Resource)
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
	eventuallyGone(t, configMaps, namespace, "p")
	if calls := finalize.count("p"); calls != 2 { // one that deletes the attachment, and one that sees it gone
		t.Errorf("%d calls of the finalize hook, want 2", calls)
	}
}

// TestDecoratorRetires takes the finalizer off all objects when the hook, a type or the whole controller goes.
func TestDecoratorRetires(t *testing.T) {
	namespace, one, two := newNamespace(t), newKind(t, "retiringone"), newKind(t, "retiringtwo")
	sync := newDecoratorHook(t, decorateAll)
	finalize := newDecoratorHook(t, func(decoratorRequest) decoratorResponse { return decoratorResponse{} })
	newDecorator(t, "retiring", sync, of(decorate(one.GroupVersionResource), decorate(two.GroupVersionResource)), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace), finalizedBy(finalize))
	newParent(t, one, namespace, "a", object{"value": "1"})
	newParent(t, two, namespace, "b", object{"value": "1"})
	const finalizer = "metacontroller.io/decoratorcontroller-retiring"
	eventuallyFinalizers(t, one, namespace, "a", finalizer)
	eventuallyFinalizers(t, two, namespace, "b", finalizer)

	updateDecorator(t, "retiring", func(c *v1alpha1.DecoratorController) { c.Spec.Resources = c.Spec.Resources[:1] })
	eventuallyFinalizers(t, two, namespace, "b")
	eventuallyFinalizers(t, one, namespace, "a", finalizer)
	updateDecorator(t, "retiring", func(c *v1alpha1.DecoratorController) { c.Spec.Hooks.Finalize = nil })
	eventuallyFinalizers(t, one, namespace, "a")
	updateDecorator(t, "retiring", func(c *v1alpha1.DecoratorController) { c.Spec.Hooks.Finalize = hookAt(finalize) })
	eventuallyFinalizers(t, one, namespace, "a", finalizer)

	client := env.controllers.MetacontrollerV1alpha1().DecoratorControllers()
	if err := client.Delete(t.Context(), "retiring", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyFinalizers(t, one, namespace, "a")
	eventually(t, "the controller is gone", func() error {
		if _, err := client.Get(t.Context(), "retiring", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return errors.Join(errors.New("it is there"), err)
		}
		return nil
	})
	never(t, "a deleted controller changes attachments", hasValue(t, namespace, "a", "1"))
}

// TestDecoratorCustomize shows a hook related objects, and calls it when they change.
func TestDecoratorCustomize(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "related")
	hook := newDecoratorHook(t, func(in decoratorRequest) decoratorResponse {
		value := nested[string](in.Related["ConfigMap.v1"]["source"], "data", "value")
		return decoratorResponse{Annotations: object{"example.com/copied": value}}
	})
	customize := newHook(t, nil)
	customize.answerAny(func(in request) any {
		return object{"relatedResources": []object{{"apiVersion": "v1", "resource": "configmaps", "names": []string{"source"}}}}
	})
	newDecorator(t, kind.Resource, hook, of(decorate(kind.GroupVersionResource)), func(c *v1alpha1.DecoratorController) {
		c.Spec.Hooks.Customize = hookAt(customize)
	})
	newParent(t, kind, namespace, "p", object{})
	mustKubectl(t, "", "create", "configmap", "source", "--namespace="+namespace, "--from-literal=value=1")
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "1", "metadata", "annotations", "example.com/copied")
	mergePatch(t, configMaps, namespace, "source", `{"data":{"value":"2"}}`)
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "2", "metadata", "annotations", "example.com/copied")
}
