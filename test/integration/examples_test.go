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
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/hookplane/hookplane/test/cluster"
)

// buildExample builds an example's hook.
func buildExample(t *testing.T, name string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./artifacts/examples/"+name)
	build.Dir = cluster.Root()
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, output)
	}
	return binary
}

// runExample runs an example's hook, and makes the Service by which its controller names it.
func runExample(t *testing.T, name, service string) {
	t.Helper()
	t.Cleanup(func() { // runs last; the garbage collector takes half a minute to notice a new kind
		_ = env.kubernetes.CoreV1().Pods("default").DeleteCollection(context.WithoutCancel(t.Context()),
			metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}, metav1.ListOptions{})
	})
	binary := buildExample(t, name)
	hook := exec.Command(binary, "--listen", "127.0.0.1:0")
	output, err := hook.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	hook.Stderr = hook.Stdout
	if err := hook.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = hook.Process.Signal(syscall.SIGTERM) // it may have ended
		if err := hook.Wait(); err != nil {
			t.Errorf("the hook %s did not end cleanly: %v", name, err)
		}
	})
	lines := bufio.NewScanner(output)
	var port int
	for lines.Scan() && port == 0 {
		if found := regexp.MustCompile(`listening on .*:(\d+)`).FindStringSubmatch(lines.Text()); found != nil {
			port, _ = strconv.Atoi(found[1]) // digits
			break
		}
	}
	go func() {
		for lines.Scan() { // until the hook ends
		}
	}()
	_, err = env.kubernetes.CoreV1().Services("default").Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: service},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeExternalName, ExternalName: "localhost",
			Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt(port)}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = env.kubernetes.CoreV1().Services("default").Delete(context.WithoutCancel(t.Context()), service, metav1.DeleteOptions{})
	})
}

// applyExample applies a manifest of an example; it is deleted after the test.
func applyExample(t *testing.T, path ...string) {
	t.Helper()
	mustKubectl(t, "", "apply", "-f", example(path...))
	t.Cleanup(func() {
		command := exec.Command(env.controlPlane.Kubectl, "--kubeconfig", env.controlPlane.Kubeconfig, "delete", "--ignore-not-found", "-f", example(path...))
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("deleting %s: %v\n%s", filepath.Join(path...), err, output)
		}
	})
}

// eventuallyPods waits until just these Pods are in the namespace default.
func eventuallyPods(t *testing.T, names ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the Pods are %v", names), func() error {
		list, err := env.kubernetes.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		var found []string
		for _, pod := range list.Items {
			found = append(found, pod.Name)
		}
		slices.Sort(found)
		if !slices.Equal(found, names) {
			return fmt.Errorf("they are %v", found)
		}
		return nil
	})
}

// runPod plays the kubelet: the Pod gets a phase, and is ready when it runs.
func runPod(t *testing.T, name string, phase corev1.PodPhase) {
	t.Helper()
	ready := corev1.ConditionFalse
	if phase == corev1.PodRunning {
		ready = corev1.ConditionTrue
	}
	patch := fmt.Sprintf(`{"status":{"phase":%q,"conditions":[{"type":"Ready","status":%q}]}}`, phase, ready)
	_, err := env.kubernetes.CoreV1().Pods("default").Patch(t.Context(), name, "application/merge-patch+json", []byte(patch), metav1.PatchOptions{}, "status")
	if err != nil {
		t.Fatal(err)
	}
}

