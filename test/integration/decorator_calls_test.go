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

// TestDecoratorCalls counts hook calls and writes: two calls for a new object when the answer changes anything, else one; one for
// a change of others; one for a restart, which writes nothing.
func TestDecoratorCalls(t *testing.T) {
	name := func(i int) string { return fmt.Sprintf("p%d", i) }
	cases := map[string]*struct {
		sync     func(decoratorRequest) decoratorResponse
		finalize bool
		create   int

		kind      kind
		namespace string
		hook      *hookServer
		before    map[string]string
	}{
		"ornament": {sync: decorateAll, create: 2},
		"plain":    {sync: func(decoratorRequest) decoratorResponse { return decoratorResponse{} }, create: 1},
		"tagged": {sync: func(decoratorRequest) decoratorResponse {
			return decoratorResponse{Labels: object{"decorated": "yes", "absent": nil}}
		}, create: 2},
		"noted": {sync: func(decoratorRequest) decoratorResponse {
			return decoratorResponse{Status: object{"phase": "Decorated"}}
		}, create: 2},
		"furnished": {sync: func(in decoratorRequest) decoratorResponse {
			return decoratorResponse{Attachments: []object{configMap(in.name()+"-a", nil), configMap(in.name()+"-b", nil)}}
		}, create: 2},
		"guarded": {sync: decorateAll, finalize: true, create: 2},
	}
	expected := 0
	expect := func(phase string, more int) {
		t.Helper()
		expected += more
		calls := func() error {
			for about, c := range cases {
				for i := range parentsCounted {
					if got, want := c.hook.count(name(i)), c.create+expected; got != want {
						return fmt.Errorf("%s: %d calls for %s %d so far, want %d", phase, got, about, i, want)
					}
				}
			}
			return nil
		}
		eventually(t, "every hook was called as often as promised", calls)
		never(t, "a hook is called more often than promised", calls)
	}
	for about, c := range cases {
		c.namespace, c.kind, c.hook = newNamespace(t), newKind(t, about), newDecoratorHook(t, c.sync)
		mods := []func(*v1alpha1.DecoratorController){of(decorate(c.kind.GroupVersionResource)), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace)}
		if c.finalize {
			mods = append(mods, finalizedBy(newDecoratorHook(t, func(decoratorRequest) decoratorResponse { return decoratorResponse{Finalized: true} })))
		}
		newDecorator(t, about, c.hook, mods...)
		for i := range parentsCounted {
			newParent(t, c.kind, c.namespace, name(i), object{"value": "1"})
		}
	}
	expect("creation", 0)
	for _, c := range cases {
		for i := range parentsCounted {
			patchParent(t, c.kind, c.namespace, name(i), `{"metadata":{"annotations":{"touched":"1"}}}`)
		}
	}
	expect("touch", 1)
	for _, c := range cases {
		c.before = versions(t.Context(), t, c.kind, c.namespace)
	}
	restart(t)
	expect("restart", 1)
	want := v1alpha1.ParentsStatus{Total: parentsCounted, Synced: parentsCounted}
	for about, c := range cases {
		if diff := cmp.Diff(c.before, versions(t.Context(), t, c.kind, c.namespace)); diff != "" {
			t.Errorf("a restart wrote something about %s (-before +after):\n%s", about, diff)
		}
		controller := eventuallyDecoratorReady(t, about, metav1.ConditionTrue, "Running")
		if diff := cmp.Diff(&want, controller.Status.Parents); diff != "" {
			t.Errorf("status.parents of %s (-want +got):\n%s", about, diff)
		}
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
