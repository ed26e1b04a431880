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
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// withFinalize gives the controller a finalize hook.
func withFinalize(finalize *hookServer) func(*v1alpha1.CompositeController) {
	return func(c *v1alpha1.CompositeController) {
		c.Spec.Hooks.Finalize = &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: finalize.URL()}}
	}
}

// tearDown answers no children, and that is all when there are none left.
func tearDown(in request) response {
	return response{Status: object{"phase": "TearingDown"}, Finalized: len(in.Children["ConfigMap.v1"]) == 0}
}

// holdOn keeps one child and the parent.
func holdOn(in request) response {
	name := nested[string](in.Parent, "metadata", "name")
	return response{Children: []object{configMap(name+"-last", object{"value": "last"})}, Status: object{"phase": "Holding"}}
}

func finalizerOf(k kind) string { return "metacontroller.io/compositecontroller-" + k.Resource }

func deleteParent(t *testing.T, k kind, namespace, name string, propagation metav1.DeletionPropagation) {
	t.Helper()
	options := metav1.DeleteOptions{PropagationPolicy: &propagation}
	if err := env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace).Delete(t.Context(), name, options); err != nil {
		t.Fatal(err)
	}
}

// finalizers returns the finalizers of a parent.
func finalizers(ctx context.Context, k kind, namespace, name string) ([]string, error) {
	parent, err := get(ctx, k.GroupVersionResource, namespace, name)
	if err != nil {
		return nil, err
	}
	return parent.GetFinalizers(), nil
}

// eventuallyFinalizers waits until a parent carries exactly these.
func eventuallyFinalizers(t *testing.T, k kind, namespace, name string, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s has the finalizers %q", name, want), func() error {
		got, err := finalizers(t.Context(), k, namespace, name)
		if err != nil {
			return err
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("they are %q", got)
		}
		return nil
	})
}

// TestFinalizeCalls counts hook calls from a parent's creation to its end.
func TestFinalizeCalls(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "mortal")
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, tearDown)
	newController(t, kind, sync, withFinalize(finalize))
	name := func(i int) string { return fmt.Sprintf("p%d", i) }
	for i := range parentsCounted {
		newParent(t, kind, namespace, name(i), object{"value": "1"})
	}
	settled(t, sync, name, 2, "creation")
	before := versions(t.Context(), t, kind, namespace)
	restart(t)
	settled(t, sync, name, 3, "restart")
	if diff := cmp.Diff(before, versions(t.Context(), t, kind, namespace)); diff != "" {
		t.Errorf("a restart wrote something (-before +after):\n%s", diff)
	}
	settled(t, finalize, name, 0, "before the deletion")
	for i := range parentsCounted {
		eventuallyFinalizers(t, kind, namespace, name(i), finalizerOf(kind))
		deleteParent(t, kind, namespace, name(i), metav1.DeletePropagationBackground)
	}
	for i := range parentsCounted {
		eventuallyGone(t, kind.GroupVersionResource, namespace, name(i))
	}
	settled(t, finalize, name, 2, "deletion") // one that deletes the children, and one that sees them gone
	settled(t, sync, name, 3, "deletion")
}

// TestFinalize has a finalize hook that takes its time: until it is done, it decides over the children.
func TestFinalize(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "lingerer")
	seen := make(chan request, 100)
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, nil)
	finalize.answer(func(in request) response {
		select {
		case seen <- in:
		default:
		}
		answer := holdOn(in)
		answer.ResyncAfterSeconds = 0.2
		return answer
	})
	newController(t, kind, sync, withFinalize(finalize))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	eventuallyFinalizers(t, kind, namespace, "p", finalizerOf(kind))

	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	in := <-seen
	if !in.Finalizing || nested[string](in.Parent, "metadata", "deletionTimestamp") == "" || len(in.Children["ConfigMap.v1"]) != 3 {
		t.Errorf("the finalize hook is shown finalizing=%t, %d children and the parent %v", in.Finalizing, len(in.Children["ConfigMap.v1"]), in.Parent)
	}
	eventuallyHas(t, configMaps, namespace, "p-last", "last", "data", "value")
	eventuallyGone(t, configMaps, namespace, "p-0")
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "Holding", "status", "phase")

	if err := env.dynamic.Resource(configMaps).Namespace(namespace).Delete(t.Context(), "p-last", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyHas(t, configMaps, namespace, "p-last", "last", "data", "value")
	restart(t)
	calls := finalize.count("p")
	eventually(t, "the hook is called as often as it asks for", func() error {
		if more := finalize.count("p") - calls; more < 5 {
			return fmt.Errorf("%d calls more", more)
		}
		return nil
	})
	finalize.answer(func(in request) response { return response{Children: holdOn(in).Children, Finalized: true} })
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
	eventuallyGone(t, configMaps, namespace, "p-last") // the garbage collector knows its owner
}

