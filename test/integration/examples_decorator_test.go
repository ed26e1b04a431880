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
	"io"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestServicePerPod(t *testing.T) {
	services := schema.GroupVersionResource{Version: "v1", Resource: "services"}
	sets := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
	runExample(t, "serviceperpod", "serviceperpod-ctrl")
	applyExample(t, "serviceperpod", "serviceperpod-controller.yaml")
	eventuallyDecoratorReady(t, "serviceperpod-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "serviceperpod", "serviceperpod-db.yaml")

	const count = "examples.hookplane.dev/service-per-pod-count"
	for _, name := range []string{"serviceperpod-db-0", "serviceperpod-db-1"} {
		eventuallyHas(t, services, "default", name, name, "spec", "selector", "statefulset.kubernetes.io/pod-name")
	}
	eventuallyHas(t, sets, "default", "serviceperpod-db", "2", "metadata", "annotations", count)
	mergePatch(t, sets, "default", "serviceperpod-db", `{"spec":{"replicas":1}}`)
	eventuallyGone(t, services, "default", "serviceperpod-db-1")
	eventuallyHas(t, sets, "default", "serviceperpod-db", "1", "metadata", "annotations", count)

	mergePatch(t, sets, "default", "serviceperpod-db", `{"metadata":{"annotations":{"examples.hookplane.dev/service-per-pod":null}}}`)
	eventuallyGone(t, services, "default", "serviceperpod-db-0")
	eventuallyHas(t, sets, "default", "serviceperpod-db", "<nil>", "metadata", "finalizers")
}

func TestIsolation(t *testing.T) {
	policies := schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"}
	const namespace, friends = "isolation-shop", "[map[from:[map[namespaceSelector:map[matchExpressions:[map[" +
		"key:kubernetes.io/metadata.name operator:In values:[isolation-shop %s]]]]]]]]"
	runExample(t, "isolation", "isolation-ctrl")
	applyExample(t, "isolation", "isolation-controller.yaml")
	eventuallyDecoratorReady(t, "isolation-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "isolation", "isolation-shop.yaml")

	eventuallyHas(t, policies, namespace, "isolation", fmt.Sprintf(friends, "ingress monitoring"), "spec", "ingress")
	eventuallyHas(t, namespaces.GroupVersionResource, "", namespace, "true", "metadata", "labels", "examples.hookplane.dev/isolated")
	mergePatch(t, namespaces.GroupVersionResource, "", namespace, `{"metadata":{"annotations":{"examples.hookplane.dev/isolate":"ingress"}}}`)
	eventuallyHas(t, policies, namespace, "isolation", fmt.Sprintf(friends, "ingress"), "spec", "ingress")
	if err := env.dynamic.Resource(policies).Namespace(namespace).Delete(t.Context(), "isolation", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyHas(t, policies, namespace, "isolation", fmt.Sprintf(friends, "ingress"), "spec", "ingress")
}

func TestBudget(t *testing.T) {
	budgets := schema.GroupVersionResource{Group: "examples.hookplane.dev", Version: "v1", Resource: "budgets"}
	const exceeded = "examples.hookplane.dev/exceeded"
	runExample(t, "budget", "budget-ctrl")
	applyExample(t, "budget", "budget-crd.yaml")
	applyExample(t, "budget", "budget-controller.yaml")
	eventuallyDecoratorReady(t, "budget-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "budget", "budget-party.yaml")

	eventuallyHas(t, budgets, "default", "budget-party", "map[dearest:cake exceeded:false total:70]", "status")
	mergePatch(t, budgets, "default", "budget-party", `{"spec":{"items":[{"name":"music","cost":30},{"name":"fireworks","cost":80}]}}`)
	eventuallyHas(t, budgets, "default", "budget-party", "map[dearest:fireworks exceeded:true total:110]", "status")
	eventuallyHas(t, budgets, "default", "budget-party", "true", "metadata", "labels", exceeded)
	mergePatch(t, budgets, "default", "budget-party", `{"spec":{"limit":200}}`)
	eventuallyHas(t, budgets, "default", "budget-party", "false", "status", "exceeded")
	eventuallyHas(t, budgets, "default", "budget-party", "<nil>", "metadata", "labels", exceeded)
}

func TestRegistration(t *testing.T) {
	services := schema.GroupVersionResource{Version: "v1", Resource: "services"}
	const name = "registration-shop"
	runExample(t, "registration", "registration-ctrl")
	service, err := env.kubernetes.CoreV1().Services("default").Get(t.Context(), "registration-ctrl", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	registered := func(want string) {
		t.Helper()
		eventually(t, fmt.Sprintf("%q is registered", want), func() error {
			response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/registry/records", service.Spec.Ports[0].TargetPort.IntValue()))
			if err != nil {
				return err
			}
			defer response.Body.Close()
			got, err := io.ReadAll(response.Body)
			if err == nil && string(got) != want {
				err = fmt.Errorf("the registry has %q", got)
			}
			return err
		})
	}
	applyExample(t, "registration", "registration-controller.yaml")
	eventuallyDecoratorReady(t, "registration-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "registration", "registration-shop.yaml")
	registered("shop.example.com default/registration-shop\n")
	eventuallyHas(t, services, "default", name, "[metacontroller.io/decoratorcontroller-registration-ctrl]", "metadata", "finalizers")
	mergePatch(t, services, "default", name, `{"metadata":{"annotations":{"examples.hookplane.dev/hostname":"store.example.com"}}}`)
	registered("store.example.com default/registration-shop\n")
	mergePatch(t, services, "default", name, `{"metadata":{"annotations":{"examples.hookplane.dev/hostname":null}}}`) // not selected any more
	registered("")
	eventuallyHas(t, services, "default", name, "<nil>", "metadata", "finalizers")
	mergePatch(t, services, "default", name, `{"metadata":{"annotations":{"examples.hookplane.dev/hostname":"shop.example.com"}}}`)
	registered("shop.example.com default/registration-shop\n")
	if err := env.dynamic.Resource(services).Namespace("default").Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	registered("")
	eventuallyGone(t, services, "default", name)
}
