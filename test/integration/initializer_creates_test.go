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
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestInitializerOfEveryCreate creates objects in every way that there is.
func TestInitializerOfEveryCreate(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, func(in initRequest) initResponse {
		user := nested[string](in.Request.UserInfo, "username")
		labelled := withLabel(in.Object, "team", "a")
		labelled = withLabel(labelled, "dry-run", fmt.Sprint(in.Request.DryRun))
		return initResponse{Object: withLabel(labelled, "user", strings.ReplaceAll(user, ":", "_"))}
	})
	newInitializer(t, namespace, "every", hook)
	if created := eventuallyLabelled(t, namespace, "team", "a"); created.GetLabels()["user"] == "" {
		t.Error("the hook is not told who creates")
	}
	client := env.dynamic.Resource(configMaps).Namespace(namespace)
	check := func(what string, created *unstructured.Unstructured, err error, dryRun string) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if got := created.GetLabels(); got["team"] != "a" || got["dry-run"] != dryRun {
			t.Errorf("%s gives the labels %v", what, got)
		}
	}
	generated := configMap("", object{})
	generated["metadata"] = object{"generateName": "generated-"}
	created, err := client.Create(t.Context(), &unstructured.Unstructured{Object: generated}, metav1.CreateOptions{})
	check("generateName", created, err, "false")
	created, err = client.Apply(t.Context(), "applied", &unstructured.Unstructured{Object: configMap("applied", object{"a": "b"})}, metav1.ApplyOptions{FieldManager: "test"})
	check("server-side apply", created, err, "false")
	created, err = newConfigMap(t.Context(), namespace, "dry", metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	check("a dry run", created, err, "true")
	output := mustKubectl(t, "", "create", "configmap", "dry", "-n", namespace, "--dry-run=server", "-o", "jsonpath={.metadata.labels}")
	if want := `"dry-run":"true"`; !strings.Contains(output, want) {
		t.Errorf("kubectl create --dry-run=server prints the labels %s, want %s", output, want)
	}
	if _, err := get(t.Context(), configMaps, namespace, "dry"); !apierrors.IsNotFound(err) {
		t.Errorf("what was created in dry runs gives %v, want not found", err)
	}

	// An object that exists already is not initialized again.
	mergePatch(t, configMaps, namespace, "applied", `{"metadata":{"labels":{"team":null}}}`)
	if found, err := get(t.Context(), configMaps, namespace, "applied"); err != nil || found.GetLabels()["team"] != "" {
		t.Errorf("after an update the labels are %v, %v", found.GetLabels(), err)
	}
}

// TestInitializerOfReplicas has a ReplicaSet make the Pods.
func TestInitializerOfReplicas(t *testing.T) {
	namespace := newNamespace(t)
	newInitializer(t, namespace, "replicas", newInitHook(t, func(in initRequest) initResponse {
		spec := in.Object["spec"].(object)
		spec["containers"] = append(spec["containers"].([]any), object{"name": "sidecar", "image": "sidecar"})
		return initResponse{Object: in.Object}
	}), resource("v1", "pods"))
	n := 0
	eventually(t, "new Pods have a sidecar", func() error {
		n++
		created, err := env.kubernetes.CoreV1().Pods(namespace).Create(t.Context(), pod(fmt.Sprintf("p-%d", n), nil), metav1.CreateOptions{})
		if err == nil && len(created.Spec.Containers) != 2 {
			err = fmt.Errorf("it has %d containers", len(created.Spec.Containers))
		}
		return err
	})
	labels := map[string]string{"app": "web"}
	replicas := int32(20)
	_, err := env.kubernetes.AppsV1().ReplicaSets(namespace).Create(t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod("", nil).Spec},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "all replicas have a sidecar", func() error {
		list, err := env.kubernetes.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
		if err != nil {
			return err
		}
		complete := 0
		for _, found := range list.Items {
			if len(found.Spec.Containers) == 2 {
				complete++
			}
		}
		if len(list.Items) != int(replicas) || complete != len(list.Items) {
			return fmt.Errorf("of %d Pods %d are complete", len(list.Items), complete)
		}
		return nil
	})
}

