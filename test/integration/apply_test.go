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
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

const (
	serverSideApply = "server-side-apply"
	dynamicApply    = "dynamic-apply"
	lastApplied     = "metacontroller.k8s.io/last-applied-configuration"
)

var (
	deployments  = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	statefulSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
	replicaSets  = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	services     = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	secrets      = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
)

// useStrategy restarts the server with an apply strategy, which later restarts keep.
func useStrategy(t *testing.T, strategy string, meanwhile ...func()) {
	t.Helper()
	if err := env.server.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, f := range meanwhile {
		f()
	}
	const flag = "--apply-strategy="
	env.options.Flags = slices.DeleteFunc(env.options.Flags, func(f string) bool { return strings.HasPrefix(f, flag) })
	env.options.Flags = append(env.options.Flags, flag+strategy)
	startAgain(t)
}

// TestDynamicApply runs the tests of children again under the other strategy.
func TestDynamicApply(t *testing.T) {
	useStrategy(t, dynamicApply)
	defer useStrategy(t, serverSideApply)
	for name, test := range map[string]func(*testing.T){
		"AdoptAndRelease":            TestAdoptAndRelease,
		"UpdateMethods":              TestUpdateMethods,
		"FieldRemoved":               TestFieldRemoved,
		"DriftIsCorrected":           TestDriftIsCorrected,
		"UnwantedChildrenAreDeleted": TestUnwantedChildrenAreDeleted,
		"HookCalls":                  TestHookCalls,
		"NormalisedChildren":         TestNormalisedChildren,
		"ImmutableFields":            TestImmutableFields,
		"TerminatingNamespace":       TestTerminatingNamespace,
		"RolloutChildByChild":        TestRolloutChildByChild,
		"RolloutRecreate":            TestRolloutRecreate,
		"RolloutChangeOfMind":        TestRolloutChangeOfMind,
		"RolloutClusterScopedParent": TestRolloutClusterScopedParent,
		"RolloutOfNormalised":        TestRolloutOfNormalisedChildren,
	} {
		t.Run(name, test)
	}
}

// withChildren declares types of children that are updated in place.
func withChildren(resources ...schema.GroupVersionResource) func(*v1alpha1.CompositeController) {
	return func(c *v1alpha1.CompositeController) {
		c.Spec.ChildResources = nil
		for _, resource := range resources {
			c.Spec.ChildResources = append(c.Spec.ChildResources, v1alpha1.ChildResourceRule{
				APIVersion: resource.GroupVersion().String(), Resource: resource.Resource,
				UpdateStrategy: &v1alpha1.ChildUpdateStrategy{Method: v1alpha1.ChildUpdateInPlace},
			})
		}
	}
}

// workload is a Deployment as a hook writes it: with quantities and lists that the server completes and rewrites.
func workload(name string, labels object) object {
	return object{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": object{"name": name, "labels": labels},
		"spec": object{
			"replicas": 2,
			"selector": object{"matchLabels": object{"app": name}},
			"template": object{
				"metadata": object{"labels": object{"app": name}},
				"spec": object{
					"tolerations": []object{{"key": "example.com/special"}},
					"containers": []object{{
						"name": "main", "image": "example.com/main:1",
						"resources": object{"requests": object{"cpu": "0.5", "memory": "1024Mi"}, "limits": object{"cpu": "1000m"}},
						"ports":     []object{{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}},
						"env":       []object{{"name": "B", "value": "1"}, {"name": "A", "value": ""}},
					}},
				},
			},
		},
	}
}

// stateful is a StatefulSet of the same.
func stateful(name string) object {
	set := workload(name, object{"tier": "back"})
	set["kind"] = "StatefulSet"
	set["spec"].(object)["serviceName"] = name
	return set
}

// service is a Service of two ports with one number.
func service(name string) object {
	return object{
		"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name},
		"spec": object{
			"selector": object{"app": name},
			"ports":    []object{{"name": "tcp", "port": 53}, {"name": "udp", "port": 53, "protocol": "UDP"}},
		},
	}
}

