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
	"errors"
	"fmt"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// createDeferred creates ConfigMaps until one is admitted to be completed later.
func createDeferred(t *testing.T, namespace, pending string) *unstructured.Unstructured {
	t.Helper()
	var created *unstructured.Unstructured
	n := 0
	eventually(t, "new ConfigMaps are deferred", func() error {
		n++
		var err error
		if created, err = newConfigMap(t.Context(), namespace, fmt.Sprintf("deferred-%d", n), metav1.CreateOptions{}); err != nil {
			return err
		}
		if got := created.GetAnnotations()[pendingAnnotation]; got != pending {
			return fmt.Errorf("it waits for %q, want %q", got, pending)
		}
		return nil
	})
	return created
}

// eventuallyCompleted waits until an object waits for nobody.
func eventuallyCompleted(t *testing.T, namespace, name string) *unstructured.Unstructured {
	t.Helper()
	var found *unstructured.Unstructured
	eventually(t, name+" waits for no initializer", func() error {
		var err error
		if found, err = get(t.Context(), configMaps, namespace, name); err != nil {
			return err
		}
		if pending, waits := found.GetAnnotations()[pendingAnnotation]; waits {
			return fmt.Errorf("it waits for %s", pending)
		}
		return nil
	})
	return found
}

// TestDeferredInOrder has two hooks that are down: what they make of an object comes later, and in order.
func TestDeferredInOrder(t *testing.T) {
	namespace := newNamespace(t)
	appendName := func(in initRequest) initResponse {
		before := nested[string](in.Object, "metadata", "labels", "order")
		return initResponse{Object: withLabel(in.Object, "order", before+nested[string](in.Controller, "metadata", "name"))}
	}
	first, second := newInitHook(t, appendName), newInitHook(t, appendName)
	newInitializer(t, namespace, "first", first, policy(v1alpha1.InitializerDefer))
	newInitializer(t, namespace, "second", second, policy(v1alpha1.InitializerDefer))
	first.down()
	created := createDeferred(t, namespace, "first.example.com,second.example.com")
	if order := created.GetLabels()["order"]; order != "" {
		t.Errorf("the object has order=%q before its first initializer was called", order)
	}
	eventually(t, "the waiting object is counted", func() error {
		found, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Get(t.Context(), "first", metav1.GetOptions{})
		if err != nil || found.Status.Objects == nil || found.Status.Objects.Pending < 1 || found.Status.Objects.Deferred < 1 {
			return fmt.Errorf("the status is %+v, %w", found.Status, err)
		}
		return nil
	})
	eventuallyEvent(t, namespace, created.GetName(), "InitializeError", "first.example.com")
	first.up()
	completed := eventuallyCompleted(t, namespace, created.GetName())
	if got := completed.GetLabels()["order"]; got != "firstsecond" {
		t.Errorf("the object has order=%q, want firstsecond", got)
	}
	eventually(t, "nothing waits", func() error {
		found, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Get(t.Context(), "second", metav1.GetOptions{})
		if err != nil || found.Status.Objects == nil || found.Status.Objects.Pending != 0 || found.Status.Objects.Completed < 1 {
			return fmt.Errorf("the status is %+v, %w", found.Status, err)
		}
		return nil
	})
}

// TestDeferredSurvivesKill kills the server between admission and completion.
func TestDeferredSurvivesKill(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, addLabel("team", "a"))
	newInitializer(t, namespace, "late", hook, policy(v1alpha1.InitializerDefer))
	hook.down()
	created := createDeferred(t, namespace, "late.example.com")
	if err := env.server.Kill(); err != nil {
		t.Fatal(err)
	}
	// Nobody would write down that an object waits, so none is created.
	_, err := newConfigMap(t.Context(), namespace, "meanwhile", metav1.CreateOptions{})
	startAgain(t)
	if err == nil {
		t.Error("an object was created while the server was down, and will never be completed")
	}
	hook.up()
	completed := eventuallyCompleted(t, namespace, created.GetName())
	if got := completed.GetLabels()["team"]; got != "a" {
		t.Errorf("the object has team=%q, want a", got)
	}
}

// TestIgnoredGoOnWithoutServer has the server down: kinds that no other initializer asks for are created all the same.
func TestIgnoredGoOnWithoutServer(t *testing.T) {
	namespace := newNamespace(t)
	newInitializer(t, namespace, "optional", newInitHook(t, addLabel("team", "a")), policy(v1alpha1.InitializerIgnore))
	eventuallyLabelled(t, namespace, "team", "a")
	if err := env.server.Kill(); err != nil {
		t.Fatal(err)
	}
	_, err := newConfigMap(t.Context(), namespace, "meanwhile", metav1.CreateOptions{})
	configuration, getErr := env.dynamic.Resource(webhookConfigurations).Get(t.Context(), configurationName, metav1.GetOptions{})
	startAgain(t)
	if err != nil {
		t.Errorf("a ConfigMap cannot be created without the server: %v", err)
	}
	if getErr != nil || !strings.Contains(configuration.GetAnnotations()["kubernetes.io/description"], "kubectl delete mutatingwebhookconfiguration") {
		t.Errorf("the configuration does not say how to remove it: %v, %v", configuration, getErr)
	}
}

