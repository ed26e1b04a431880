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
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestDecoratorOfCompositeParent attaches objects to the parent of a CompositeController that has children of the same type: each
// controller is shown its own, and leaves the other's alone.
func TestDecoratorOfCompositeParent(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "joined")
	sync := newHook(t, func(in request) response {
		for name := range in.Children["ConfigMap.v1"] {
			if name == "attached" {
				t.Error("the composite's hook is shown an attachment")
			}
		}
		return threeConfigMaps(in)
	})
	newController(t, kind, sync)
	decorator := newDecoratorHook(t, func(in decoratorRequest) decoratorResponse {
		if got := len(in.Attachments["ConfigMap.v1"]); got > 1 {
			t.Errorf("the decorator's hook is shown %d objects, want its attachment alone", got)
		}
		return decoratorResponse{Attachments: []object{configMap("attached", object{"value": nested[string](in.Object, "spec", "value")})}}
	})
	newDecorator(t, "joined", decorator, of(decorate(kind.GroupVersionResource)), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace))
	parent := newParent(t, kind, namespace, "p", object{"value": "1"})
	attached := eventuallyHas(t, configMaps, namespace, "attached", "1", "data", "value")
	settledOne(t, sync, "p", 2)

	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	again := eventuallyHas(t, configMaps, namespace, "attached", "2", "data", "value")
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
	settledOne(t, sync, "p", 4)
	if again.GetUID() != attached.GetUID() || controllerOf(again) != string(parent.GetUID()) {
		t.Errorf("the attachment was made anew or has lost its owner: %v", again.Object["metadata"])
	}

	// The name is taken, and the attachment is not taken over.
	sync.answer(func(in request) response {
		answer := threeConfigMaps(in)
		answer.Children = append(answer.Children, configMap("attached", object{"value": "mine"}))
		return answer
	})
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"3"}}`)
	eventuallyEvent(t, namespace, "p", "SyncError", "is controlled by DecoratorController joined")
	after := eventuallyHas(t, configMaps, namespace, "attached", "3", "data", "value")
	if diff := cmp.Diff(attached.GetUID(), after.GetUID()); diff != "" {
		t.Errorf("the attachment was made anew (-before +after):\n%s", diff)
	}
}
