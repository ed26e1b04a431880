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
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

var (
	deploymentKind = kind{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, "Deployment"}
	namespaces     = kind{schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, "Namespace"}
)

// selectLabel makes parents of what has a label of the test's own.
func selectLabel(key string) func(*v1alpha1.CompositeController) {
	return func(c *v1alpha1.CompositeController) {
		c.Spec.ParentResource.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{key: "yes"}}
	}
}

// newDeployment creates a parent of a built-in type, whose status another controller owns.
func newDeployment(t *testing.T, namespace, name, label string) {
	t.Helper()
	app := map[string]string{"app": name}
	container := corev1.Container{Name: "main", Image: "registry.example.com/none"}
	_, err := env.kubernetes.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{label: "yes"}},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32), Selector: &metav1.LabelSelector{MatchLabels: app},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: app}, Spec: corev1.PodSpec{Containers: []corev1.Container{container}}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBuiltInParent has Deployments as parents: children, finalizer, and a status that is left to its owner unless the
// hook sends one.
func TestBuiltInParent(t *testing.T) {
	namespace := newNamespace(t)
	silent := func(in request) response { return response{Children: threeConfigMaps(in).Children} }
	sync, finalize := newHook(t, silent), newHook(t, tearDown)
	newController(t, deploymentKind, sync, withFinalize(finalize), selectLabel("builtin"))
	newDeployment(t, namespace, "d", "builtin")
	eventuallyHas(t, configMaps, namespace, "d-2", "<nil>", "data", "nothing")
	eventuallyHas(t, deploymentKind.GroupVersionResource, namespace, "d", "1", "status", "observedGeneration")
	eventuallyQuiet(t, sync, "d")
	mergePatch(t, deploymentKind.GroupVersionResource, namespace, "d", `{"spec":{"paused":true}}`)
	deployment := eventuallyHas(t, deploymentKind.GroupVersionResource, namespace, "d", "2", "status", "observedGeneration")
	if conditions := nested[[]any](deployment.Object, "status", "conditions"); len(conditions) == 0 {
		t.Errorf("the Deployment's status lost its conditions: %v", deployment.Object["status"])
	}

	sync.answer(func(in request) response {
		condition := object{"type": "Greeted", "status": "True", "reason": "Hook", "message": "hello"}
		status := nested[object](in.Parent, "status")
		for _, c := range nested[[]any](status, "conditions") {
			if nested[string](c.(object), "type") == "Greeted" {
				return response{Children: silent(in).Children, Status: status}
			}
		}
		status["conditions"] = append(nested[[]any](status, "conditions"), condition)
		return response{Children: silent(in).Children, Status: status}
	})
	mergePatch(t, deploymentKind.GroupVersionResource, namespace, "d", `{"metadata":{"annotations":{"touched":"1"}}}`)
	eventually(t, "the hook's condition is there", func() error {
		live, err := env.kubernetes.AppsV1().Deployments(namespace).Get(t.Context(), "d", metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range live.Status.Conditions {
			if c.Type == "Greeted" && c.Message == "hello" {
				return nil
			}
		}
		return fmt.Errorf("the conditions are %+v", live.Status.Conditions)
	})
	eventuallyQuiet(t, sync, "d")
	eventuallyFinalizers(t, deploymentKind, namespace, "d", finalizerOf(deploymentKind))
	deleteParent(t, deploymentKind, namespace, "d", metav1.DeletePropagationBackground)
	eventuallyGone(t, deploymentKind.GroupVersionResource, namespace, "d")
	if finalize.count("d") == 0 {
		t.Error("the finalize hook was not called")
	}
}

// eventuallyQuiet waits until a hook is not called any more for a parent.
func eventuallyQuiet(t *testing.T, hook *hookServer, parent string) {
	t.Helper()
	last, since := -1, time.Now()
	eventually(t, "the hook is called no more", func() error {
		if calls := hook.count(parent); calls != last {
			last, since = calls, time.Now()
		}
		if quiet := time.Since(since); last <= 0 || quiet < 2*time.Second {
			return fmt.Errorf("%d calls, the last %s ago", last, quiet)
		}
		return nil
	})
}

// TestNamespaceAsParent has Namespaces as parents, with children of which one is cluster-scoped, and finalizes one
// whose content the namespace controller deletes meanwhile.
func TestNamespaceAsParent(t *testing.T) {
	namespace := newNamespace(t)
	desired := func(in request) response {
		name := nested[string](in.Parent, "metadata", "name")
		own, shared := configMap("own", object{"of": name}), configMap("of-"+name, object{"of": name})
		own["metadata"].(object)["namespace"], shared["metadata"].(object)["namespace"] = name, namespace
		return response{Children: []object{own, shared, clusterRole("of-" + name)}}
	}
	shown := make(chan map[string]map[string]object, 1000)
	sync, finalize := newHook(t, nil), newHook(t, nil)
	sync.answer(func(in request) response {
		shown <- in.Children
		return desired(in)
	})
	finalize.answer(func(in request) response {
		return response{Finalized: len(in.Children["ConfigMap.v1"])+len(in.Children["ClusterRole.rbac.authorization.k8s.io/v1"]) == 0}
	})
	newController(t, namespaces, sync, withFinalize(finalize), selectLabel("tenant"), withClusterRoles)
	created, err := env.kubernetes.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "tenant-", Labels: map[string]string{"tenant": "yes"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tenant := created.Name
	eventuallyHas(t, configMaps, tenant, "own", tenant, "data", "of")
	eventuallyHas(t, configMaps, namespace, "of-"+tenant, tenant, "data", "of")
	eventuallyHas(t, clusterRoles, "", "of-"+tenant, "ClusterRole", "kind")
	settledOne(t, sync, tenant, 2)
	<-shown
	last := <-shown
	for kind, key := range map[string]string{"ConfigMap.v1": tenant + "/own", "ClusterRole.rbac.authorization.k8s.io/v1": "of-" + tenant} {
		if _, found := last[kind][key]; !found {
			t.Errorf("the hook is not shown %s under %q: %v", kind, key, last[kind])
		}
	}
	live := eventuallyHas(t, namespaces.GroupVersionResource, "", tenant, "Active", "status", "phase")
	if got := nested[object](live.Object, "status"); len(got) != 1 {
		t.Errorf("the Namespace's status was written: %v", got)
	}
	if err := env.kubernetes.CoreV1().Namespaces().Delete(t.Context(), tenant, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyGone(t, namespaces.GroupVersionResource, "", tenant)
	eventuallyGone(t, configMaps, namespace, "of-"+tenant)
	eventuallyGone(t, clusterRoles, "", "of-"+tenant)
}

var clusterRoles = schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles"}

func clusterRole(name string) object {
	return object{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": object{"name": name}, "rules": []any{}}
}

func withClusterRoles(c *v1alpha1.CompositeController) {
	c.Spec.ChildResources = append(c.Spec.ChildResources, v1alpha1.ChildResourceRule{APIVersion: "rbac.authorization.k8s.io/v1", Resource: "clusterroles"})
}

// TestClusterScopedParent has a cluster-scoped custom resource whose children are spread over namespaces.
func TestClusterScopedParent(t *testing.T) {
	first, second := newNamespace(t), newNamespace(t)
	kind, definition := crd("overlord", true)
	definition.Object["spec"].(object)["scope"] = "Cluster"
	createCRD(t, kind, definition)
	sync := newHook(t, func(in request) response {
		var children []object
		for _, namespace := range nested[[]any](in.Parent, "spec", "namespaces") {
			child := configMap("fief", object{"lord": nested[string](in.Parent, "metadata", "name")})
			child["metadata"].(object)["namespace"] = namespace
			children = append(children, child)
		}
		return response{Children: append(children, clusterRole("fief-of-hookplane-tests")), Status: object{"fiefs": float64(len(in.Children["ConfigMap.v1"]))}}
	})
	finalize := newHook(t, func(in request) response { return response{Finalized: len(in.Children["ConfigMap.v1"]) == 0} })
	newController(t, kind, sync, withFinalize(finalize), withClusterRoles)
	newParent(t, kind, "", "king", object{"namespaces": []any{first, second}})
	eventuallyHas(t, configMaps, first, "fief", "king", "data", "lord")
	eventuallyHas(t, configMaps, second, "fief", "king", "data", "lord")
	eventuallyHas(t, clusterRoles, "", "fief-of-hookplane-tests", "ClusterRole", "kind")
	eventuallyHas(t, kind.GroupVersionResource, "", "king", "2", "status", "fiefs")
	settledOne(t, sync, "king", 3)
	if err := env.dynamic.Resource(configMaps).Namespace(second).Delete(t.Context(), "fief", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyHas(t, configMaps, second, "fief", "king", "data", "lord")
	patchParent(t, kind, "", "king", `{"spec":{"namespaces":["`+first+`"]}}`)
	eventuallyGone(t, configMaps, second, "fief")
	deleteParent(t, kind, "", "king", metav1.DeletePropagationBackground)
	eventuallyGone(t, kind.GroupVersionResource, "", "king")
	eventuallyGone(t, configMaps, first, "fief")
	eventuallyGone(t, clusterRoles, "", "fief-of-hookplane-tests")
}

// TestLabelsInAndOut has a parent selected, let go and selected again without a finalize hook: while it is not selected
// it is left as it is.
func TestLabelsInAndOut(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "commuter")
	sync := newHook(t, threeConfigMaps)
	newController(t, kind, sync, selectManaged)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	patchParent(t, kind, namespace, "p", `{"metadata":{"labels":{"managed":"yes"}}}`)
	settledOne(t, sync, "p", 2)
	patchParent(t, kind, namespace, "p", `{"metadata":{"labels":{"managed":"no"}},"spec":{"value":"2"}}`)
	eventuallyHas(t, compositeControllers, "", kind.Resource, "0", "status", "parents", "total")
	mergePatch(t, configMaps, namespace, "p-0", `{"data":{"value":"drifted"}}`)
	settledOne(t, sync, "p", 2)
	eventuallyHas(t, configMaps, namespace, "p-0", "drifted", "data", "value")
	eventuallyHas(t, configMaps, namespace, "p-1", "1", "data", "value")
	patchParent(t, kind, namespace, "p", `{"metadata":{"labels":{"managed":"yes"}}}`)
	eventuallyHas(t, configMaps, namespace, "p-0", "2", "data", "value")
	settledOne(t, sync, "p", 4)
}

// TestIgnoreStatusChanges counts what a status, a label, an annotation and a finalizer written by others cause.
func TestIgnoreStatusChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		kind   string
		ignore bool
		status int // calls that a status written by others causes
	}{
		"Ignored": {kind: "unheeding", ignore: true},
		"Heeded":  {kind: "heeding", status: 2}, // one that restores the status, and one that sees it restored
	} {
		t.Run(name, func(t *testing.T) {
			namespace, kind := newNamespace(t), newKind(t, tc.kind)
			sync := newHook(t, threeConfigMaps)
			newController(t, kind, sync, func(c *v1alpha1.CompositeController) { c.Spec.ParentResource.IgnoreStatusChanges = &tc.ignore })
			newParent(t, kind, namespace, "p", object{"value": "1"})
			settledOne(t, sync, "p", 2)
			_, err := env.dynamic.Resource(kind.GroupVersionResource).Namespace(namespace).Patch(t.Context(), "p",
				"application/merge-patch+json", []byte(`{"status":{"phase":"Tampered"}}`), metav1.PatchOptions{}, "status")
			if err != nil {
				t.Fatal(err)
			}
			calls := 2 + tc.status
			settledOne(t, sync, "p", calls)
			for _, patch := range []string{
				`{"metadata":{"labels":{"a":"1"}}}`, `{"metadata":{"annotations":{"a":"1"}}}`, `{"metadata":{"finalizers":["test.hookplane.dev/hold"]}}`,
			} {
				patchParent(t, kind, namespace, "p", patch)
				calls++ // on the first occasion an ignored status is restored, which wakes nobody
				settledOne(t, sync, "p", calls)
			}
			eventuallyHas(t, kind.GroupVersionResource, namespace, "p", "Synced", "status", "phase")
			patchParent(t, kind, namespace, "p", `{"metadata":{"finalizers":null}}`)
		})
	}
}

// TestResyncPeriod has all parents called once in each period, whether or not anything happens.
func TestResyncPeriod(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "metronome")
	period := int32(2)
	sync := newHook(t, threeConfigMaps)
	newController(t, kind, sync, func(c *v1alpha1.CompositeController) {
		c.Spec.ResyncPeriodSeconds = &period
		c.Spec.ParentResource.IgnoreStatusChanges = new(true)
	})
	for i := range 5 {
		newParent(t, kind, namespace, fmt.Sprintf("p%d", i), object{"value": "1"})
	}
	for i := range 5 {
		eventually(t, "each parent is called again and again", func() error {
			if calls := sync.count(fmt.Sprintf("p%d", i)); calls < 6 {
				return fmt.Errorf("%d calls for p%d", calls, i)
			}
			return nil
		})
	}
}

// TestResyncTakenBack has a later answer that asks for no resync: the one that was asked for before does not come.
func TestResyncTakenBack(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "forgiver")
	sync := newHook(t, func(in request) response {
		return response{Children: threeConfigMaps(in).Children, Status: object{"phase": "Synced"}, ResyncAfterSeconds: 3}
	})
	newController(t, kind, sync)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	sync.answer(threeConfigMaps)
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
	eventually(t, "the hook was called for what it changed", func() error {
		if calls := sync.count("p"); calls < 4 {
			return fmt.Errorf("%d calls", calls)
		}
		return nil
	})
	calls := sync.count("p")
	for range 2 { // more than the three seconds that the first answers asked for
		never(t, "a resync that was taken back comes", func() error {
			if more := sync.count("p") - calls; more > 0 {
				return fmt.Errorf("%d calls more", more)
			}
			return nil
		})
	}
}