// TestDeferredPodIsGated holds a Pod back until it is complete.
func TestDeferredPodIsGated(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, addLabel("team", "a"))
	newInitializer(t, namespace, "gating", hook, policy(v1alpha1.InitializerDefer), resource("v1", "pods"))
	hook.down()
	client := env.kubernetes.CoreV1().Pods(namespace)
	var created *corev1.Pod
	n := 0
	eventually(t, "new Pods are gated", func() error {
		n++
		var err error
		if created, err = client.Create(t.Context(), pod(fmt.Sprintf("p-%d", n), nil), metav1.CreateOptions{}); err != nil {
			return err
		}
		if len(created.Spec.SchedulingGates) != 1 || created.Annotations[pendingAnnotation] != "gating.example.com" {
			return fmt.Errorf("its gates are %v, its annotations %v", created.Spec.SchedulingGates, created.Annotations)
		}
		return nil
	})
	hook.up()
	eventually(t, "the Pod is complete and let go", func() error {
		found, err := client.Get(t.Context(), created.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if found.Labels["team"] != "a" || len(found.Spec.SchedulingGates) > 0 || len(found.Annotations) > 0 {
			return fmt.Errorf("labels %v, gates %v, annotations %v", found.Labels, found.Spec.SchedulingGates, found.Annotations)
		}
		return nil
	})

	// What cannot be changed any more is said, and the Pod stays held back.
	hook.answerInit(func(in initRequest) initResponse {
		in.Object["spec"].(object)["hostname"] = "web"
		return initResponse{Object: in.Object}
	})
	hook.down()
	if created, err := client.Create(t.Context(), pod("immutable", nil), metav1.CreateOptions{}); err != nil || len(created.Spec.SchedulingGates) != 1 {
		t.Fatalf("the Pod has the gates %v, %v", created.Spec.SchedulingGates, err)
	}
	hook.up()
	eventuallyEvent(t, namespace, "immutable", "InitializeError", "delete it and create it again")
}

// TestDeferredJobIsSuspended holds a Job back until it is complete, unless the initializer only annotates.
func TestDeferredJobIsSuspended(t *testing.T) {
	for name, deferral := range map[string]v1alpha1.InitializerDeferral{"gates": v1alpha1.InitializerDeferGate, "annotates": v1alpha1.InitializerDeferAnnotate} {
		t.Run(name, func(t *testing.T) {
			namespace := newNamespace(t)
			hook := newInitHook(t, addLabel("team", "a"))
			newInitializer(t, namespace, name, hook, policy(v1alpha1.InitializerDefer), resource("batch/v1", "jobs"),
				func(c *v1alpha1.InitializerController) { c.Spec.Deferral = deferral })
			hook.down()
			client := env.kubernetes.BatchV1().Jobs(namespace)
			var created *batchv1.Job
			n := 0
			eventually(t, "new Jobs are deferred", func() error {
				n++
				template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: pod("", nil).Spec.Containers}}
				job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("j-%d", n)}, Spec: batchv1.JobSpec{Template: template}}
				var err error
				if created, err = client.Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
					return err
				}
				if created.Annotations[pendingAnnotation] == "" {
					return errors.New("it does not wait")
				}
				return nil
			})
			if got, want := *created.Spec.Suspend, deferral == v1alpha1.InitializerDeferGate; got != want {
				t.Errorf("the Job's suspend is %v, want %v", got, want)
			}
			hook.up()
			eventually(t, "the Job is complete and runs", func() error {
				found, err := client.Get(t.Context(), created.Name, metav1.GetOptions{})
				if err != nil {
					return err
				}
				if found.Labels["team"] != "a" || *found.Spec.Suspend || found.Annotations[pendingAnnotation] != "" {
					return fmt.Errorf("labels %v, suspend %v, annotations %v", found.Labels, *found.Spec.Suspend, found.Annotations)
				}
				return nil
			})
		})
	}
}

// TestDeferredWithoutInitializer deletes the initializer that an object waits for: the object goes on without it.
func TestDeferredWithoutInitializer(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, addLabel("team", "a"))
	newInitializer(t, namespace, "gone", hook, policy(v1alpha1.InitializerDefer))
	hook.down()
	created := createDeferred(t, namespace, "gone.example.com")
	eventuallyEvent(t, namespace, created.GetName(), "InitializeError", "connection refused")
	deleteInitializer(t, "gone")
	eventuallyCompleted(t, namespace, created.GetName())
	eventuallyEvent(t, namespace, created.GetName(), "InitializeError", "does not exist any more")
}