// TestInitializerOfManyAtOnce creates 500 Pods side by side: every one is complete, and one hook call is made for each.
func TestInitializerOfManyAtOnce(t *testing.T) {
	namespace := newNamespace(t)
	newInitializer(t, namespace, "many", newInitHook(t, addLabel("team", "a")), resource("v1", "pods"), func(c *v1alpha1.InitializerController) {
		c.Spec.Hooks.Init.Webhook.Timeout = "30s" // machines that run tests are slow
	})
	client := env.kubernetes.CoreV1().Pods(namespace)
	n := 0
	eventually(t, "new Pods are labelled", func() error {
		n++
		created, err := client.Create(t.Context(), pod(fmt.Sprintf("p-%d", n), nil), metav1.CreateOptions{})
		if err == nil && created.Labels["team"] != "a" {
			err = fmt.Errorf("its labels are %v", created.Labels)
		}
		return err
	})
	var group sync.WaitGroup
	errs := make([]error, 500)
	clients := connections(t, 10)
	for i := range errs {
		group.Go(func() {
			content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod(fmt.Sprintf("many-%d", i), nil))
			if err != nil {
				errs[i] = err
				return
			}
			content["apiVersion"], content["kind"] = "v1", "Pod"
			created, err := clients[i%len(clients)].Resource(pods).Namespace(namespace).Create(t.Context(), &unstructured.Unstructured{Object: content}, metav1.CreateOptions{})
			if err == nil && created.GetLabels()["team"] != "a" {
				err = fmt.Errorf("many-%d has the labels %v", i, created.GetLabels())
			}
			errs[i] = err
		})
	}
	group.Wait()
	failed := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		if failed++; failed <= 3 {
			t.Error(err)
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d Pods failed", failed, len(errs))
	}
}

// TestInitializerSelects has conditions that only some objects meet; the hook is not called for others.
func TestInitializerSelects(t *testing.T) {
	namespace, elsewhere := newNamespace(t), newNamespace(t)
	hook := newInitHook(t, addLabel("team", "a"))
	newInitializer(t, namespace, "selecting", hook, func(c *v1alpha1.InitializerController) {
		c.Spec.MatchConditions = []v1alpha1.MatchCondition{{Name: "name", Expression: "object.metadata.name.startsWith('labelled-')"}}
		c.Spec.ObjectSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "skip", Operator: metav1.LabelSelectorOpDoesNotExist}}}
	})
	eventuallyLabelled(t, namespace, "team", "a")
	calls := hook.count(namespace)
	skipped := configMap("labelled-but-skipped", object{})
	for what, create := range map[string]func() (*unstructured.Unstructured, error){
		"a false condition": func() (*unstructured.Unstructured, error) {
			return newConfigMap(t.Context(), namespace, "other", metav1.CreateOptions{})
		},
		"another namespace": func() (*unstructured.Unstructured, error) {
			return newConfigMap(t.Context(), elsewhere, "labelled-elsewhere", metav1.CreateOptions{})
		},
		"a label": func() (*unstructured.Unstructured, error) {
			return env.dynamic.Resource(configMaps).Namespace(namespace).Create(t.Context(), &unstructured.Unstructured{Object: withLabel(skipped, "skip", "yes")}, metav1.CreateOptions{})
		},
	} {
		if created, err := create(); err != nil || created.GetLabels()["team"] != "" {
			t.Errorf("with %s the labels are %v, %v", what, created.GetLabels(), err)
		}
	}
	if got := hook.count(namespace); got != calls || hook.count(elsewhere) > 0 {
		t.Errorf("the hook was called %d times more", got-calls)
	}
}

// TestInitializersShareOneCall has two initializers of one kind with different selectors: kube-apiserver is told of one webhook.
func TestInitializersShareOneCall(t *testing.T) {
	namespace := newNamespace(t)
	newInitializer(t, namespace, "one", newInitHook(t, addLabel("one", "yes")))
	newInitializer(t, namespace, "two", newInitHook(t, addLabel("two", "yes")), func(c *v1alpha1.InitializerController) { c.Spec.NamespaceSelector = nil },
		func(c *v1alpha1.InitializerController) {
			c.Spec.MatchConditions = []v1alpha1.MatchCondition{{Name: "here", Expression: "request.namespace == '" + namespace + "'"}}
		})
	n := 0
	eventually(t, "both complete one object", func() error {
		n++
		created, err := newConfigMap(t.Context(), namespace, fmt.Sprintf("both-%d", n), metav1.CreateOptions{})
		if err == nil && (created.GetLabels()["one"] != "yes" || created.GetLabels()["two"] != "yes") {
			err = fmt.Errorf("its labels are %v", created.GetLabels())
		}
		return err
	})
	configuration, err := env.dynamic.Resource(webhookConfigurations).Get(t.Context(), configurationName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if webhooks := nested[[]any](configuration.Object, "webhooks"); len(webhooks) != 1 {
		t.Errorf("kube-apiserver is told of %d webhooks, want one", len(webhooks))
	}
}
