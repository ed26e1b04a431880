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
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// selectManaged makes parents of what has the label managed=yes.
func selectManaged(c *v1alpha1.CompositeController) {
	c.Spec.ParentResource.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"managed": "yes"}}
}

// TestFinalizeUnselected finalizes a parent whose label changes, has it back in the middle, and lets it go.
func TestFinalizeUnselected(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "turncoat")
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, holdOn)
	newController(t, kind, sync, withFinalize(finalize), selectManaged)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	selected := func(value string) {
		patchParent(t, kind, namespace, "p", `{"metadata":{"labels":{"managed":"`+value+`"}}}`)
	}
	selected("yes")
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")

	selected("no")
	eventuallyHas(t, configMaps, namespace, "p-last", "last", "data", "value")
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "Holding", "status", "phase")
	eventuallyGone(t, configMaps, namespace, "p-2")
	selected("yes")
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	eventuallyGone(t, configMaps, namespace, "p-last")
	eventuallyFinalizers(t, kind, namespace, "p", finalizerOf(kind))

	finalize.answer(tearDown)
	selected("no")
	eventuallyFinalizers(t, kind, namespace, "p")
	eventuallyGone(t, configMaps, namespace, "p-2")
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "TearingDown", "status", "phase")
	eventuallyHas(t, compositeControllers, "", kind.Resource, "0", "status", "parents", "total")
	calls := finalize.count("p")
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	settledOne(t, finalize, "p", calls)

	selected("yes")
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
}

// TestSelectedAgainDuringFinalize selects a parent again while the finalize hook works: that it is finalized is not true any more.
func TestSelectedAgainDuringFinalize(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "waverer")
	called, goOn := make(chan struct{}, 100), make(chan struct{})
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, nil)
	finalize.answer(func(request) response {
		called <- struct{}{}
		<-goOn
		return response{Finalized: true}
	})
	newController(t, kind, sync, withFinalize(finalize), selectManaged)
	for _, name := range []string{"p", "other"} {
		newParent(t, kind, namespace, name, object{"value": "1"})
		patchParent(t, kind, namespace, name, `{"metadata":{"labels":{"managed":"yes"}}}`)
	}
	before := eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	eventuallyHas(t, configMaps, namespace, "other-2", "1", "data", "value")
	patchParent(t, kind, namespace, "p", `{"metadata":{"labels":{"managed":"no"}}}`)
	<-called
	patchParent(t, kind, namespace, "p", `{"metadata":{"labels":{"managed":"yes"}},"spec":{"value":"2"}}`)
	// The cache hears of it a moment later than this test; the other parent's call shows that it did.
	deleteParent(t, kind, namespace, "other", metav1.DeletePropagationBackground)
	<-called
	close(goOn)
	after := eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
	if before.GetUID() != after.GetUID() {
		t.Error("the child was deleted and created again")
	}
	eventuallyGone(t, kind.GroupVersionResource, namespace, "other")
	finalize.answer(tearDown)
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
}

// updateController changes a controller, whoever else writes it.
func updateController(t *testing.T, name string, mod func(*v1alpha1.CompositeController)) {
	t.Helper()
	eventually(t, "controller "+name+" is updated", func() error {
		client := env.controllers.MetacontrollerV1alpha1().CompositeControllers()
		object, err := client.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		mod(object)
		_, err = client.Update(t.Context(), object, metav1.UpdateOptions{})
		return err
	})
}

// TestControllerChangedDuringFinalize changes the finalize hook of a parent that waits for it.
func TestControllerChangedDuringFinalize(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "reformer")
	sync, stuck, better := newHook(t, threeConfigMaps), newHook(t, holdOn), newHook(t, tearDown)
	newController(t, kind, sync, withFinalize(stuck))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyFinalizers(t, kind, namespace, "p", finalizerOf(kind))
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	eventuallyHas(t, configMaps, namespace, "p-last", "last", "data", "value")
	updateController(t, kind.Resource, withFinalize(better))
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
	eventuallyGone(t, configMaps, namespace, "p-last")
}

