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
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

func mergePatch(t *testing.T, resource schema.GroupVersionResource, namespace, name, patch string) {
	t.Helper()
	_, err := env.dynamic.Resource(resource).Namespace(namespace).Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func createConfigMap(t *testing.T, namespace, name string, labels map[string]any) {
	t.Helper()
	_, err := env.dynamic.Resource(configMaps).Namespace(namespace).Create(t.Context(), &unstructured.Unstructured{Object: object{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": object{"name": name, "labels": labels},
		"data":     object{"value": "orphan"},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// withMethod sets the update method of the ConfigMaps.
func withMethod(method v1alpha1.ChildUpdateMethod) func(*v1alpha1.CompositeController) {
	return func(c *v1alpha1.CompositeController) { c.Spec.ChildResources[0].UpdateStrategy.Method = method }
}

// withOwnSelector has parents select by their spec.selector.
func withOwnSelector(c *v1alpha1.CompositeController) { c.Spec.GenerateSelector = nil }

func TestAdoptAndRelease(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "adopter")
	hook := newHook(t, func(in request) response {
		// The hook wants what it was shown.
		var children []object
		for name, child := range in.Children["ConfigMap.v1"] {
			children = append(children, object{
				"apiVersion": "v1", "kind": "ConfigMap",
				"metadata": object{"name": name, "labels": nested[object](child, "metadata", "labels")},
			})
		}
		return response{Children: children, Status: object{"children": float64(len(children))}}
	})
	newController(t, kind, hook, withOwnSelector)
	createConfigMap(t, namespace, "before", object{"app": "a"})
	createConfigMap(t, namespace, "stranger", object{"app": "b"})
	parent := newParent(t, kind, namespace, "p", object{"selector": object{"matchLabels": object{"app": "a"}}})
	uid := string(parent.GetUID())

	eventuallyOwned := func(name, want string) {
		t.Helper()
		eventually(t, fmt.Sprintf("ConfigMap %s is controlled by %q", name, want), func() error {
			child, err := get(t.Context(), configMaps, namespace, name)
			if err != nil {
				return err
			}
			if got := controllerOf(child); got != want {
				return fmt.Errorf("it is controlled by %q", got)
			}
			return nil
		})
	}
	eventuallyOwned("before", uid)
	createConfigMap(t, namespace, "after", object{"app": "a"})
	eventuallyOwned("after", uid)
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "2", "status", "children")

	mergePatch(t, configMaps, namespace, "before", `{"metadata":{"labels":{"app":"b"}}}`)
	eventuallyOwned("before", "")
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "1", "status", "children")
	eventuallyOwned("stranger", "")
	eventuallyEvent(t, namespace, "p", "Adopted", "ConfigMap "+namespace+"/after")

	mergePatch(t, configMaps, namespace, "stranger", `{"metadata":{"labels":{"app":"a"}}}`)
	eventuallyOwned("stranger", uid)
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "2", "status", "children")
}

func TestParentWithoutSelector(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "careless")
	newController(t, kind, newHook(t, threeConfigMaps), withOwnSelector)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyEvent(t, namespace, "p", "SyncError", ".spec.selector must have either matchLabels, matchExpressions, or both")
	eventuallyHas(t, compositeControllers, "", kind.Resource, "1", "status", "parents", "failing")
}

func TestUpdateMethods(t *testing.T) {
	for method, want := range map[v1alpha1.ChildUpdateMethod]struct {
		updated bool
		sameUID bool
	}{
		v1alpha1.ChildUpdateOnDelete: {updated: false, sameUID: true},
		v1alpha1.ChildUpdateInPlace:  {updated: true, sameUID: true},
		v1alpha1.ChildUpdateRecreate: {updated: true, sameUID: false},
	} {
		t.Run(string(method), func(t *testing.T) {
			namespace, kind := newNamespace(t), newKind(t, map[v1alpha1.ChildUpdateMethod]string{
				v1alpha1.ChildUpdateOnDelete: "patient", v1alpha1.ChildUpdateInPlace: "mender", v1alpha1.ChildUpdateRecreate: "rebuilder",
			}[method])
			hook := newHook(t, threeConfigMaps)
			newController(t, kind, hook, withMethod(method))
			newParent(t, kind, namespace, "p", object{"value": "1"})
			before := eventuallyHas(t, configMaps, namespace, "p-1", "1", "data", "value")
			mergePatch(t, configMaps, namespace, "p-1", `{"data":{"foreign":"stays"}}`)
			calls := hook.count("p")
			patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)

			if !want.updated {
				eventually(t, "the hook was called", func() error {
					if hook.count("p") > calls {
						return nil
					}
					return fmt.Errorf("%d calls", hook.count("p"))
				})
				never(t, "OnDelete changes a child", func() error {
					if child, err := get(t.Context(), configMaps, namespace, "p-1"); err != nil || nested[string](child.Object, "data", "value") != "1" {
						return fmt.Errorf("it is %v, %w", child, err)
					}
					return nil
				})
				if err := env.dynamic.Resource(configMaps).Namespace(namespace).Delete(t.Context(), "p-1", metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
				eventuallyHas(t, configMaps, namespace, "p-1", "2", "data", "value")
				return
			}
			after := eventuallyHas(t, configMaps, namespace, "p-1", "2", "data", "value")
			if same := before.GetUID() == after.GetUID(); same != want.sameUID {
				t.Errorf("the child kept its UID: %t, want %t", same, want.sameUID)
			}
			foreign := nested[string](after.Object, "data", "foreign")
			if want.sameUID && foreign != "stays" {
				t.Errorf("an update in place lost what somebody else set: data is %v", after.Object["data"])
			}
		})
	}
}