// ownersOf returns by which operations the server's field manager owns fields of the main resource.
func ownersOf(o *unstructured.Unstructured) []string {
	var operations []string
	for _, entry := range o.GetManagedFields() {
		if entry.Manager == "metacontroller" && entry.Subresource == "" {
			operations = append(operations, string(entry.Operation))
		}
	}
	slices.Sort(operations)
	return operations
}

// changes counts the changes of an object that are not of its status.
type changes struct {
	first *unstructured.Unstructured
	watch watch.Interface
}

// content is what of an object the controllers of the cluster leave alone.
func content(o *unstructured.Unstructured) string {
	var ours []any
	for _, entry := range o.GetManagedFields() {
		if entry.Subresource == "" {
			ours = append(ours, entry.Manager, entry.Operation, entry.FieldsV1.GetRawString())
		}
	}
	return fmt.Sprint(o.GetLabels(), o.GetAnnotations(), nested[[]any](o.Object, "metadata", "ownerReferences"), o.Object["spec"], o.Object["data"], ours)
}

// watchChanges watches an object from the state on that it has in o.
func watchChanges(t *testing.T, resource schema.GroupVersionResource, o *unstructured.Unstructured) changes {
	t.Helper()
	w, err := env.dynamic.Resource(resource).Namespace(o.GetNamespace()).Watch(t.Context(), metav1.ListOptions{
		FieldSelector: "metadata.name=" + o.GetName(), ResourceVersion: o.GetResourceVersion(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return changes{o, w}
}

// upTo returns how many changes led to the state of the object in o.
func (c changes) upTo(t *testing.T, o *unstructured.Unstructured) int {
	t.Helper()
	count, last := 0, content(c.first)
	for {
		select {
		case event, ok := <-c.watch.ResultChan():
			if !ok || event.Type == watch.Error {
				t.Fatalf("%s: the watch ended: %v", o.GetName(), event.Object)
			}
			seen := event.Object.(*unstructured.Unstructured)
			if now := content(seen); now != last {
				count, last = count+1, now
			}
			if seen.GetResourceVersion() == o.GetResourceVersion() {
				return count
			}
		case <-time.After(deadline):
			t.Fatalf("%s: the state is never seen", o.GetName())
		}
	}
}

// TestMoveBetweenStrategies has each strategy take over what the other wrote, with a workload running.
func TestMoveBetweenStrategies(t *testing.T) {
	defer useStrategy(t, serverSideApply)
	namespace, kind := newNamespace(t), newKind(t, "mover")
	hook := newHook(t, func(in request) response {
		data := object{"stays": "1"}
		maps.Copy(data, nested[object](in.Parent, "spec", "data"))
		return response{Children: []object{workload("web", object{"tier": "front"}), stateful("web"), service("web"), configMap("config", data)}}
	})
	newController(t, kind, hook, withChildren(deployments, statefulSets, services, configMaps))
	newParent(t, kind, namespace, "p", object{"data": object{"a": "1", "b": "1"}})
	children := []struct {
		resource schema.GroupVersionResource
		name     string
	}{{deployments, "web"}, {statefulSets, "web"}, {services, "web"}, {configMaps, "config"}}

	eventuallyHas(t, deployments, namespace, "web", "1", "status", "observedGeneration")
	eventuallyHas(t, deployments, namespace, "web", "2", "status", "unavailableReplicas")
	eventuallyHas(t, statefulSets, namespace, "web", "1", "status", "replicas")
	mergePatch(t, configMaps, namespace, "config", `{"data":{"foreign":"stays"}}`)
	mergePatch(t, deployments, namespace, "web", `{"metadata":{"annotations":{"foreign":"stays"}}}`)

	// move restarts the server with a strategy and checks that each child was handed over in one write.
	move := func(strategy string, recorded bool, owner string) {
		t.Helper()
		calls := hook.count("p")
		before := make([]*unstructured.Unstructured, len(children))
		watches := make([]changes, len(children))
		useStrategy(t, strategy, func() {
			for i, child := range children {
				var err error
				if before[i], err = get(t.Context(), child.resource, namespace, child.name); err != nil {
					t.Fatal(err)
				}
				watches[i] = watchChanges(t, child.resource, before[i])
			}
		})
		eventually(t, "the hook is called", func() error {
			if hook.count("p") > calls {
				return nil
			}
			return fmt.Errorf("%d calls", hook.count("p"))
		})
		for i, child := range children {
			var after *unstructured.Unstructured
			eventually(t, fmt.Sprintf("%s %s is kept by %s", child.resource.Resource, child.name, strategy), func() error {
				var err error
				after, err = get(t.Context(), child.resource, namespace, child.name)
				if err != nil {
					return err
				}
				if _, found := after.GetAnnotations()[lastApplied]; found != recorded {
					return fmt.Errorf("has the annotation: %t", found)
				}
				if diff := cmp.Diff([]string{owner}, ownersOf(after)); diff != "" {
					return fmt.Errorf("operations of our field manager (-want +got):\n%s", diff)
				}
				return nil
			})
			never(t, "it is written again", func() error {
				again, err := get(t.Context(), child.resource, namespace, child.name)
				if err == nil && content(again) != content(after) {
					return fmt.Errorf("%s %s changed:\n%s", child.resource.Resource, child.name, cmp.Diff(after.Object, again.Object))
				}
				return err
			})
			if got := watches[i].upTo(t, after); got != 1 {
				t.Errorf("%s %s was written %d times, want once", child.resource.Resource, child.name, got)
			}
			if before[i].GetUID() != after.GetUID() {
				t.Errorf("%s %s was replaced", child.resource.Resource, child.name)
			}
			// The generation of a Deployment counts changes of its annotations too.
			if before[i].GetGeneration() != after.GetGeneration() && child.resource != deployments {
				t.Errorf("%s %s has generation %d, had %d", child.resource.Resource, child.name, after.GetGeneration(), before[i].GetGeneration())
			}
			if diff := cmp.Diff(before[i].Object["spec"], after.Object["spec"]); diff != "" {
				t.Errorf("the spec of %s %s (-before +after):\n%s", child.resource.Resource, child.name, diff)
			}
		}
		sets, err := env.dynamic.Resource(replicaSets).Namespace(namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(sets.Items) != 1 {
			t.Errorf("the workload was rolled: %d ReplicaSets, %v", len(sets.Items), err)
		}
	}
	// drop has the hook stop sending a field, which the strategy at work is to remove.
	drop := func(key string) {
		t.Helper()
		patchParent(t, kind, namespace, "p", fmt.Sprintf(`{"spec":{"data":{%q:null}}}`, key))
		eventuallyHas(t, configMaps, namespace, "config", "<nil>", "data", key)
	}
	foreignStays := func() {
		t.Helper()
		eventuallyHas(t, configMaps, namespace, "config", "stays", "data", "foreign")
		eventuallyHas(t, deployments, namespace, "web", "stays", "metadata", "annotations", "foreign")
	}
	move(dynamicApply, true, "Update")
	drop("a")
	foreignStays()
	move(serverSideApply, false, "Apply")
	drop("b")
	foreignStays()

	// A field that the hook stops sending while the server is away goes with the move.
	patchParent(t, kind, namespace, "p", `{"spec":{"data":{"c":"1","d":"1"}}}`)
	eventuallyHas(t, configMaps, namespace, "config", "1", "data", "d")
	useStrategy(t, dynamicApply, func() { patchParent(t, kind, namespace, "p", `{"spec":{"data":{"c":null}}}`) })
	eventuallyHas(t, configMaps, namespace, "config", "<nil>", "data", "c")
	useStrategy(t, serverSideApply, func() { patchParent(t, kind, namespace, "p", `{"spec":{"data":{"d":null}}}`) })
	eventuallyHas(t, configMaps, namespace, "config", "<nil>", "data", "d")
	foreignStays()
}
