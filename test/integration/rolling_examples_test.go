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
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// eventuallyPodImage waits until the first container of a Pod has an image.
func eventuallyPodImage(t *testing.T, name, image string) {
	t.Helper()
	eventually(t, "Pod "+name+" has image "+image, func() error {
		pod, err := env.kubernetes.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if got := pod.Spec.Containers[0].Image; got != image {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})
}

// TestPetSet runs a set through creation, an update, a change of mind and scaling.
func TestPetSet(t *testing.T) {
	petsets := schema.GroupVersionResource{Group: "ctl.example.com", Version: "v1", Resource: "petsets"}
	runExample(t, "petset", "petset-ctrl")
	applyExample(t, "petset", "petset-crd.yaml")
	applyExample(t, "petset", "petset-controller.yaml")
	eventuallyReady(t, "petset-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "petset", "petset-zoo.yaml")
	updated := func(reason string) {
		t.Helper()
		eventually(t, "the zoo's rollout is "+reason, func() error {
			zoo, err := get(t.Context(), petsets, "default", "zoo")
			if err != nil {
				return err
			}
			for _, condition := range nested[[]any](zoo.Object, "status", "conditions") {
				if condition.(object)["type"] == "Updated" && condition.(object)["reason"] == reason {
					return nil
				}
			}
			return fmt.Errorf("its status is %v", zoo.Object["status"])
		})
	}
	useImage := func(image string) {
		t.Helper()
		mergePatch(t, petsets, "default", "zoo", fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"pet","image":%q}]}}}}`, image))
	}

	eventuallyPods(t, "zoo-0")
	runPod(t, "zoo-0", corev1.PodRunning)
	eventuallyPods(t, "zoo-0", "zoo-1")
	runPod(t, "zoo-1", corev1.PodRunning)
	eventuallyPods(t, "zoo-0", "zoo-1", "zoo-2")
	runPod(t, "zoo-2", corev1.PodRunning)
	updated("OnLatestRevision")
	eventuallyHas(t, petsets, "default", "zoo", "3", "status", "readyReplicas")

	useImage("broken")
	eventuallyPodImage(t, "zoo-2", "broken")
	updated("RolloutWaiting")
	eventuallyPodImage(t, "zoo-1", "busybox:1.36")
	useImage("busybox:1.37")
	for _, name := range []string{"zoo-2", "zoo-1", "zoo-0"} {
		eventuallyPodImage(t, name, "busybox:1.37")
		runPod(t, name, corev1.PodRunning)
	}
	updated("OnLatestRevision")

	mergePatch(t, petsets, "default", "zoo", `{"spec":{"replicas":1}}`)
	eventuallyPods(t, "zoo-0")
	eventuallyPodImage(t, "zoo-0", "busybox:1.37")
	if err := env.dynamic.Resource(petsets).Namespace("default").Delete(t.Context(), "zoo", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyPods(t)
}

// runColor plays the kubelet for all Pods of a color, of which there must be so many with an image.
func runColor(t *testing.T, color, image string, count int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d Pods of %s have image %s", count, color, image), func() error {
		list, err := env.kubernetes.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{LabelSelector: "bluegreen=web,color=" + color})
		if err != nil {
			return err
		}
		if len(list.Items) != count {
			return fmt.Errorf("there are %d", len(list.Items))
		}
		for _, pod := range list.Items {
			if got := pod.Spec.Containers[0].Image; got != image {
				return fmt.Errorf("one has %s", got)
			}
		}
		for _, pod := range list.Items {
			runPod(t, pod.Name, corev1.PodRunning)
		}
		return nil
	})
}

// TestBlueGreen switches from one color to the other, with a change of mind on the way.
func TestBlueGreen(t *testing.T) {
	deployments := schema.GroupVersionResource{Group: "ctl.example.com", Version: "v1", Resource: "bluegreendeployments"}
	services := schema.GroupVersionResource{Version: "v1", Resource: "services"}
	runExample(t, "bluegreen", "bluegreen-ctrl")
	applyExample(t, "bluegreen", "bluegreen-crd.yaml")
	applyExample(t, "bluegreen", "bluegreen-controller.yaml")
	eventuallyReady(t, "bluegreen-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "bluegreen", "bluegreen-web.yaml")
	state := func(active, progress, ready string) {
		t.Helper()
		eventuallyHas(t, services, "default", "web", active, "spec", "selector", "color")
		eventuallyHas(t, deployments, "default", "web", progress, "status", "progress")
		eventuallyHas(t, deployments, "default", "web", ready, "status", "readyReplicas")
	}
	useImage := func(image string) {
		t.Helper()
		mergePatch(t, deployments, "default", "web", fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"nginx","image":%q}]}}}}`, image))
	}

	runColor(t, "blue", "nginx:1.28", 2)
	state("blue", "Serving", "2")
	useImage("broken")
	state("blue", "Preparing", "2")
	useImage("nginx:1.29")
	runColor(t, "green", "nginx:1.29", 2)
	state("green", "Serving", "2")
	runColor(t, "blue", "", 0)
	useImage("nginx:1.30")
	runColor(t, "blue", "nginx:1.30", 2)
	state("blue", "Serving", "2")

	if err := env.dynamic.Resource(deployments).Namespace("default").Delete(context.WithoutCancel(t.Context()), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyPods(t)
}
