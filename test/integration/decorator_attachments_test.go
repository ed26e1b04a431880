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
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

const decoratorAnnotation = "metacontroller.k8s.io/decorator-controller"

// TestDecoratorAttachments creates, updates by each method, repairs and deletes attachments.
func TestDecoratorAttachments(t *testing.T) {
	for method, recreated := range map[v1alpha1.AttachmentUpdateMethod]bool{
		v1alpha1.AttachmentUpdateInPlace: false, v1alpha1.AttachmentUpdateRecreate: true, v1alpha1.AttachmentUpdateOnDelete: false,
	} {
		t.Run(string(method), func(t *testing.T) {
			name := map[v1alpha1.AttachmentUpdateMethod]string{"InPlace": "attachin", "Recreate": "attachre", "OnDelete": "attachon"}[method]
			namespace, kind := newNamespace(t), newKind(t, name)
			hook := newDecoratorHook(t, decorateAll)
			newDecorator(t, name, hook, of(decorate(kind.GroupVersionResource)), attaching("configmaps", method))
			parent := newParent(t, kind, namespace, "p", object{"value": "1"})
			before := eventuallyHas(t, configMaps, namespace, "p", "1", "data", "value")
			if controllerOf(before) != string(parent.GetUID()) || before.GetAnnotations()[decoratorAnnotation] != name {
				t.Errorf("metadata %v, want the object as controller and the annotation", before.Object["metadata"])
			}
			eventuallyEvent(t, namespace, "p", "Created", "Created ConfigMap "+namespace+"/p")

			patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
			if method == v1alpha1.AttachmentUpdateOnDelete {
				never(t, "OnDelete updates", hasValue(t, namespace, "p", "1"))
				if err := env.dynamic.Resource(configMaps).Namespace(namespace).Delete(t.Context(), "p", metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			after := eventuallyHas(t, configMaps, namespace, "p", "2", "data", "value")
			if method != v1alpha1.AttachmentUpdateOnDelete && (before.GetUID() != after.GetUID()) != recreated {
				t.Errorf("recreated = %t, want %t", before.GetUID() != after.GetUID(), recreated)
			}
			hook.decorate(func(decoratorRequest) decoratorResponse { return decoratorResponse{} })
			patchParent(t, kind, namespace, "p", `{"spec":{"value":"3"}}`)
			eventuallyGone(t, configMaps, namespace, "p")
		})
	}
}

func hasValue(t *testing.T, namespace, name, want string) func() error {
	return func() error {
		got, err := get(t.Context(), configMaps, namespace, name)
		if err != nil {
			return err
		}
		if value, _, _ := unstructured.NestedString(got.Object, "data", "value"); value != want {
			return fmt.Errorf("its value is %q", value)
		}
		return nil
	}
}

// TestDecoratorSeesItsOwn shows a hook the attachments of its controller alone, and touches no others.
func TestDecoratorSeesItsOwn(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "private")
	seen := make(chan []string, 1000)
	hook := newDecoratorHook(t, func(in decoratorRequest) decoratorResponse {
		var names []string
		for name := range in.Attachments["ConfigMap.v1"] {
			names = append(names, name)
		}
		slices.Sort(names)
		seen <- names
		return decoratorResponse{Attachments: []object{configMap("mine", nil), configMap("orphan", nil), configMap("theirs", nil)}}
	})
	parent := newParent(t, kind, namespace, "p", object{})
	owner := []any{object{"apiVersion": "test.hookplane.dev/v1", "kind": kind.Kind, "name": "p", "uid": string(parent.GetUID()), "controller": true}}
	for name, metadata := range map[string]object{
		"orphan": {"annotations": object{decoratorAnnotation: "private"}}, "plain": {"ownerReferences": owner},
		"theirs": {"ownerReferences": owner, "annotations": object{decoratorAnnotation: "other"}},
	} {
		metadata["name"] = name
		if _, err := env.dynamic.Resource(configMaps).Namespace(namespace).Create(t.Context(), &unstructured.Unstructured{Object: object{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": object{"value": "kept"},
		}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	createDecorator(t, "private", hook, of(decorate(kind.GroupVersionResource)), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace))
	eventuallyHas(t, configMaps, namespace, "mine", "private", "metadata", "annotations", decoratorAnnotation)
	eventuallyEvent(t, namespace, "p", "SyncError", "is controlled by nobody, and decorators adopt nothing")
	eventuallyEvent(t, namespace, "p", "SyncError", "is controlled by DecoratorController other")
	for _, name := range []string{"orphan", "plain", "theirs"} {
		if err := hasValue(t, namespace, name, "kept")(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for len(seen) > 0 {
		if names := <-seen; len(names) > 0 {
			if diff := cmp.Diff([]string{"mine"}, names); diff != "" {
				t.Errorf("shown attachments (-want +got):\n%s", diff)
			}
		}
	}
}

// TestDecoratorScopes decorates a cluster-scoped object with a namespaced attachment, in both versions of the protocol.
func TestDecoratorScopes(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			namespace := newNamespace(t)
			keys := make(chan string, 100)
			hook := newDecoratorHook(t, func(in decoratorRequest) decoratorResponse {
				for key := range in.Attachments["ConfigMap.v1"] {
					keys <- key
				}
				settings := configMap("settings", object{"of": in.name()})
				settings["metadata"].(object)["namespace"] = in.name()
				return decoratorResponse{Attachments: []object{settings}}
			})
			rule := decorate(namespaces.GroupVersionResource)
			rule.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}}
			newDecorator(t, "scopes-"+version, hook, of(rule), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace), func(c *v1alpha1.DecoratorController) {
				c.Spec.Hooks.Sync.Version = v1alpha1.HookVersion(version)
			})
			eventuallyHas(t, configMaps, namespace, "settings", namespace, "data", "of")
			if key := <-keys; key != namespace+"/settings" {
				t.Errorf("the attachment's key is %q, want %q", key, namespace+"/settings")
			}
		})
	}
}
