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
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/test/cluster"
)

// deadline is how long a test waits for what must come. It decides no test that passes.
const deadline = time.Minute

var (
	configMaps           = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	pods                 = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	compositeControllers = schema.GroupVersionResource{Group: "metacontroller.k8s.io", Version: "v1alpha1", Resource: "compositecontrollers"}
	crds                 = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// eventually waits until check returns nil.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatalf("waited in vain until %s: %v\nthe server's log ends with:\n%s", what, err, logEnd())
}

// never watches for a while that check keeps returning nil.
func never(t *testing.T, what string, check func() error) {
	t.Helper()
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err := check(); err != nil {
			t.Fatalf("%s: %v\nthe server's log ends with:\n%s", what, err, logEnd())
		}
	}
}

func logEnd() string {
	lines := strings.Split(env.server.Log(), "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// restart stops the server cleanly and starts it again with the same data.
func restart(t *testing.T) {
	t.Helper()
	if err := env.server.Stop(); err != nil {
		t.Fatal(err)
	}
	startAgain(t)
}

func startAgain(t *testing.T) {
	t.Helper()
	server, err := cluster.StartHookplane(t.Context(), env.options)
	if err != nil {
		t.Fatal(err)
	}
	env.server = server
}

// newNamespace makes a namespace of the test's own.
func newNamespace(t *testing.T) string {
	t.Helper()
	namespace, err := env.kubernetes.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = env.kubernetes.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), namespace.Name, metav1.DeleteOptions{})
	})
	return namespace.Name
}

// kind is a parent resource of the test's own.
type kind struct {
	schema.GroupVersionResource
	Kind string
}

// crd returns the CustomResourceDefinition of a kind named after the test: lower-case name, no digits.
func crd(name string, status bool) (kind, *unstructured.Unstructured) {
	k := kind{
		GroupVersionResource: schema.GroupVersionResource{Group: "test.hookplane.dev", Version: "v1", Resource: name + "s"},
		Kind:                 strings.ToUpper(name[:1]) + name[1:],
	}
	subresources := map[string]any{}
	if status {
		subresources["status"] = map[string]any{}
	}
	anything := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	return k, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": k.Resource + "." + k.Group},
		"spec": map[string]any{
			"group": k.Group, "scope": "Namespaced",
			"names": map[string]any{"kind": k.Kind, "plural": k.Resource, "singular": name},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true, "subresources": subresources,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{
					"type": "object", "properties": map[string]any{"spec": anything, "status": anything},
				}},
			}},
		},
	}}
}

// newKind makes a parent resource and waits until it is served.
func newKind(t *testing.T, name string) kind {
	t.Helper()
	k, definition := crd(name, true)
	createCRD(t, k, definition)
	return k
}

func createCRD(t *testing.T, k kind, definition *unstructured.Unstructured) {
	t.Helper()
	// One of the same name may be on its way out, where a test runs twice.
	eventually(t, k.Resource+" are created", func() error {
		_, err := env.dynamic.Resource(crds).Create(t.Context(), definition, metav1.CreateOptions{})
		return err
	})
	t.Cleanup(func() { _ = deleteCRD(context.WithoutCancel(t.Context()), definition.GetName()) })
	eventually(t, k.Resource+" are served", func() error {
		_, err := env.dynamic.Resource(k.GroupVersionResource).List(t.Context(), metav1.ListOptions{})
		return err
	})
}

func deleteCRD(ctx context.Context, name string) error {
	return env.dynamic.Resource(crds).Delete(ctx, name, metav1.DeleteOptions{})
}

// newParent creates a parent.
func newParent(t *testing.T, k kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	t.Helper()
	parent, err := env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": k.GroupVersion().String(), "kind": k.Kind,
		"metadata": map[string]any{"name": name},
		"spec":     spec,
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return parent
}

// patchParent merges a change into a parent.
func patchParent(t *testing.T, k kind, namespace, name, patch string) {
	t.Helper()
	mergePatch(t, k.GroupVersionResource, namespace, name, patch)
}

// newController creates a CompositeController whose only hook is sync, and waits until it is ready. mods
// change the object before.
func newController(t *testing.T, k kind, sync *hookServer, mods ...func(*v1alpha1.CompositeController)) *v1alpha1.CompositeController {
	t.Helper()
	controller := createController(t, k, sync, mods...)
	eventuallyReady(t, controller.Name, metav1.ConditionTrue, "Running")
	return controller
}

