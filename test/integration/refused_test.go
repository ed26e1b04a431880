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
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var jobs = schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}

// TestNormalisedChildren has children that the server completes and rewrites, and a hook whose answers are never in the same
// order: nothing is written but what differs, also after a restart.
func TestNormalisedChildren(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "normal")
	hook := newHook(t, func(in request) response {
		secret := object{"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": "web"}, "stringData": object{"password": "x"}}
		quota := object{
			"apiVersion": "v1", "kind": "ResourceQuota", "metadata": object{"name": "web"},
			"spec": object{"hard": object{"cpu": "1000m", "memory": "2048Mi", "pods": 10}},
		}
		return response{Children: []object{workload("web", object{"tier": "front"}), service("web"), secret, quota}}
	})
	quotas := schema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"}
	resources := []schema.GroupVersionResource{deployments, services, secrets, quotas}
	newController(t, kind, hook, withChildren(resources...))
	newParent(t, kind, namespace, "p", object{})
	eventuallyHas(t, deployments, namespace, "web", "1", "status", "observedGeneration")
	eventuallyHas(t, quotas, namespace, "web", "10", "status", "hard", "pods")

	contents := func() map[string]string {
		found := map[string]string{}
		for _, resource := range resources {
			o, err := get(t.Context(), resource, namespace, "web")
			if err != nil {
				t.Fatal(err)
			}
			found[o.GetKind()] = content(o)
			if resource == secrets || resource == services { // Nobody else writes these.
				found[o.GetKind()] += " " + o.GetResourceVersion()
			}
		}
		return found
	}
	before := contents()
	unchanged := func() error {
		for kind, now := range contents() {
			if now != before[kind] {
				return fmt.Errorf("%s was\n%s and is\n%s", kind, before[kind], now)
			}
		}
		return nil
	}
	calls := hook.count("p")
	patchParent(t, kind, namespace, "p", `{"metadata":{"annotations":{"touched":"1"}}}`)
	eventuallyCalled(t, hook, "p", calls+1)
	never(t, "a child that is as desired is written", unchanged)
	calls = hook.count("p")
	restart(t)
	eventuallyCalled(t, hook, "p", calls+1)
	never(t, "a child that is as desired is written after a restart", unchanged)
}

// eventuallyCalled waits until a hook was called so often for a parent.
func eventuallyCalled(t *testing.T, hook *hookServer, parent string, calls int) {
	t.Helper()
	eventually(t, fmt.Sprintf("the hook was called %d times for %s", calls, parent), func() error {
		if got := hook.count(parent); got < calls {
			return fmt.Errorf("%d calls", got)
		}
		return nil
	})
}

