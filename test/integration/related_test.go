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
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// relatives is a controller with a customize hook that answers the parent's spec.rules, and a sync hook that wants nothing
// and remembers what it was shown.
type relatives struct {
	t               *testing.T
	sync, customize *hookServer

	mu    sync.Mutex
	shown map[string]map[string][]string // parent's name → outer key → inner keys
	calls map[string]int                 // expected so far, by hook and parent
}

func newRelatives(t *testing.T, k kind, mods ...func(*v1alpha1.CompositeController)) *relatives {
	t.Helper()
	r := &relatives{t: t, shown: map[string]map[string][]string{}, calls: map[string]int{}}
	r.sync = newHook(t, r.remember)
	r.customize = newHook(t, nil)
	r.customize.answerAny(func(in request) any {
		return object{"relatedResources": nested[[]any](in.Parent, "spec", "rules")}
	})
	newController(t, k, r.sync, append(mods, func(c *v1alpha1.CompositeController) {
		customize := &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: r.customize.URL()}}
		customize.Version = c.Spec.Hooks.Sync.Version
		c.Spec.Hooks.Customize = customize
	})...)
	return r
}

func (r *relatives) remember(in request) response {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := map[string][]string{}
	for outer, objects := range in.Related {
		keys[outer] = slices.AppendSeq([]string{}, maps.Keys(objects))
		slices.Sort(keys[outer])
	}
	r.shown[nested[string](in.Parent, "metadata", "name")] = keys
	return response{}
}

// expect waits until each parent's hooks were called once more as often as given, as "sync p", and sees that no other call
// comes.
func (r *relatives) expect(phase string, calls ...string) {
	r.t.Helper()
	for _, call := range calls {
		r.calls[call]++
	}
	check := func() error {
		got := map[string]int{}
		for name, hook := range map[string]*hookServer{"sync": r.sync, "customize": r.customize} {
			hook.mu.Lock()
			for parent, n := range hook.calls {
				got[name+" "+parent] = n
			}
			hook.mu.Unlock()
		}
		if diff := cmp.Diff(r.calls, got); diff != "" {
			return fmt.Errorf("%s: calls (-want +got):\n%s", phase, diff)
		}
		return nil
	}
	eventually(r.t, "the hooks were called as often as promised", check)
	never(r.t, "a hook is called more often than promised", check)
}

// showed compares what a parent's sync hook was shown last.
func (r *relatives) showed(parent string, want map[string][]string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if diff := cmp.Diff(want, r.shown[parent]); diff != "" {
		r.t.Errorf("related of %s (-want +got):\n%s", parent, diff)
	}
}

func rules(rules ...object) object {
	list := make([]any, len(rules))
	for i, rule := range rules {
		list[i] = rule
	}
	return object{"rules": list}
}