// TestFieldRemoved has a hook that stops sending a field: it goes, and what others set stays.
func TestFieldRemoved(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "shrinker")
	hook := newHook(t, func(in request) response {
		return response{Children: []object{configMap("c", nested[object](in.Parent, "spec", "data"))}}
	})
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{"data": object{"a": "1", "b": "1"}})
	eventuallyHas(t, configMaps, namespace, "c", "1", "data", "b")
	mergePatch(t, configMaps, namespace, "c", `{"data":{"foreign":"stays"}}`)
	patchParent(t, kind, namespace, "p", `{"spec":{"data":{"b":null}}}`)
	c := eventuallyHas(t, configMaps, namespace, "c", "<nil>", "data", "b")
	if diff := cmp.Diff(object{"a": "1", "foreign": "stays"}, c.Object["data"]); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
}

// TestDriftIsCorrected has somebody change and delete what the hook wants.
func TestDriftIsCorrected(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "warden")
	newController(t, kind, newHook(t, threeConfigMaps))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-0", "1", "data", "value")
	mergePatch(t, configMaps, namespace, "p-0", `{"data":{"value":"drifted"}}`)
	eventuallyHas(t, configMaps, namespace, "p-0", "1", "data", "value")
	if err := env.dynamic.Resource(configMaps).Namespace(namespace).Delete(t.Context(), "p-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyHas(t, configMaps, namespace, "p-1", "1", "data", "value")
}

func TestUnwantedChildrenAreDeleted(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "weeder")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	hook.answer(func(in request) response { return response{Children: threeConfigMaps(in).Children[:1]} })
	patchParent(t, kind, namespace, "p", `{"spec":{"other":"1"}}`)
	eventuallyGone(t, configMaps, namespace, "p-1")
	eventuallyGone(t, configMaps, namespace, "p-2")
	eventuallyHas(t, configMaps, namespace, "p-0", "1", "data", "value")
	eventuallyEvent(t, namespace, "p", "Deleted", "p-1")
}

func TestStatusAndObservedGeneration(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "reporter")
	hook := newHook(t, func(in request) response {
		return response{Status: object{"seen": nested[string](in.Parent, "spec", "value"), "observedGeneration": 99}}
	})
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "1", "status", "observedGeneration")
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "2", "status", "observedGeneration")
	hook.answer(func(request) response { return response{} })
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"3"}}`)
	parent := eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "3", "status", "observedGeneration")
	if diff := cmp.Diff(object{"observedGeneration": int64(3)}, parent.Object["status"]); diff != "" {
		t.Errorf("a hook without a status leaves just observedGeneration (-want +got):\n%s", diff)
	}
}

func TestParentsSelectedByLabel(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "chosen")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook, func(c *v1alpha1.CompositeController) {
		c.Spec.ParentResource.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"managed": "yes"}}
	})
	newParent(t, kind, namespace, "out", object{"value": "1"})
	newParent(t, kind, namespace, "in", object{"value": "1"})
	patchParent(t, kind, namespace, "in", `{"metadata":{"labels":{"managed":"yes"}}}`)
	eventuallyHas(t, configMaps, namespace, "in-2", "1", "data", "value")
	if calls := hook.count("out"); calls != 0 {
		t.Errorf("the hook was called %d times for a parent that is not selected", calls)
	}
	eventuallyHas(t, compositeControllers, "", kind.Resource, "1", "status", "parents", "total")
}

func TestResyncAfterSeconds(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "ticker")
	hook := newHook(t, func(request) response { return response{ResyncAfterSeconds: 0.2} })
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{})
	eventually(t, "the hook was called five times", func() error {
		if calls := hook.count("p"); calls < 5 {
			return fmt.Errorf("%d calls", calls)
		}
		return nil
	})
}

// versions returns the resourceVersions of a kind's parents and of the ConfigMaps in a namespace.
func versions(ctx context.Context, t *testing.T, k kind, namespace string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, resource := range []schema.GroupVersionResource{configMaps, k.GroupVersionResource} {
		list, err := env.dynamic.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			found[resource.Resource+"/"+item.GetName()] = item.GetResourceVersion()
		}
	}
	return found
}