// TestImmutableFields has hooks change what cannot be changed in place: that is said, not tried without end, and the other
// children are written.
func TestImmutableFields(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "fixed")
	hook := newHook(t, func(in request) response {
		value := nested[string](in.Parent, "spec", "value")
		frozen := configMap("frozen", object{"value": value})
		frozen["immutable"] = true
		job := object{
			"apiVersion": "batch/v1", "kind": "Job", "metadata": object{"name": "job"},
			"spec": object{"suspend": true, "template": object{"spec": object{
				"restartPolicy": "Never",
				"containers":    []object{{"name": "main", "image": "example.com/main:" + value, "env": []object{{"name": "TOKEN", "value": "s3cret" + value}}}},
			}}},
		}
		fixed := service("fixed")
		fixed["spec"].(object)["clusterIP"] = map[string]string{"1": "None", "2": "10.96.77.77"}[value]
		return response{Children: []object{frozen, job, fixed, configMap("free", object{"value": value})}}
	})
	controller := newController(t, kind, hook, withChildren(configMaps, jobs, services))
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "free", "1", "data", "value")
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyHas(t, configMaps, namespace, "free", "2", "data", "value")
	for _, want := range []string{
		`cannot update ConfigMap "` + namespace + `/frozen": data cannot be changed in place: set updateStrategy.method of the child's rule to Recreate`,
		`cannot update Job "` + namespace + `/job": spec.template.spec cannot be changed in place`,
		`cannot update Service "` + namespace + `/fixed": spec.clusterIPs[0] cannot be changed in place`,
	} {
		eventuallyEvent(t, namespace, "p", "SyncError", want)
	}
	events, err := env.kubernetes.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events.Items {
		if strings.Contains(event.Message, "s3cret") {
			t.Errorf("an event tells a value: %s", event.Message)
		}
	}
	backsOff(t, hook, "p")

	// As the event says: Recreate helps.
	var rules []string
	for _, rule := range controller.Spec.ChildResources {
		rules = append(rules, fmt.Sprintf(`{"apiVersion":%q,"resource":%q,"updateStrategy":{"method":"Recreate"}}`, rule.APIVersion, rule.Resource))
	}
	mergePatch(t, compositeControllers, "", kind.Resource, `{"spec":{"childResources":[`+strings.Join(rules, ",")+`]}}`)
	eventuallyHas(t, configMaps, namespace, "frozen", "2", "data", "value")
	eventuallyHas(t, services, namespace, "fixed", "10.96.77.77", "spec", "clusterIP")
	eventually(t, "the Job is made anew", func() error {
		job, err := get(t.Context(), jobs, namespace, "job")
		if err == nil && !strings.Contains(fmt.Sprint(job.Object["spec"]), "example.com/main:2") {
			err = fmt.Errorf("its spec is %v", job.Object["spec"])
		}
		return err
	})
}

// backsOff watches that a failing parent is tried again and again, ever more rarely.
func backsOff(t *testing.T, hook *hookServer, parent string) {
	t.Helper()
	calls := hook.count(parent)
	eventuallyCalled(t, hook, parent, calls+1)
	calls = hook.count(parent)
	never(t, "a failing parent is tried in a hot loop", func() error {
		if more := hook.count(parent) - calls; more > 20 {
			return fmt.Errorf("%d calls", more)
		}
		return nil
	})
}

// TestTerminatingNamespace has a child wanted in a namespace that is being deleted.
func TestTerminatingNamespace(t *testing.T) {
	namespace := newNamespace(t)
	kind, definition := crd("spanner", true)
	if err := unstructured.SetNestedField(definition.Object, "Cluster", "spec", "scope"); err != nil {
		t.Fatal(err)
	}
	createCRD(t, kind, definition)
	hook := newHook(t, func(in request) response {
		child := configMap("late", object{"value": "1"})
		child["metadata"].(object)["namespace"] = namespace
		elsewhere := configMap("late", object{"value": nested[string](in.Parent, "spec", "value")})
		elsewhere["metadata"].(object)["namespace"] = "default"
		return response{Children: []object{child, elsewhere}}
	})
	// Something that keeps the namespace from going.
	createConfigMap(t, namespace, "anchor", object{})
	mergePatch(t, configMaps, namespace, "anchor", `{"metadata":{"finalizers":["test.hookplane.dev/anchor"]}}`)
	release := func() {
		_, _ = env.dynamic.Resource(configMaps).Namespace(namespace).Patch(context.WithoutCancel(t.Context()), "anchor",
			types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	}
	t.Cleanup(release)
	if err := env.kubernetes.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	newController(t, kind, hook)
	newParent(t, kind, "", "p", object{"value": "1"})
	eventuallyHas(t, configMaps, "default", "late", "1", "data", "value")
	eventuallyEvent(t, "default", "p", "SyncError",
		`cannot create ConfigMap "`+namespace+`/late": the namespace "`+namespace+`" is being deleted, and nothing can be created in it`)
	backsOff(t, hook, "p")

	release()
	eventually(t, "the namespace is made anew", func() error {
		_, err := env.kubernetes.CoreV1().Namespaces().Create(t.Context(),
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		return err
	})
	eventuallyHas(t, configMaps, namespace, "late", "1", "data", "value")
}