func TestEcommerce(t *testing.T) {
	shops := schema.GroupVersionResource{Group: "apps.hybris.com", Version: "v1", Resource: "ecommerces"}
	runExample(t, "ecommerce", "ecommerce-ctrl")
	applyExample(t, "ecommerce", "ecommerce-crd.yaml")
	applyExample(t, "ecommerce", "ecommerce-controller.yaml")
	eventuallyReady(t, "ecommerce-ctrl", metav1.ConditionTrue, "Running")
	eventually(t, "shops are served", func() error {
		_, err := env.dynamic.Resource(shops).List(t.Context(), metav1.ListOptions{})
		return err
	})
	applyExample(t, "ecommerce", "ecommerce-shop-1.yaml")

	eventuallyPods(t, "apache", "hybris", "solr")
	available := func(want string) {
		t.Helper()
		eventually(t, "the shop is Available: "+want, func() error {
			shop, err := get(t.Context(), shops, "default", "shop-1")
			if err != nil {
				return err
			}
			for _, condition := range nested[[]any](shop.Object, "status", "conditions") {
				if condition.(object)["type"] == "Available" && condition.(object)["status"] == want {
					return nil
				}
			}
			return fmt.Errorf("its status is %v", shop.Object["status"])
		})
	}
	available("False")
	shop := eventuallyHas(t, shops, "default", "shop-1", "1", "status", "observedGeneration")
	for _, name := range []string{"apache", "hybris", "solr"} {
		pod, err := get(t.Context(), pods, "default", name)
		if err != nil {
			t.Fatal(err)
		}
		if controllerOf(pod) != string(shop.GetUID()) {
			t.Errorf("Pod %s is controlled by %q, want the shop", name, controllerOf(pod))
		}
		runPod(t, name, corev1.PodRunning)
	}
	available("True")

	mergePatch(t, shops, "default", "shop-1", `{"spec":{"search-backend":"elasticsearch"}}`)
	eventuallyPods(t, "apache", "elasticsearch", "hybris")
	available("False")

	if err := env.dynamic.Resource(shops).Namespace("default").Delete(t.Context(), "shop-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyPods(t)
}

func TestIndexedJob(t *testing.T) {
	jobs := schema.GroupVersionResource{Group: "ctl.example.com", Version: "v1", Resource: "indexedjobs"}
	runExample(t, "indexedjob", "indexedjob-ctrl")
	applyExample(t, "indexedjob", "indexedjob-crd.yaml")
	applyExample(t, "indexedjob", "indexedjob-controller.yaml")
	eventuallyReady(t, "indexedjob-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "indexedjob", "indexedjob-countdown.yaml")

	eventuallyPods(t, "countdown-0", "countdown-1")
	first, err := env.kubernetes.CoreV1().Pods("default").Get(t.Context(), "countdown-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	index := ""
	for _, variable := range first.Spec.Containers[0].Env {
		if variable.Name == "JOB_INDEX" {
			index = variable.Value
		}
	}
	if index != "1" || first.Annotations["index"] != "1" {
		t.Errorf("Pod countdown-1 has JOB_INDEX=%q and annotation index=%q, want 1", index, first.Annotations["index"])
	}
	eventuallyHas(t, jobs, "default", "countdown", "2", "status", "active")

	runPod(t, "countdown-0", corev1.PodFailed)
	eventually(t, "the failed Pod is replaced", func() error {
		pod, err := env.kubernetes.CoreV1().Pods("default").Get(t.Context(), "countdown-0", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if pod.Status.Phase != corev1.PodPending {
			return fmt.Errorf("its phase is %s", pod.Status.Phase)
		}
		return nil
	})
	for i := range 5 {
		name := fmt.Sprintf("countdown-%d", i)
		eventually(t, name+" exists", func() error {
			_, err := get(t.Context(), pods, "default", name)
			return err
		})
		runPod(t, name, corev1.PodSucceeded)
	}
	job := eventuallyHas(t, jobs, "default", "countdown", "5", "status", "succeeded")
	if text := fmt.Sprint(job.Object["status"]); !strings.Contains(text, "Complete") {
		t.Errorf("the job has no condition Complete: %s", text)
	}
	eventuallyPods(t, "countdown-0", "countdown-1", "countdown-2", "countdown-3", "countdown-4")
}

// TestGreeting goes through the README's first controller.
func TestGreeting(t *testing.T) {
	greetings := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "greetings"}
	hook := exec.CommandContext(t.Context(), buildExample(t, "greeting"))
	if err := hook.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hook.Wait() }) // killed when the test's context ended
	applyExample(t, "greeting", "greeting-crd.yaml")
	applyExample(t, "greeting", "greeting-controller.yaml")
	eventuallyReady(t, "greeting", metav1.ConditionTrue, "Running")
	applyExample(t, "greeting", "greeting-hello.yaml")
	eventuallyHas(t, configMaps, "default", "hello", "Hello, world!", "data", "text")
	eventuallyHas(t, greetings, "default", "hello", "1", "status", "configMaps")
	mergePatch(t, greetings, "default", "hello", `{"spec":{"who":"Kubernetes"}}`)
	eventuallyHas(t, configMaps, "default", "hello", "Hello, Kubernetes!", "data", "text")
}
