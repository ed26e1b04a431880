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
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestDecoratorKeys sets, changes and removes labels and annotations of a built-in object, and leaves all others.
func TestDecoratorKeys(t *testing.T) {
	namespace := newNamespace(t)
	hook := newDecoratorHook(t, func(decoratorRequest) decoratorResponse {
		return decoratorResponse{
			Labels:      object{"added": "1", "changed": "by-decorator", "removed": nil},
			Annotations: object{"example.com/added": "any text: \"1\"", "example.com/removed": nil},
		}
	})
	rule := decorate(configMaps)
	rule.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"decorate": namespace}}
	newDecorator(t, "keys", hook, of(rule))
	create := func(name string, labels object) {
		t.Helper()
		if _, err := env.dynamic.Resource(configMaps).Namespace(namespace).Create(t.Context(), &unstructured.Unstructured{Object: object{
			"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": object{"name": name, "labels": labels, "annotations": object{"example.com/removed": "x", "example.com/kept": "x"}},
		}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	create("other", object{"removed": "x"})
	create("mine", object{"decorate": namespace, "changed": "x", "removed": "x", "kept": "x"})
	eventuallyHas(t, configMaps, namespace, "mine", "1", "metadata", "labels", "added")

	got, err := get(t.Context(), configMaps, namespace, "mine")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"decorate": namespace, "added": "1", "changed": "by-decorator", "kept": "x"}, got.GetLabels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"example.com/added": `any text: "1"`, "example.com/kept": "x"}, got.GetAnnotations()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	var managers []string
	for _, entry := range got.GetManagedFields() {
		managers = append(managers, entry.Manager)
	}
	if len(managers) != 2 || managers[0] != "metacontroller/decorator/keys" && managers[1] != "metacontroller/decorator/keys" {
		t.Errorf("field managers %q, want the decorator among them", managers)
	}

	// What it set and answers no more stays; what it answers is set again.
	hook.decorate(func(decoratorRequest) decoratorResponse { return decoratorResponse{Labels: object{"changed": "again"}} })
	mergePatch(t, configMaps, namespace, "mine", `{"metadata":{"labels":{"changed":"x"}}}`)
	got = eventuallyHas(t, configMaps, namespace, "mine", "again", "metadata", "labels", "changed")
	if got.GetLabels()["added"] != "1" {
		t.Errorf("labels %v, want what an earlier answer set among them", got.GetLabels())
	}
	if hook.count("other") != 0 {
		t.Error("the hook was called for an object that no rule selects")
	}
}

// TestDecoratorSelection has several rules for one type, and an object that comes to be selected and stops.
func TestDecoratorSelection(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "chosen")
	hook := newDecoratorHook(t, func(decoratorRequest) decoratorResponse { return decoratorResponse{Labels: object{"decorated": "yes"}} })
	finalize := newDecoratorHook(t, func(in decoratorRequest) decoratorResponse {
		return decoratorResponse{Labels: object{"decorated": nil}, Finalized: in.Finalizing}
	})
	byLabel, byText, byKey := decorate(kind.GroupVersionResource), decorate(kind.GroupVersionResource), decorate(kind.GroupVersionResource)
	byLabel.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "web"}}
	byText.AnnotationSelector = &v1alpha1.AnnotationSelector{MatchAnnotations: map[string]string{"example.com/text": "any text: {}"}}
	byKey.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "db"}}
	byKey.AnnotationSelector = &v1alpha1.AnnotationSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "example.com/on", Operator: metav1.LabelSelectorOpExists}}}
	newDecorator(t, kind.Resource, hook, of(byLabel, byText, byKey), finalizedBy(finalize))

	for name, metadata := range map[string]string{
		"label": `{"labels":{"tier":"web"}}`, "text": `{"annotations":{"example.com/text":"any text: {}"}}`,
		"key":  `{"labels":{"tier":"db"},"annotations":{"example.com/on":""}}`,
		"half": `{"labels":{"tier":"db"}}`, "none": `{"annotations":{"example.com/text":"other"}}`,
	} {
		newParent(t, kind, namespace, name, object{})
		patchParent(t, kind, namespace, name, `{"metadata":`+metadata+`}`)
	}
	finalizer := "metacontroller.io/decoratorcontroller-" + kind.Resource
	for _, name := range []string{"label", "text", "key"} {
		eventuallyHas(t, kind.GroupVersionResource, namespace, name, "yes", "metadata", "labels", "decorated")
		eventuallyFinalizers(t, kind, namespace, name, finalizer)
	}
	for _, name := range []string{"half", "none"} {
		if calls := hook.count(name); calls != 0 {
			t.Errorf("the hook was called %d times for %s, which no rule selects", calls, name)
		}
	}

	patchParent(t, kind, namespace, "label", `{"metadata":{"labels":{"tier":"other"}}}`)
	patchParent(t, kind, namespace, "key", `{"metadata":{"annotations":{"example.com/on":null}}}`)
	for _, name := range []string{"label", "key"} {
		eventuallyFinalizers(t, kind, namespace, name)
		eventuallyHas(t, kind.GroupVersionResource, namespace, name, "<nil>", "metadata", "labels", "decorated")
	}
	calls := hook.count("label")
	patchParent(t, kind, namespace, "label", `{"spec":{"touched":true}}`)
	never(t, "the hook is called for what is not selected any more", func() error {
		if now := hook.count("label"); now != calls {
			return fmt.Errorf("%d calls more", now-calls)
		}
		return nil
	})
	patchParent(t, kind, namespace, "label", `{"metadata":{"labels":{"tier":"web"}}}`)
	eventuallyHas(t, kind.GroupVersionResource, namespace, "label", "yes", "metadata", "labels", "decorated")
}