// putConfigMap creates a ConfigMap.
func putConfigMap(t *testing.T, namespace, name string, labels map[string]string) {
	t.Helper()
	_, err := env.kubernetes.CoreV1().ConfigMaps(namespace).Create(t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func deleteConfigMap(t *testing.T, namespace, name string) {
	t.Helper()
	if err := env.kubernetes.CoreV1().ConfigMaps(namespace).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

func labelNamespace(t *testing.T, name, patch string) {
	t.Helper()
	_, err := env.kubernetes.CoreV1().Namespaces().Patch(t.Context(), name, types.MergePatchType, []byte(`{"metadata":{"labels":`+patch+`}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// clusterScoped makes a parent resource whose objects are in no namespace.
func clusterScoped(t *testing.T, name string) kind {
	t.Helper()
	k, definition := crd(name, true)
	if err := unstructured.SetNestedField(definition.Object, "Cluster", "spec", "scope"); err != nil {
		t.Fatal(err)
	}
	createCRD(t, k, definition)
	return k
}

// TestRelatedWakesWhomItMattersTo goes through everything that can happen to a related object of a v1 hook's namespaced
// parents, and counts the calls of both hooks of all parents.
func TestRelatedWakesWhomItMattersTo(t *testing.T) {
	namespace, elsewhere, k := newNamespace(t), newNamespace(t), newKind(t, "relative")
	r := newRelatives(t, k)
	for _, name := range []string{"a", "b"} {
		newParent(t, k, namespace, name, rules(object{"apiVersion": "v1", "resource": "configmaps", "labelSelector": object{"matchLabels": object{"for": name}}}))
	}
	newParent(t, k, namespace, "named", rules(
		object{"apiVersion": "v1", "resource": "configmaps", "names": []any{"one", "none"}},
		object{"apiVersion": "v1", "resource": "nodes"}, // of which a v1 hook of a namespaced parent is shown none
	))
	r.expect("creation", "customize a", "sync a", "customize b", "sync b", "customize named", "sync named")
	r.showed("a", map[string][]string{"ConfigMap.v1": {}})
	r.showed("named", map[string][]string{"ConfigMap.v1": {}, "Node.v1": {}})

	putConfigMap(t, namespace, "one", map[string]string{"for": "a"})
	r.expect("a related object appears", "sync a", "sync named")
	r.showed("a", map[string][]string{"ConfigMap.v1": {"one"}})
	r.showed("named", map[string][]string{"ConfigMap.v1": {"one"}, "Node.v1": {}})

	putConfigMap(t, elsewhere, "one", map[string]string{"for": "a"})
	r.expect("one appears in another namespace")

	mergePatch(t, configMaps, namespace, "one", `{"data":{"x":"1"}}`)
	r.expect("its data changes", "sync a", "sync named")

	apply := []byte(`{"apiVersion":"v1","kind":"ConfigMap","data":{"x":"1"}}`)
	before, err := get(t.Context(), configMaps, namespace, "one")
	if err != nil {
		t.Fatal(err)
	}
	after, err := env.dynamic.Resource(configMaps).Namespace(namespace).Patch(t.Context(), "one", types.ApplyPatchType, apply, metav1.PatchOptions{FieldManager: "co-owner"})
	if err != nil {
		t.Fatal(err)
	}
	if before.GetResourceVersion() == after.GetResourceVersion() {
		t.Fatal("the apply did not even change managedFields")
	}
	r.expect("only its managedFields and resourceVersion change")

	mergePatch(t, configMaps, namespace, "one", `{"metadata":{"labels":{"for":"b"}}}`)
	r.expect("its label changes", "sync a", "sync b", "sync named")
	r.showed("a", map[string][]string{"ConfigMap.v1": {}})
	r.showed("b", map[string][]string{"ConfigMap.v1": {"one"}})

	patchStatus(t, k, namespace, "b", `{"status":{"x":"1"}}`)
	r.expect("a parent's status changes, and is cleared by the answer", "sync b", "sync b")
	patchParent(t, k, namespace, "b", `{"metadata":{"annotations":{"x":"1"}}}`)
	r.expect("a parent's annotation changes", "sync b", "customize b")
	patchParent(t, k, namespace, "b", `{"metadata":{"labels":{"x":"1"}}}`)
	r.expect("a parent's label changes", "sync b", "customize b")
	patchParent(t, k, namespace, "b", `{"spec":{"rules":[]}}`)
	r.expect("a parent asks for nothing any more", "sync b", "customize b")
	r.showed("b", map[string][]string{})

	deleteConfigMap(t, namespace, "one")
	r.expect("the related object goes", "sync named")
	r.showed("named", map[string][]string{"ConfigMap.v1": {}, "Node.v1": {}})

	if err := env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace).Delete(t.Context(), "named", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyGone(t, k.GroupVersionResource, namespace, "named")
	putConfigMap(t, namespace, "one", map[string]string{"for": "a"})
	r.expect("a related object of a parent that is gone appears", "sync a")

	restart(t)
	r.expect("restart", "sync a", "customize a", "sync b", "customize b")
}

func patchStatus(t *testing.T, k kind, namespace, name, patch string) {
	t.Helper()
	if _, err := env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace).Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}
}

// TestRelatedOfClusterScopedParent has the rules that look into many namespaces.
func TestRelatedOfClusterScopedParent(t *testing.T) {
	red, blue, k := newNamespace(t), newNamespace(t), clusterScoped(t, "clan")
	r := newRelatives(t, k)
	putConfigMap(t, red, "one", map[string]string{"test": "clan"})
	putConfigMap(t, blue, "one", map[string]string{"test": "clan"})
	labelNamespace(t, red, `{"clan":"red"}`)
	newParent(t, k, "", "byplace", rules(object{
		"apiVersion": "v1", "resource": "configmaps", "namespaceSelector": object{"matchLabels": object{"clan": "red"}}, "labelSelector": object{"matchLabels": object{"test": "clan"}},
	}))
	newParent(t, k, "", "overlapping", rules(
		object{"apiVersion": "v1", "resource": "configmaps", "namespace": red, "names": []any{"one"}},
		object{"apiVersion": "v1", "resource": "configmaps", "labelSelector": object{"matchLabels": object{"test": "clan"}}},
		object{"apiVersion": "v1", "resource": "namespaces", "names": []any{red}},
	))
	r.expect("creation", "sync byplace", "customize byplace", "sync overlapping", "customize overlapping")
	r.showed("byplace", map[string][]string{"ConfigMap.v1": {red + "/one"}})
	both := []string{blue + "/one", red + "/one"}
	slices.Sort(both)
	r.showed("overlapping", map[string][]string{"ConfigMap.v1": both, "Namespace.v1": {red}})

	labelNamespace(t, blue, `{"clan":"red"}`)
	r.expect("a namespace's labels begin to match", "sync byplace")
	r.showed("byplace", map[string][]string{"ConfigMap.v1": both})
	labelNamespace(t, red, `{"clan":null}`)
	r.expect("a namespace's labels match no more", "sync byplace", "sync overlapping")
	r.showed("byplace", map[string][]string{"ConfigMap.v1": {blue + "/one"}})
	deleteConfigMap(t, red, "one")
	r.expect("an object goes in a namespace that does not match", "sync overlapping")
	labelNamespace(t, red, `{"clan":"red"}`)
	r.expect("the labels of a namespace without such objects match", "sync overlapping")
	mergePatch(t, configMaps, blue, "one", `{"data":{"x":"1"}}`)
	r.expect("an object of both changes", "sync byplace", "sync overlapping")
}

// TestRelatedV2 has a namespaced parent whose hooks speak v2: it is shown objects of other namespaces and cluster-scoped ones.
func TestRelatedV2(t *testing.T) {
	namespace, elsewhere, k := newNamespace(t), newNamespace(t), newKind(t, "cousin")
	r := newRelatives(t, k, func(c *v1alpha1.CompositeController) { c.Spec.Hooks.Sync.Version = v1alpha1.HookVersionV2 })
	putConfigMap(t, elsewhere, "one", map[string]string{"test": "cousin"})
	putConfigMap(t, namespace, "one", map[string]string{"test": "cousin"})
	newParent(t, k, namespace, "p", rules(
		object{"apiVersion": "v1", "resource": "configmaps", "labelSelector": object{"matchLabels": object{"test": "cousin"}}},
		object{"apiVersion": "v1", "resource": "namespaces", "names": []any{elsewhere}},
	))
	r.expect("creation", "sync p", "customize p")
	both := []string{elsewhere + "/one", namespace + "/one"}
	slices.Sort(both)
	r.showed("p", map[string][]string{"ConfigMap.v1": both, "Namespace.v1": {elsewhere}})
	mergePatch(t, configMaps, elsewhere, "one", `{"data":{"x":"1"}}`)
	r.expect("an object of another namespace changes", "sync p")
}

// TestRelatedInvalid has a hook that answers rules which no v1 hook may: the parent says what is wrong, and recovers with the
// hook.
func TestRelatedInvalid(t *testing.T) {
	namespace, k := newNamespace(t), newKind(t, "outlaw")
	r := newRelatives(t, k)
	r.customize.answerAny(func(request) any {
		return object{"relatedResources": []object{{"apiVersion": "v1", "resource": "configmaps", "namespace": "default"}}}
	})
	newParent(t, k, namespace, "p", object{})
	eventuallyEvent(t, namespace, "p", "SyncError", `relatedResources[0].namespace: Invalid value: "default"`)
	if calls := r.sync.count("p"); calls > 0 {
		t.Errorf("the sync hook was called %d times without its related objects", calls)
	}
	r.customize.answerAny(func(request) any { return object{} })
	eventually(t, "the parent recovers", func() error {
		if r.sync.count("p") == 0 {
			return fmt.Errorf("its sync hook was not called yet")
		}
		return nil
	})
}

// TestRelatedTypeAppears asks for a type before it is defined, and after its definition went.
func TestRelatedTypeAppears(t *testing.T) {
	namespace, k := newNamespace(t), newKind(t, "early")
	late, definition := crd("late", true)
	r := newRelatives(t, k)
	newParent(t, k, namespace, "p", rules(object{"apiVersion": late.GroupVersion().String(), "resource": late.Resource}))
	eventuallyEvent(t, namespace, "p", "SyncError", `relatedResources[0]: the cluster serves no resource "lates" in test.hookplane.dev/v1`)
	createCRD(t, late, definition)
	r.expect("the type appears", "customize p", "sync p")
	r.showed("p", map[string][]string{"Late.test.hookplane.dev/v1": {}})
	newParent(t, late, namespace, "first", object{})
	r.expect("an object of the type appears", "sync p")
	r.showed("p", map[string][]string{"Late.test.hookplane.dev/v1": {"first"}})
}

// TestRelatedChildren has children that are related as well: what a sync writes wakes its parent once, as ever.
func TestRelatedChildren(t *testing.T) {
	namespace, k := newNamespace(t), newKind(t, "narcissus")
	r := newRelatives(t, k)
	r.sync.answer(threeConfigMaps)
	newParent(t, k, namespace, "p", object{"value": "1", "rules": []any{
		object{"apiVersion": "v1", "resource": "configmaps", "names": []any{"p-0", "p-1", "p-2"}},
		object{"apiVersion": k.GroupVersion().String(), "resource": k.Resource}, // and so is the parent
	}})
	r.expect("creation", "customize p", "sync p", "sync p")
	patchParent(t, k, namespace, "p", `{"spec":{"value":"2"}}`)
	r.expect("all children change", "customize p", "sync p", "sync p")
	deleteConfigMap(t, namespace, "p-1")
	r.expect("a child is deleted and comes back", "sync p", "sync p")
}

// TestRelatedShared has many parents that share one object.
func TestRelatedShared(t *testing.T) {
	namespace, k := newNamespace(t), newKind(t, "sibling")
	r := newRelatives(t, k)
	putConfigMap(t, namespace, "shared", nil)
	var created, changed []string
	for i := range 50 {
		name := fmt.Sprintf("p%d", i)
		newParent(t, k, namespace, name, rules(object{"apiVersion": "v1", "resource": "configmaps", "names": []any{"shared"}}))
		created = append(created, "customize "+name, "sync "+name)
		changed = append(changed, "sync "+name)
	}
	r.expect("creation", created...)
	mergePatch(t, configMaps, namespace, "shared", `{"data":{"x":"1"}}`)
	r.expect("the shared object changes", changed...)
}

// TestRelatedFinalize deletes a parent: its finalize hook is shown the related objects, and called when they change.
func TestRelatedFinalize(t *testing.T) {
	namespace, k := newNamespace(t), newKind(t, "mourner")
	r := newRelatives(t, k, func(c *v1alpha1.CompositeController) { c.Spec.Hooks.Finalize = c.Spec.Hooks.Sync.DeepCopy() })
	r.sync.answer(func(in request) response {
		answer := r.remember(in)
		answer.Finalized = in.Finalizing && len(in.Related["ConfigMap.v1"]) == 0
		return answer
	})
	putConfigMap(t, namespace, "grave", nil)
	newParent(t, k, namespace, "p", rules(object{"apiVersion": "v1", "resource": "configmaps", "names": []any{"grave"}}))
	r.expect("creation", "customize p", "sync p")
	if err := env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace).Delete(t.Context(), "p", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	r.expect("the parent is deleted", "customize p", "sync p")
	r.showed("p", map[string][]string{"ConfigMap.v1": {"grave"}})
	deleteConfigMap(t, namespace, "grave")
	eventuallyGone(t, k.GroupVersionResource, namespace, "p")
	r.expect("the related object goes", "sync p")
}

// TestHookV2 has a sync hook of version v2: keys, a child that says its own namespace, one that says another, and strict decoding.
func TestHookV2(t *testing.T) {
	namespace, elsewhere, k := newNamespace(t), newNamespace(t), newKind(t, "modern")
	var mu sync.Mutex
	var keys []string
	hook := newHook(t, func(in request) response {
		mu.Lock()
		defer mu.Unlock()
		keys = slices.Sorted(maps.Keys(in.Children["ConfigMap.v1"]))
		child := configMap("own", object{"x": "1"})
		child["metadata"].(object)["namespace"] = namespace
		return response{Children: []object{child}}
	})
	newController(t, k, hook, func(c *v1alpha1.CompositeController) { c.Spec.Hooks.Sync.Version = v1alpha1.HookVersionV2 })
	newParent(t, k, namespace, "p", object{})
	eventually(t, "the hook is shown its child as namespace/name", func() error {
		mu.Lock()
		defer mu.Unlock()
		if want := []string{namespace + "/own"}; !slices.Equal(keys, want) {
			return fmt.Errorf("it is shown %v", keys)
		}
		return nil
	})

	hook.answer(func(request) response {
		child := configMap("foreign", object{"x": "1"})
		child["metadata"].(object)["namespace"] = elsewhere
		return response{Children: []object{child}}
	})
	patchParent(t, k, namespace, "p", `{"spec":{"x":"1"}}`)
	eventuallyEvent(t, namespace, "p", "SyncError", elsewhere)

	hook.answerAny(func(request) any { return object{"children": []object{}, "Status": object{}} })
	patchParent(t, k, namespace, "p", `{"spec":{"x":"2"}}`)
	eventuallyEvent(t, namespace, "p", "SyncError", `unknown field "Status"`)
	if _, err := get(t.Context(), configMaps, namespace, "own"); err != nil {
		t.Errorf("answers that are errors wrote something: %v", err)
	}
}