func TestFinalizeHookDown(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "stranded")
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, tearDown)
	newController(t, kind, sync, withFinalize(finalize))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	calls := sync.count("p")
	finalize.down()
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	eventuallyEvent(t, namespace, "p", "SyncError", "connection refused")
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	finalize.up()
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
	eventuallyGone(t, configMaps, namespace, "p-2")
	if got := sync.count("p"); got > max(calls, 2) {
		t.Errorf("the sync hook was called %d times, want 2: not for a parent that is being deleted", got)
	}
}

// TestDeletedDuringSync deletes a parent while the sync hook works: its answer is about a world that is no more.
func TestDeletedDuringSync(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "overtaken")
	called, goOn := make(chan struct{}, 100), make(chan struct{})
	sync, finalize := newHook(t, nil), newHook(t, holdOn)
	sync.answer(func(in request) response {
		called <- struct{}{}
		<-goOn
		return threeConfigMaps(in)
	})
	newController(t, kind, sync, withFinalize(finalize))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	<-called
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	// The cache hears of it a moment later than this test; the other parent's call shows that it did.
	newParent(t, kind, namespace, "other", object{"value": "1"})
	<-called
	close(goOn)
	eventuallyHas(t, configMaps, namespace, "p-last", "last", "data", "value")
	eventuallyEvent(t, namespace, "p", "Created", "p-last")
	if events := mustKubectl(t, "", "get", "events", "-n", namespace, "--field-selector", "involvedObject.name=p"); strings.Contains(events, "p-0") {
		t.Errorf("the sync hook's answer was carried out:\n%s", events)
	}
	finalize.answer(tearDown)
	patchParent(t, kind, namespace, "p", `{"metadata":{"annotations":{"go":"on"}}}`)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
	deleteParent(t, kind, namespace, "other", metav1.DeletePropagationBackground)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "other")
}

// TestDeletedBeforeFirstSync has a parent that was going before its controller came: it is left to the garbage collector.
func TestDeletedBeforeFirstSync(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "stillborn")
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, tearDown)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	patchParent(t, kind, namespace, "p", `{"metadata":{"finalizers":["test.hookplane.dev/hold"]}}`)
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	newController(t, kind, sync, withFinalize(finalize))
	newParent(t, kind, namespace, "other", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "other-2", "1", "data", "value")
	untouched(t, kind, namespace, "p", sync, finalize)
	patchParent(t, kind, namespace, "p", `{"metadata":{"finalizers":null}}`)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
	deleteParent(t, kind, namespace, "other", metav1.DeletePropagationBackground)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "other")
}

// TestDeletingWithoutFinalizeHook deletes a parent that somebody holds: nothing is called and nothing is written for it.
func TestDeletingWithoutFinalizeHook(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "ghost")
	sync := newHook(t, threeConfigMaps)
	newController(t, kind, sync)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	settledOne(t, sync, "p", 2)
	patchParent(t, kind, namespace, "p", `{"metadata":{"finalizers":["test.hookplane.dev/hold"]}}`)
	settledOne(t, sync, "p", 3)
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	if err := env.dynamic.Resource(configMaps).Namespace(namespace).Delete(t.Context(), "p-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	settledOne(t, sync, "p", 3)
	eventuallyGone(t, configMaps, namespace, "p-1")
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "1", "status", "observedGeneration")
	patchParent(t, kind, namespace, "p", `{"metadata":{"finalizers":null}}`)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
}

