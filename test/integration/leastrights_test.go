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
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/test/cluster"
)

// TestPrintedRightsSuffice has the server run with its role of artifacts/deploy and what `hookplane rbac` prints for the
// controllers in the cluster. They do all that controllers do: children, status, finalizers, credentials, labels, attachments,
// deferred objects.
func TestPrintedRightsSuffice(t *testing.T) {
	defer runWithDeployedRights(t)()

	namespace, kind := newNamespace(t), newKind(t, "frugal")
	hook, finalize := newHook(t, threeConfigMaps), newHook(t, tearDown)
	requireToken(hook).Store("one")
	createSecret(t, secret(namespace, "hook", map[string]string{"token": "one"}))
	createController(t, kind, hook, withFinalize(finalize), func(c *v1alpha1.CompositeController) {
		c.Spec.Hooks.Sync.Webhook.Authorization = &v1alpha1.Authorization{SecretRef: v1alpha1.SecretKeyReference{Namespace: namespace, Name: "hook", Key: "token"}}
	})
	decorator := newDecoratorHook(t, func(in decoratorRequest) decoratorResponse {
		return decoratorResponse{Labels: object{"decorated": "yes"}, Attachments: []object{configMap(in.name()+"-attached", object{"value": "1"})}}
	})
	createDecorator(t, "frugal", decorator, of(decorate(resourceQuotas)), attaching("configmaps", v1alpha1.AttachmentUpdateInPlace))
	initialize := newInitHook(t, addLabel("initialized", "yes"))
	newInitializer(t, namespace, "frugal", initialize, policy(v1alpha1.InitializerDefer), resource("v1", "limitranges"))
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "Forbidden")

	defer grantPrinted(t)()

	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
	eventuallyFinalizers(t, kind, namespace, "p", finalizerOf(kind))
	deleteParent(t, kind, namespace, "p", metav1.DeletePropagationBackground)
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")

	eventuallyDecoratorReady(t, "frugal", metav1.ConditionTrue, "Running")
	createIn(t, resourceQuotas, "ResourceQuota", namespace, "q")
	eventuallyHas(t, resourceQuotas, namespace, "q", "yes", "metadata", "labels", "decorated")
	eventuallyHas(t, configMaps, namespace, "q-attached", "1", "data", "value")

	initialize.down()
	createIn(t, limitRanges, "LimitRange", namespace, "late")
	eventuallyHas(t, limitRanges, namespace, "late", "frugal.example.com", "metadata", "annotations", pendingAnnotation)
	initialize.up()
	eventuallyHas(t, limitRanges, namespace, "late", "yes", "metadata", "labels", "initialized")
}

var (
	resourceQuotas = schema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"}
	limitRanges    = schema.GroupVersionResource{Version: "v1", Resource: "limitranges"}
)

// runWithDeployedRights restarts the server as the ServiceAccount of artifacts/deploy. What it returns undoes that.
func runWithDeployedRights(t *testing.T) (undo func()) {
	t.Helper()
	roles := filepath.Join(cluster.Root(), "artifacts", "deploy", "base", "roles.yaml")
	mustKubectl(t, "", "apply", "-f", roles)
	server := author{t, "system:serviceaccount:hookplane-system:hookplane"}
	// In a cluster the Service is one of the manifests; here the server points it to this machine.
	server.grant(
		rbacv1.PolicyRule{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"namespaces"}},
		rbacv1.PolicyRule{Verbs: []string{"get", "create", "update", "delete"}, APIGroups: []string{""}, Resources: []string{"services"}},
	)
	return server.runServer()
}

// grantPrinted gives the server what the controllers in the cluster need. What it returns takes that away.
func grantPrinted(t *testing.T) (undo func()) {
	t.Helper()
	command := exec.CommandContext(t.Context(), env.options.Binary, "rbac", "-f", "-", "--name", "test-printed-rights")
	command.Stdin = strings.NewReader(mustKubectl(t, "", "get", "compositecontrollers,decoratorcontrollers,initializercontrollers", "-o", "yaml"))
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("hookplane rbac: %v\n%s", err, printed)
	}
	mustKubectl(t, string(printed), "apply", "-f", "-")
	return func() { mustKubectl(t, string(printed), "delete", "-f", "-") }
}

// createIn creates an object with an empty spec.
func createIn(t *testing.T, resource schema.GroupVersionResource, kind, namespace, name string) {
	t.Helper()
	created := &unstructured.Unstructured{Object: object{
		"apiVersion": resource.GroupVersion().String(), "kind": kind,
		"metadata": object{"name": name}, "spec": object{},
	}}
	if _, err := env.dynamic.Resource(resource).Namespace(namespace).Create(t.Context(), created, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}