// TestDecoratorStatus writes a status through the subresource and without it, and leaves it alone when it is not answered.
func TestDecoratorStatus(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "stated")
	bare, definition := crd("unstated", false)
	createCRD(t, bare, definition)
	hook := newDecoratorHook(t, func(decoratorRequest) decoratorResponse {
		return decoratorResponse{Status: object{"phase": "Decorated", "nested": object{"a": 1}}, Labels: object{"decorated": "yes"}}
	})
	newDecorator(t, "status", hook, of(decorate(kind.GroupVersionResource), decorate(bare.GroupVersionResource)))
	for _, k := range []kindOf{{kind, "with"}, {bare, "without"}} {
		newParent(t, k.kind, namespace, k.name, object{})
		patchParent(t, k.kind, namespace, k.name, `{"status":{"phase":"Old","nested":{"b":2}}}`) // has no effect with the subresource
		eventually(t, k.name+" has the status", func() error {
			got, err := get(t.Context(), k.kind.GroupVersionResource, namespace, k.name)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(any(object{"phase": "Decorated", "nested": object{"a": int64(1)}}), got.Object["status"]); diff != "" {
				return fmt.Errorf("status (-want +got):\n%s", diff)
			}
			return nil
		})
	}
	hook.decorate(func(decoratorRequest) decoratorResponse {
		return decoratorResponse{Labels: object{"decorated": "again"}}
	})
	for _, k := range []kindOf{{kind, "with"}, {bare, "without"}} {
		patchParent(t, k.kind, namespace, k.name, `{"spec":{"touched":true}}`)
		eventuallyHas(t, k.kind.GroupVersionResource, namespace, k.name, "again", "metadata", "labels", "decorated")
		eventuallyHas(t, k.kind.GroupVersionResource, namespace, k.name, "Decorated", "status", "phase")
	}
}

// kindOf is an object and its kind.
type kindOf struct {
	kind kind
	name string
}

// TestDecoratorsTogether has two decorators of the same objects: what they agree on converges, and where they want different
// values the first one keeps its own and the other says so.
func TestDecoratorsTogether(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "shared")
	answer := func(key, value string) func(decoratorRequest) decoratorResponse {
		return func(decoratorRequest) decoratorResponse {
			return decoratorResponse{Labels: object{"both": value, key: "set"}, Annotations: object{"example.com/same": "same"}}
		}
	}
	first, second := newDecoratorHook(t, answer("first", "first")), newDecoratorHook(t, answer("second", "first"))
	newDecorator(t, "first", first, of(decorate(kind.GroupVersionResource)))
	newParent(t, kind, namespace, "p", object{})
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "set", "metadata", "labels", "first")
	newDecorator(t, "second", second, of(decorate(kind.GroupVersionResource)))
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "set", "metadata", "labels", "second")
	calls := func(wantFirst, wantSecond int) func() error {
		return func() error {
			if first.count("p") != wantFirst || second.count("p") != wantSecond {
				return fmt.Errorf("%d and %d calls, want %d and %d", first.count("p"), second.count("p"), wantFirst, wantSecond)
			}
			return nil
		}
	}
	eventually(t, "both have seen what the other did", calls(3, 2))
	never(t, "decorators call each other", calls(3, 2))

	second.decorate(answer("second", "second"))
	patchParent(t, kind, namespace, "p", `{"metadata":{"labels":{"second":"changed"}}}`)
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "set", "metadata", "labels", "second")
	eventuallyEvent(t, namespace, "p", "SyncError", `the label "both" is left as it is: DecoratorController first has set it to something else`)
	never(t, "decorators fight", func() error {
		got, err := get(t.Context(), kind.GroupVersionResource, namespace, "p")
		if err != nil {
			return err
		}
		if both := got.GetLabels()["both"]; both != "first" {
			return fmt.Errorf("the label is %q", both)
		}
		return nil
	})

	// A decorator that is gone holds nothing.
	if err := env.controllers.MetacontrollerV1alpha1().DecoratorControllers().Delete(t.Context(), "first", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "second", "metadata", "labels", "both")
}
