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
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// TestHookCallsForSingleChanges counts the calls that single changes of parents and children cause, as docs/protocol.md §9 promises
// them: one for what a hook is shown, one more for what is written then, and none for what it is not shown.
func TestHookCallsForSingleChanges(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "delicate")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook)
	name := func(i int) string { return fmt.Sprintf("p%d", i) }
	child := func(i int) string { return name(i) + "-1" }
	for i := range parentsCounted {
		newParent(t, kind, namespace, name(i), object{"value": "1"})
	}
	expected := 2
	settled(t, hook, name, expected, "creation")

	own := object{"apiVersion": kind.GroupVersion().String(), "kind": kind.Kind, "spec": object{"value": "1"}}
	for _, change := range []struct {
		what  string
		make  func(i int)
		calls int
	}{
		{"only managedFields and resourceVersion of parents and children change", func(i int) {
			coOwn(t, kind.GroupVersionResource, namespace, name(i), own)
			coOwn(t, configMaps, namespace, child(i), object{"apiVersion": "v1", "kind": "ConfigMap", "data": object{"value": "1"}})
		}, 0},
		{"a spec changes and only status.observedGeneration follows", func(i int) {
			patchParent(t, kind, namespace, name(i), `{"spec":{"unheeded":"x"}}`)
		}, 1},
		{"somebody labels a child", func(i int) {
			mergePatch(t, configMaps, namespace, child(i), `{"metadata":{"labels":{"a":"b"}}}`)
		}, 1},
		{"somebody changes what the hook wants of a child", func(i int) {
			mergePatch(t, configMaps, namespace, child(i), `{"data":{"value":"other"}}`)
		}, 2},
		{"somebody deletes a child", func(i int) {
			if err := env.dynamic.Resource(configMaps).Namespace(namespace).Delete(t.Context(), child(i), metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}, 2},
	} {
		for i := range parentsCounted {
			change.make(i)
		}
		expected += change.calls
		settled(t, hook, name, expected, change.what)
	}
	for i := range parentsCounted {
		eventuallyHas(t, kind.GroupVersionResource, namespace, name(i), "2", "status", "observedGeneration")
		eventuallyHas(t, configMaps, namespace, child(i), "1", "data", "value")
	}
}

// coOwn has another field manager apply what an object has already.
func coOwn(t *testing.T, resource schema.GroupVersionResource, namespace, name string, fields object) {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	applied, err := env.dynamic.Resource(resource).Namespace(namespace).Patch(t.Context(), name, types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "co-owner"})
	if err != nil {
		t.Fatal(err)
	}
	if managers := fmt.Sprint(applied.GetManagedFields()); !strings.Contains(managers, "co-owner") {
		t.Fatalf("the apply did not even change managedFields: %s", managers)
	}
}
