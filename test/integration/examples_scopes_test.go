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
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestConfigPropagation(t *testing.T) {
	propagations := schema.GroupVersionResource{Group: "examples.hookplane.dev", Version: "v1", Resource: "configpropagations"}
	one, two := newNamespace(t), newNamespace(t)
	labelNamespace(t, one, `{"ca-bundle":"wanted"}`)
	runExample(t, "configpropagation", "configpropagation-ctrl")
	applyExample(t, "configpropagation", "configpropagation-crd.yaml")
	applyExample(t, "configpropagation", "configpropagation-controller.yaml")
	eventuallyReady(t, "configpropagation-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "configpropagation", "configpropagation-ca.yaml")

	eventuallyHas(t, configMaps, one, "ca-bundle", "a certificate", "data", "ca.crt")
	eventuallyHas(t, propagations, "", "ca-bundle", "1", "status", "copies")
	labelNamespace(t, two, `{"ca-bundle":"wanted"}`)
	eventuallyHas(t, configMaps, two, "ca-bundle", "a certificate", "data", "ca.crt")
	eventuallyHas(t, propagations, "", "ca-bundle", "2", "status", "copies")

	mergePatch(t, configMaps, "default", "ca-bundle", `{"data":{"ca.crt":"another"}}`)
	for _, namespace := range []string{one, two} {
		eventuallyHas(t, configMaps, namespace, "ca-bundle", "another", "data", "ca.crt")
	}
	labelNamespace(t, one, `{"ca-bundle":null}`)
	eventuallyGone(t, configMaps, one, "ca-bundle")
	deleteConfigMap(t, "default", "ca-bundle")
	eventuallyGone(t, configMaps, two, "ca-bundle")
	eventuallyHas(t, propagations, "", "ca-bundle", "the source does not exist", "status", "message")
}

func TestTenant(t *testing.T) {
	tenants := schema.GroupVersionResource{Group: "examples.hookplane.dev", Version: "v1", Resource: "tenants"}
	quotas := schema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"}
	namespaces := schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	runExample(t, "tenant", "tenant-ctrl")
	applyExample(t, "tenant", "tenant-crd.yaml")
	applyExample(t, "tenant", "tenant-controller.yaml")
	eventuallyReady(t, "tenant-ctrl", metav1.ConditionTrue, "Running")
	applyExample(t, "tenant", "tenant-acme.yaml")

	eventuallyHas(t, tenants, "", "acme", "2", "status", "ready")
	for _, namespace := range []string{"acme-dev", "acme-prod"} {
		eventuallyHas(t, quotas, namespace, "tenant", "10", "spec", "hard", "pods")
	}
	mergePatch(t, tenants, "", "acme", `{"spec":{"quota":{"pods":"5"},"namespaces":["prod","test"]}}`)
	for _, namespace := range []string{"acme-prod", "acme-test"} {
		eventuallyHas(t, quotas, namespace, "tenant", "5", "spec", "hard", "pods")
	}
	eventuallyGone(t, namespaces, "", "acme-dev")
	eventuallyHas(t, tenants, "", "acme", "2", "status", "ready")

	if err := env.dynamic.Resource(tenants).Delete(t.Context(), "acme", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the tenant's namespaces go with it", func() error {
		for _, name := range []string{"acme-prod", "acme-test"} {
			namespace, err := get(t.Context(), namespaces, "", name)
			if err == nil && namespace.GetDeletionTimestamp() == nil {
				return fmt.Errorf("%s is there", name)
			}
			if err != nil && !apierrors.IsNotFound(err) {
				return err
			}
		}
		return nil
	})
}