// TestFinalizeHookTakenOff takes the finalize hook off the controller: nothing keeps its parents any more.
func TestFinalizeHookTakenOff(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "relieved")
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, holdOn)
	newController(t, kind, sync, withFinalize(finalize), selectManaged)
	for _, name := range []string{"stays", "goes", "unselected"} {
		newParent(t, kind, namespace, name, object{"value": "1"})
		patchParent(t, kind, namespace, name, `{"metadata":{"labels":{"managed":"yes"}}}`)
		eventuallyHas(t, configMaps, namespace, name+"-2", "1", "data", "value")
	}
	deleteParent(t, kind, namespace, "goes", metav1.DeletePropagationBackground)
	patchParent(t, kind, namespace, "unselected", `{"metadata":{"labels":{"managed":"no"}}}`)
	eventuallyHas(t, configMaps, namespace, "goes-last", "last", "data", "value")
	eventuallyHas(t, configMaps, namespace, "unselected-last", "last", "data", "value")

	updateController(t, kind.Resource, func(c *v1alpha1.CompositeController) { c.Spec.Hooks.Finalize = nil })
	eventuallyGone(t, kind.GroupVersionResource, namespace, "goes")
	eventuallyFinalizers(t, kind, namespace, "stays")
	eventuallyFinalizers(t, kind, namespace, "unselected")
	patchParent(t, kind, namespace, "stays", `{"spec":{"value":"2"}}`)
	eventuallyHas(t, configMaps, namespace, "stays-2", "2", "data", "value")
	eventuallyHas(t, configMaps, namespace, "unselected-last", "last", "data", "value")
	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")

	client := env.controllers.MetacontrollerV1alpha1().CompositeControllers()
	controller, err := client.Get(t.Context(), kind.Resource, metav1.GetOptions{})
	if err != nil || len(controller.Finalizers)+len(controller.Annotations) > 0 {
		t.Errorf("the controller keeps finalizers %q and annotations %v, or cannot be read: %v", controller.Finalizers, controller.Annotations, err)
	}
}

// TestForgottenFinalizer has a parent with the finalizer of a hook that its controller does not have, as an earlier
// controller of that name leaves one behind.
func TestForgottenFinalizer(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "relic")
	for _, name := range []string{"stays", "goes"} {
		newParent(t, kind, namespace, name, object{"value": "1"})
		patchParent(t, kind, namespace, name, `{"metadata":{"finalizers":["`+finalizerOf(kind)+`"]}}`)
	}
	deleteParent(t, kind, namespace, "goes", metav1.DeletePropagationBackground)
	newController(t, kind, newHook(t, threeConfigMaps))
	eventuallyGone(t, kind.GroupVersionResource, namespace, "goes")
	eventuallyHas(t, configMaps, namespace, "stays-2", "1", "data", "value")
	eventuallyFinalizers(t, kind, namespace, "stays")
}