func createController(t *testing.T, k kind, sync *hookServer, mods ...func(*v1alpha1.CompositeController)) *v1alpha1.CompositeController {
	t.Helper()
	generate := true
	controller := &v1alpha1.CompositeController{
		ObjectMeta: metav1.ObjectMeta{Name: k.Resource},
		Spec: v1alpha1.CompositeControllerSpec{
			ParentResource:   v1alpha1.ParentResourceRule{APIVersion: k.GroupVersion().String(), Resource: k.Resource},
			ChildResources:   []v1alpha1.ChildResourceRule{{APIVersion: "v1", Resource: "configmaps", UpdateStrategy: &v1alpha1.ChildUpdateStrategy{Method: v1alpha1.ChildUpdateInPlace}}},
			Hooks:            &v1alpha1.CompositeControllerHooks{Sync: &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: sync.URL()}}},
			GenerateSelector: &generate,
		},
	}
	for _, mod := range mods {
		mod(controller)
	}
	created, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Create(t.Context(), controller, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = env.controllers.MetacontrollerV1alpha1().CompositeControllers().Delete(context.WithoutCancel(t.Context()), created.Name, metav1.DeleteOptions{})
	})
	return created
}

// eventuallyReady waits for a status of the condition Ready with a reason.
func eventuallyReady(t *testing.T, controller string, status metav1.ConditionStatus, reason string) {
	t.Helper()
	eventually(t, fmt.Sprintf("controller %s has Ready=%s/%s", controller, status, reason), func() error {
		object, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(t.Context(), controller, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range object.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == status && condition.Reason == reason {
				return nil
			}
		}
		return fmt.Errorf("its conditions are %+v", object.Status.Conditions)
	})
}

// eventuallyEvent waits for an event about an object whose message has the text.
func eventuallyEvent(t *testing.T, namespace, object, reason, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s has an event %s with %q", object, reason, text), func() error {
		events, err := env.kubernetes.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + object})
		if err != nil {
			return err
		}
		var seen []string
		for _, event := range events.Items {
			if event.Reason == reason && strings.Contains(event.Message, text) && event.Source.Component == "metacontroller" {
				return nil
			}
			seen = append(seen, event.Reason+": "+event.Message)
		}
		return fmt.Errorf("its events are %q", seen)
	})
}

// get returns an object, or an error.
func get(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error) {
	return env.dynamic.Resource(resource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
}

// eventuallyHas waits until a string field of an object has a value.
func eventuallyHas(t *testing.T, resource schema.GroupVersionResource, namespace, name, want string, path ...string) *unstructured.Unstructured {
	t.Helper()
	var object *unstructured.Unstructured
	eventually(t, fmt.Sprintf("%s %s has %s=%s", resource.Resource, name, strings.Join(path, "."), want), func() error {
		var err error
		if object, err = get(t.Context(), resource, namespace, name); err != nil {
			return err
		}
		value, _, _ := unstructured.NestedFieldNoCopy(object.Object, path...)
		if got := fmt.Sprint(value); got != want {
			return fmt.Errorf("it is %q", got)
		}
		return nil
	})
	return object
}

// eventuallyGone waits until an object does not exist.
func eventuallyGone(t *testing.T, resource schema.GroupVersionResource, namespace, name string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s %s is gone", resource.Resource, name), func() error {
		_, err := get(t.Context(), resource, namespace, name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(errors.New("it is there"), err)
	})
}

// controllerOf returns the UID of an object's controller.
func controllerOf(o *unstructured.Unstructured) string {
	if ref := metav1.GetControllerOf(o); ref != nil {
		return string(ref.UID)
	}
	return ""
}

// kubectl runs kubectl as a cluster admin and returns what it printed, both streams in one.
func kubectl(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), env.controlPlane.Kubectl, args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+env.controlPlane.Kubeconfig)
	command.Stdin = strings.NewReader(stdin)
	output, err := command.CombinedOutput()
	return string(output), err
}

// mustKubectl fails the test when kubectl does.
func mustKubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	output, err := kubectl(t, stdin, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return output
}

// example returns the path of a file under artifacts/examples.
func example(path ...string) string {
	return filepath.Join(append([]string{cluster.Root(), "artifacts", "examples"}, path...)...)
}
