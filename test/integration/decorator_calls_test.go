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

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// decorateAll answers a label, an annotation, a status and an attachment.
func decorateAll(in decoratorRequest) decoratorResponse {
	return decoratorResponse{
		Labels: object{"decorated": "yes"}, Annotations: object{"example.com/note": "any text"}, Status: object{"phase": "Decorated"},
		Attachments: []object{configMap(in.name(), object{"value": nested[string](in.Object, "spec", "value")})},
	}
}

// TestDecoratorCalls counts hook calls exactly, as docs/protocol.md §9 promises them.
func TestDecoratorCalls(t *testing.T) {
	for name, tc := range map[string]struct {
		kind                   string
		sync                   func(decoratorRequest) decoratorResponse
		finalize               bool
		create, touch, restart int
	}{
		"ChangesAll":     {kind: "ornament", sync: decorateAll, create: 2, touch: 1, restart: 1},
		"ChangesNothing": {kind: "plain", sync: func(decoratorRequest) decoratorResponse { return decoratorResponse{} }, create: 1, touch: 1, restart: 1},
		"ChangesLabel": {kind: "tagged", sync: func(decoratorRequest) decoratorResponse {
			return decoratorResponse{Labels: object{"decorated": "yes"}}
		}, create: 2, touch: 1, restart: 1},
		"WithFinalizer": {kind: "guarded", sync: decorateAll, finalize: true, create: 2, touch: 1, restart: 1},
	} {
		t.Run(name, func(t *testing.T) {
			namespace, kind := newNamespace(t), newKind(t, tc.kind)
			hook := newDecoratorHook(t, tc.sync)
			mods := []func(*v1alpha1.DecoratorController){of(decorate(kind.GroupVersionResource)), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace)}
			if tc.finalize {
				mods = append(mods, finalizedBy(newDecoratorHook(t, func(decoratorRequest) decoratorResponse { return decoratorResponse{Finalized: true} })))
			}
			newDecorator(t, tc.kind, hook, mods...)
			expected := 0
			expect := func(phase string, calls int) {
				t.Helper()
				expected += calls
				settled(t, hook, func(i int) string { return fmt.Sprintf("p%d", i) }, expected, phase)
			}
			for i := range parentsCounted {
				newParent(t, kind, namespace, fmt.Sprintf("p%d", i), object{"value": "1"})
			}
			expect("creation", tc.create)
			for i := range parentsCounted {
				patchParent(t, kind, namespace, fmt.Sprintf("p%d", i), `{"metadata":{"annotations":{"touched":"1"}}}`)
			}
			expect("touch", tc.touch)
			before := versions(t.Context(), t, kind, namespace)
			restart(t)
			expect("restart", tc.restart)
			if diff := cmp.Diff(before, versions(t.Context(), t, kind, namespace)); diff != "" {
				t.Errorf("a restart wrote something (-before +after):\n%s", diff)
			}
			controller := eventuallyDecoratorReady(t, tc.kind, metav1.ConditionTrue, "Running")
			want := v1alpha1.ParentsStatus{Total: parentsCounted, Synced: parentsCounted}
			if diff := cmp.Diff(&want, controller.Status.Parents); diff != "" {
				t.Errorf("status.parents (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDecoratorIgnoresStatus has a rule that calls no hook for changes of the status.
func TestDecoratorIgnoresStatus(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "unmoved")
	hook := newDecoratorHook(t, func(in decoratorRequest) decoratorResponse {
		return decoratorResponse{Status: object{"phase": "Decorated"}}
	})
	rule, ignore := decorate(kind.GroupVersionResource), true
	rule.IgnoreStatusChanges = &ignore
	newDecorator(t, kind.Resource, hook, of(rule))
	for i := range parentsCounted {
		newParent(t, kind, namespace, fmt.Sprintf("p%d", i), object{})
	}
	name := func(i int) string { return fmt.Sprintf("p%d", i) }
	settled(t, hook, name, 1, "creation")
	for i := range parentsCounted {
		eventuallyHas(t, kind.GroupVersionResource, namespace, name(i), "Decorated", "status", "phase")
	}
}