// TestControllerWithFinalizeDeleted deletes a controller: its parents are rid of its finalizer and otherwise left alone.
func TestControllerWithFinalizeDeleted(t *testing.T) {
	for name, tc := range map[string]struct {
		kind string
		kill bool // right after the deletion
	}{
		"Running": {kind: "widow"},
		"Killed":  {kind: "orphan"},
	} {
		t.Run(name, func(t *testing.T) {
			namespace, kind := newNamespace(t), newKind(t, tc.kind)
			sync, finalize := newHook(t, threeConfigMaps), newHook(t, holdOn)
			newController(t, kind, sync, withFinalize(finalize))
			for i := range 30 {
				newParent(t, kind, namespace, fmt.Sprintf("p%d", i), object{"value": "1"})
			}
			for i := range 30 {
				eventuallyHas(t, configMaps, namespace, fmt.Sprintf("p%d-2", i), "1", "data", "value")
			}
			deleteParent(t, kind, namespace, "p0", metav1.DeletePropagationBackground)
			eventuallyHas(t, configMaps, namespace, "p0-last", "last", "data", "value")
			client := env.controllers.MetacontrollerV1alpha1().CompositeControllers()
			if err := client.Delete(t.Context(), kind.Resource, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			if tc.kill {
				if err := env.server.Kill(); err != nil {
					t.Fatal(err)
				}
				startAgain(t)
			}
			eventuallyGone(t, kind.GroupVersionResource, namespace, "p0")
			for i := 1; i < 30; i++ {
				eventuallyFinalizers(t, kind, namespace, fmt.Sprintf("p%d", i))
				eventuallyHas(t, configMaps, namespace, fmt.Sprintf("p%d-2", i), "1", "data", "value")
			}
			eventually(t, "the controller is gone", func() error {
				_, err := client.Get(t.Context(), kind.Resource, metav1.GetOptions{})
				if apierrors.IsNotFound(err) {
					return nil
				}
				return errors.Join(errors.New("it is there"), err)
			})
			deleteParent(t, kind, namespace, "p1", metav1.DeletePropagationBackground)
			eventuallyGone(t, kind.GroupVersionResource, namespace, "p1")
		})
	}
}

// TestParentResourceExchanged gives a controller another parent resource: the objects of the first are rid of the finalizer.
func TestParentResourceExchanged(t *testing.T) {
	namespace, first, second := newNamespace(t), newKind(t, "predecessor"), newKind(t, "successor")
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, tearDown)
	newController(t, first, sync, withFinalize(finalize))
	newParent(t, first, namespace, "a", object{"value": "1"})
	newParent(t, second, namespace, "b", object{"value": "1"})
	eventuallyFinalizers(t, first, namespace, "a", finalizerOf(first))
	updateController(t, first.Resource, func(c *v1alpha1.CompositeController) { c.Spec.ParentResource.Resource = second.Resource })
	eventuallyFinalizers(t, first, namespace, "a")
	eventuallyFinalizers(t, second, namespace, "b", finalizerOf(first))
	deleteParent(t, second, namespace, "b", metav1.DeletePropagationBackground)
	eventuallyGone(t, second.GroupVersionResource, namespace, "b")
}

// TestControllerDeletedWithItsParentResource deletes a controller whose parents went with their CustomResourceDefinition.
func TestControllerDeletedWithItsParentResource(t *testing.T) {
	namespace := newNamespace(t)
	kind, definition := crd("dynasty", true)
	createCRD(t, kind, definition)
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, tearDown)
	newController(t, kind, sync, withFinalize(finalize))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyFinalizers(t, kind, namespace, "p", finalizerOf(kind))
	if err := deleteCRD(t.Context(), definition.GetName()); err != nil {
		t.Fatal(err)
	}
	eventuallyGone(t, crds, "", definition.GetName())
	client := env.controllers.MetacontrollerV1alpha1().CompositeControllers()
	if err := client.Delete(t.Context(), kind.Resource, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyGone(t, compositeControllers, "", kind.Resource)
}

// TestRetireFromVersionNoLongerServed deletes a controller whose parents are served in another version by now: its finalizers go all the same.
func TestRetireFromVersionNoLongerServed(t *testing.T) {
	namespace := newNamespace(t)
	k, definition := crd("modernized", true)
	versions := func(v1, v2 bool) []any {
		first := definition.Object["spec"].(map[string]any)["versions"].([]any)[0].(map[string]any)
		v := func(name string, served, storage bool) any {
			version := maps.Clone(first)
			version["name"], version["served"], version["storage"] = name, served, storage
			return version
		}
		return []any{v("v1", v1, false), v("v2", v2, true)}
	}
	definition.Object["spec"].(map[string]any)["versions"] = versions(true, true)
	createCRD(t, k, definition)
	newController(t, k, newHook(t, threeConfigMaps), withFinalize(newHook(t, holdOn)))
	newParent(t, k, namespace, "p", object{"value": "1"})
	eventuallyFinalizers(t, k, namespace, "p", finalizerOf(k))

	patch, err := json.Marshal(object{"spec": object{"versions": versions(false, true)}})
	if err != nil {
		t.Fatal(err)
	}
	mergePatch(t, crds, "", definition.GetName(), string(patch))
	eventuallyReady(t, k.Resource, metav1.ConditionFalse, "ParentResourceNotFound")
	err = env.controllers.MetacontrollerV1alpha1().CompositeControllers().Delete(t.Context(), k.Resource, metav1.DeleteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventuallyGone(t, compositeControllers, "", k.Resource)
	k.Version = "v2"
	if got, err := finalizers(t.Context(), k, namespace, "p"); err != nil || len(got) > 0 {
		t.Errorf("the controller is gone and the parent has the finalizers %q, %v", got, err)
	}
}