// TestFinalizerTakenOffByOthers takes the finalizer off by hand: a live parent gets it back, a deleted one goes.
func TestFinalizerTakenOffByOthers(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "bereft")
	sync, finalize := newHook(t, threeConfigMaps), newHook(t, holdOn)
	newController(t, kind, sync, withFinalize(finalize))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyFinalizers(t, kind, namespace, "p", finalizerOf(kind))
	patchParent(t, kind, namespace, "p", `{"metadata":{"finalizers":["test.hookplane.dev/hold"]}}`)
	eventuallyFinalizers(t, kind, namespace, "p", "test.hookplane.dev/hold", finalizerOf(kind))

	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "Holding", "status", "phase")
	patchParent(t, kind, namespace, "p", `{"metadata":{"finalizers":["test.hookplane.dev/hold"]}}`)
	calls := finalize.count("p")
	if err := env.dynamic.Resource(configMaps).Namespace(namespace).Delete(t.Context(), "p-last", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	settledOne(t, finalize, "p", calls)
	eventuallyGone(t, configMaps, namespace, "p-last")
	patchParent(t, kind, namespace, "p", `{"metadata":{"finalizers":null}}`)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
}

// TestPropagation deletes parents in each way that the garbage collector knows, and does not fight it: the finalize
// hook wants a child that it does not get back while the collector works.
func TestPropagation(t *testing.T) {
	for propagation, tc := range map[metav1.DeletionPropagation]struct {
		kind string
		keep bool // the children outlive the parent
	}{
		metav1.DeletePropagationBackground: {kind: "heir"},
		metav1.DeletePropagationForeground: {kind: "squire"},
		metav1.DeletePropagationOrphan:     {kind: "waif", keep: true},
	} {
		t.Run(string(propagation), func(t *testing.T) {
			namespace, kind := newNamespace(t), newKind(t, tc.kind)
			sync, finalize := newHook(t, threeConfigMaps), newHook(t, nil)
			finalize.answer(func(in request) response {
				answer := threeConfigMaps(in)
				held, _ := nested[object](in.Parent, "metadata")["finalizers"].([]any)
				answer.Finalized = len(held) == 1 // the collector is done
				return answer
			})
			newController(t, kind, sync, withFinalize(finalize))
			newParent(t, kind, namespace, "p", object{"value": "1"})
			eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
			settledOne(t, sync, "p", 2)
			deleteParent(t, kind, namespace, "p", propagation)
			eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
			if !tc.keep {
				eventuallyGone(t, configMaps, namespace, "p-2")
				return
			}
			never(t, "an orphan is deleted or owned", func() error {
				child, err := get(t.Context(), configMaps, namespace, "p-2")
				if err == nil && controllerOf(child) != "" {
					err = fmt.Errorf("it is controlled by %s", controllerOf(child))
				}
				return err
			})
		})
	}
}

// settledOne waits until the hook was called that often for a parent, and sees that no further call comes.
func settledOne(t *testing.T, hook *hookServer, parent string, want int) {
	t.Helper()
	calls := func() error {
		if got := hook.count(parent); got != want {
			return fmt.Errorf("%d calls for %s, want %d", got, parent, want)
		}
		return nil
	}
	eventually(t, "the hook was called as often as promised", calls)
	never(t, "the hook is called more often than promised", calls)
}

// untouched checks that no hook was called for a parent, and that it carries no finalizer of ours.
func untouched(t *testing.T, k kind, namespace, name string, hooks ...*hookServer) {
	t.Helper()
	for _, hook := range hooks {
		if calls := hook.count(name); calls != 0 {
			t.Errorf("a hook was called %d times for %s", calls, name)
		}
	}
	got, err := finalizers(t.Context(), k, namespace, name)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(got, finalizerOf(k)) {
		t.Errorf("%s carries our finalizer: %q", name, got)
	}
}
