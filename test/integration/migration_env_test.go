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
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/test/cluster"
)

var (
	controllerRevisions = schema.GroupVersionResource{Group: "metacontroller.k8s.io", Version: "v1alpha1", Resource: "controllerrevisions"}
	apiServices         = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
)

// metacontrollerCluster is a cluster that Metacontroller was installed in: its CustomResourceDefinitions serve the API, and there
// are objects as it leaves them. No hookplane runs.
type metacontrollerCluster struct {
	options cluster.HookplaneOptions
	server  *cluster.Hookplane
}

// newMetacontrollerCluster makes one of the cluster of all tests. What it returns makes that what it was.
func newMetacontrollerCluster(t *testing.T) (m *metacontrollerCluster, restore func()) {
	t.Helper()
	m = &metacontrollerCluster{options: env.options}
	m.options.Dir = t.TempDir()
	if err := env.server.Stop(); err != nil {
		t.Fatal(err)
	}
	mustKubectl(t, "", "apply", "-f", filepath.Join(cluster.Root(), "test", "integration", "testdata", "metacontroller-crds.yaml"))
	eventually(t, "the custom resources are served", func() error {
		for _, resource := range []string{"compositecontrollers", "decoratorcontrollers", "controllerrevisions"} {
			if _, err := env.dynamic.Resource(compositeControllers.GroupVersion().WithResource(resource)).List(t.Context(), metav1.ListOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	return m, func() {
		if m.server != nil { // the test failed
			_ = m.server.Stop()
		}
		for _, kind := range []string{"compositecontrollers", "decoratorcontrollers", "initializercontrollers", "controllerrevisions"} {
			_ = deleteCRD(t.Context(), kind+".metacontroller.k8s.io") // there may be none
			_ = deleteCRD(t.Context(), kind+".storage.hookplane.dev")
		}
		startAgain(t)
	}
}

// flags are those of a hookplane as it runs in a cluster: it keeps its objects there, and its registration at its end.
func (m *metacontrollerCluster) flags(strategy string) []string {
	flags := slices.DeleteFunc(slices.Clone(env.options.Flags), func(f string) bool { return strings.HasPrefix(f, "--apply-strategy=") })
	return append(flags, "--data-dir=", "--storage=host", "--keep-apiservice=true", "--apply-strategy="+strategy)
}

func (m *metacontrollerCluster) start(t *testing.T, strategy string) {
	t.Helper()
	m.options.Flags = m.flags(strategy)
	var err error
	if m.server, err = cluster.StartHookplane(t.Context(), m.options); err != nil {
		t.Fatal(err)
	}
	env.server = m.server // its log is what failures print
}

func (m *metacontrollerCluster) stop(t *testing.T) {
	t.Helper()
	if err := m.server.Stop(); err != nil {
		t.Fatal(err)
	}
	m.server = nil
}

// migrate runs one of the commands and returns what it prints.
func migrate(t *testing.T, step string, args ...string) (string, error) {
	t.Helper()
	return runServer(t, append([]string{"migrate", step, "--kubeconfig=" + env.controlPlane.Kubeconfig}, args...)...)
}

func mustMigrate(t *testing.T, step string, args ...string) string {
	t.Helper()
	output, err := migrate(t, step, args...)
	if err != nil {
		t.Fatalf("hookplane migrate %s: %v\n%s", step, err, output)
	}
	return output
}

// applied creates a child as Metacontroller does.
type applied func(t *testing.T, resource schema.GroupVersionResource, parent *unstructured.Unstructured, child object)

// completed is a desired child as Metacontroller completes it.
func completed(parent *unstructured.Unstructured, child object) object {
	child = maps.Clone(child)
	metadata := maps.Clone(child["metadata"].(object))
	labels := object{"controller-uid": string(parent.GetUID())}
	given, _ := metadata["labels"].(object)
	maps.Copy(labels, given)
	metadata["labels"], metadata["namespace"] = labels, parent.GetNamespace()
	child["metadata"] = metadata
	return child
}

func ownedBy(parent *unstructured.Unstructured) []any {
	return []any{object{
		"apiVersion": parent.GetAPIVersion(), "kind": parent.GetKind(), "name": parent.GetName(), "uid": string(parent.GetUID()),
		"controller": true, "blockOwnerDeletion": true,
	}}
}

// byDynamicApply is what Metacontroller does by default: the record, then the owner.
func byDynamicApply(t *testing.T, resource schema.GroupVersionResource, parent *unstructured.Unstructured, child object) {
	t.Helper()
	child = completed(parent, child)
	record, err := json.Marshal(child)
	if err != nil {
		t.Fatal(err)
	}
	child = decoded(t, record)
	metadata := child["metadata"].(object)
	annotations, _ := metadata["annotations"].(object)
	if annotations == nil {
		annotations = object{}
	}
	annotations[lastApplied] = string(record)
	metadata["annotations"], metadata["ownerReferences"] = annotations, ownedBy(parent)
	client := env.dynamic.Resource(resource).Namespace(parent.GetNamespace())
	created, err := client.Create(t.Context(), &unstructured.Unstructured{Object: child}, metav1.CreateOptions{FieldManager: "metacontroller"})
	if err != nil {
		t.Fatal(err)
	}
	if resource != deployments {
		return
	}
	// It writes once more what the cluster has rewritten: quantities, zero values.
	eventually(t, "the workload is written again", func() error {
		latest, err := client.Get(t.Context(), created.GetName(), metav1.GetOptions{})
		if err != nil {
			return err
		}
		latest.Object["spec"].(object)["template"] = child["spec"].(object)["template"]
		_, err = client.Update(t.Context(), latest, metav1.UpdateOptions{FieldManager: "metacontroller"})
		return err
	})
}

// byServerSideApply is what it does with --apply-strategy=server-side-apply.
func byServerSideApply(t *testing.T, resource schema.GroupVersionResource, parent *unstructured.Unstructured, child object) {
	t.Helper()
	child = completed(parent, child)
	text, err := json.Marshal(child)
	if err != nil {
		t.Fatal(err)
	}
	child = decoded(t, text)
	child["metadata"].(object)["ownerReferences"] = ownedBy(parent)
	applied := &unstructured.Unstructured{Object: child}
	_, err = env.dynamic.Resource(resource).Namespace(parent.GetNamespace()).Apply(t.Context(), applied.GetName(), applied,
		metav1.ApplyOptions{FieldManager: "metacontroller", Force: true})
	if err != nil {
		t.Fatal(err)
	}
}

func decoded(t *testing.T, text []byte) object {
	t.Helper()
	var decoded object
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

// ofMetacontroller is a composite controller as kubectl applies it.
func ofMetacontroller(k kind, hook *hookServer, method string, resources ...schema.GroupVersionResource) string {
	children := make([]object, 0, len(resources))
	for _, resource := range resources {
		children = append(children, object{
			"apiVersion": resource.GroupVersion().String(), "resource": resource.Resource, "updateStrategy": object{"method": method},
		})
	}
	webhook := object{"webhook": object{"url": hook.URL()}}
	text, err := json.Marshal(object{
		"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "CompositeController", "metadata": object{"name": k.Resource},
		"spec": object{
			"parentResource": object{"apiVersion": k.GroupVersion().String(), "resource": k.Resource},
			"childResources": children, "generateSelector": true,
			"hooks": object{"sync": webhook, "finalize": webhook},
		},
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// migrant is a parent with its children, none of which may be written.
type migrant struct {
	name, namespace string
	kind            kind
	before          map[string]string
}

// newShop makes a parent and its children as Metacontroller leaves them.
func newShop(t *testing.T, k kind, namespace, name string, apply applied) *migrant {
	t.Helper()
	parent := setFinalizer(t, k, newParent(t, k, namespace, name, object{}))
	apply(t, deployments, parent, workload(name, object{"tier": "front"}))
	apply(t, services, parent, service(name))
	apply(t, configMaps, parent, configMap(name, object{"a": "1"}))
	eventuallyHas(t, deployments, namespace, name, "2", "status", "unavailableReplicas")
	parent.Object["status"] = object{"seen": "yes", "observedGeneration": parent.GetGeneration()}
	if _, err := env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace).UpdateStatus(t.Context(), parent, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	m := &migrant{name: name, namespace: namespace, kind: k}
	var err error
	if m.before, err = m.states(t); err != nil {
		t.Fatal(err)
	}
	return m
}

// setFinalizer puts the finalizer on a parent that Metacontroller puts there.
func setFinalizer(t *testing.T, k kind, parent *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	parent.SetFinalizers([]string{finalizerOf(k)})
	updated, err := env.dynamic.Resource(k.GroupVersionResource).Namespace(parent.GetNamespace()).Update(t.Context(), parent, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return updated
}

// states returns the versions of what nobody else writes, and of the Deployment, of which the cluster writes the status, what
// is not status.
func (m *migrant) states(t *testing.T) (map[string]string, error) {
	t.Helper()
	states := map[string]string{}
	for _, resource := range typesOf(m.kind) {
		o, err := get(t.Context(), resource, m.namespace, m.name)
		if err != nil {
			return nil, err
		}
		states[resource.Resource] = fmt.Sprint(o.GetUID(), " ", o.GetResourceVersion())
		if resource == deployments {
			states[resource.Resource] = fmt.Sprint(o.GetUID(), " ", o.GetGeneration(), content(o))
		}
	}
	return states, nil
}

// unchanged makes sure that nothing was written, and that nothing is.
func (m *migrant) unchanged(t *testing.T) {
	t.Helper()
	never(t, m.name+" or one of its children is written", func() error {
		now, err := m.states(t)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(m.before, now); diff != "" {
			return fmt.Errorf("-before +now:\n%s", diff)
		}
		return nil
	})
}

// freeParents takes finalizers off parents that a failed test leaves.
func freeParents(t *testing.T, namespace string, kinds ...kind) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for _, k := range kinds {
		client := env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace)
		list, err := client.List(ctx, metav1.ListOptions{})
		if err != nil {
			continue // the kind is gone already
		}
		for _, parent := range list.Items {
			_, _ = client.Patch(ctx, parent.GetName(), types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		}
	}
}

// newRevision records which children are in a version of a parent, as Metacontroller does.
func newRevision(t *testing.T, k kind, parent *unstructured.Unstructured, version string, children ...string) {
	t.Helper()
	patch := object{"spec": object{"version": version}}
	text, err := json.Marshal(patch)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha1.Sum(append([]byte(parent.GetUID()), text...))
	names := make([]any, 0, len(children))
	for _, name := range children {
		names = append(names, name)
	}
	_, err = env.dynamic.Resource(controllerRevisions).Namespace(parent.GetNamespace()).Create(t.Context(), &unstructured.Unstructured{Object: object{
		"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "ControllerRevision",
		"metadata": object{
			"name": fmt.Sprintf("%s.%s-%x", k.Resource, k.Group, hash), "ownerReferences": ownedBy(parent),
			"labels": object{"controller-uid": string(parent.GetUID()), "metacontroller.k8s.io/apiGroup": k.Group, "metacontroller.k8s.io/resource": k.Resource},
		},
		"parentPatch": patch,
		"children":    []any{object{"apiGroup": "", "kind": "ConfigMap", "names": names}},
	}}, metav1.CreateOptions{FieldManager: "metacontroller"})
	if err != nil {
		t.Fatal(err)
	}
}

// newDependent makes an object that a controller object owns: it goes when the garbage collector takes that for gone.
func newDependent(t *testing.T, namespace string, controller *unstructured.Unstructured) {
	t.Helper()
	dependent := &unstructured.Unstructured{Object: configMap("dependent", object{})}
	dependent.SetOwnerReferences([]metav1.OwnerReference{{
		APIVersion: controller.GetAPIVersion(), Kind: controller.GetKind(), Name: controller.GetName(), UID: controller.GetUID(),
	}})
	if _, err := env.dynamic.Resource(configMaps).Namespace(namespace).Create(t.Context(), dependent, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// runMetacontroller makes what runs Metacontroller, without a node to run it on, and returns what scales it.
func runMetacontroller(t *testing.T, namespace string) (scale func(replicas int32)) {
	t.Helper()
	labels := object{"app": "metacontroller"}
	_, err := env.dynamic.Resource(statefulSets).Namespace(namespace).Create(t.Context(), &unstructured.Unstructured{Object: object{
		"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": object{"name": "metacontroller"},
		"spec": object{
			"replicas": 1, "serviceName": "", "selector": object{"matchLabels": labels},
			"template": object{"metadata": object{"labels": labels}, "spec": object{
				"containers": []any{object{"name": "metacontroller", "image": "ghcr.io/metacontroller/metacontroller:v4.17.2"}},
			}},
		},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventuallyHas(t, pods, namespace, "metacontroller-0", "Pending", "status", "phase")
	return func(replicas int32) {
		t.Helper()
		mergePatch(t, statefulSets, namespace, "metacontroller", fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas))
		eventuallyGone(t, pods, namespace, "metacontroller-0")
	}
}

// refusesToStart runs a server that must not take the API over.
func (m *metacontrollerCluster) refusesToStart(t *testing.T, wants ...string) {
	t.Helper()
	output, err := runServer(t, append([]string{
		"--kubeconfig=" + env.controlPlane.Kubeconfig, "--register-apiservice", "--apiservice-external-name=localhost", "--bind-address=127.0.0.1", "--secure-port=0",
	}, m.flags(serverSideApply)...)...)
	if err == nil {
		t.Errorf("the server ran:\n%s", output)
	}
	for _, want := range wants {
		if !strings.Contains(output, want) {
			t.Errorf("the server does not say %q:\n%s", want, output)
		}
	}
}

// eventuallySynced waits until a controller, which must be the one of before, has synced all its parents.
func eventuallySynced(t *testing.T, k kind, uid types.UID, parents int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s has synced %d parents", k.Resource, parents), func() error {
		controller, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(t.Context(), k.Resource, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if controller.UID != uid {
			t.Fatalf("the controller has the UID %s, had %s", controller.UID, uid)
		}
		if status := controller.Status.Parents; status == nil || status.Synced != int32(parents) {
			return fmt.Errorf("its status is %+v", controller.Status)
		}
		return nil
	})
}
