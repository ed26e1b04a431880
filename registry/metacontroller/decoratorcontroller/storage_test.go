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

package decoratorcontroller

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/registry/metacontroller/kind"
	"github.com/hookplane/hookplane/registry/metacontroller/kind/kindtest"
)

const (
	manifest2018 = `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: DecoratorController
metadata: {name: services}
spec:
  resources: [{apiVersion: apps/v1, resources: [statefulsets, deployments]}]
  attachments: [{apiVersion: v1, resources: [services]}]
  clientConfig: {service: {name: services, namespace: default}}
  hooks: {sync: {path: /sync}}
`
	manifestToday = `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: DecoratorController
metadata: {name: services}
spec:
  resources: [{apiVersion: apps/v1, resource: statefulsets}, {apiVersion: apps/v1, resource: deployments}]
  attachments: [{apiVersion: v1, resource: services}]
  hooks: {sync: {webhook: {service: {name: services, namespace: default}, path: /sync}}}
`
)

func decode(t *testing.T, manifest string) *metacontroller.DecoratorController {
	t.Helper()
	return kindtest.Decode[*metacontroller.DecoratorController](t, manifest)
}

func TestCreateFoldsTheDialect(t *testing.T) {
	controller := decode(t, manifest2018)
	controller.Status.ObservedGeneration = 7
	warnings, err := kindtest.Create(t, kind.NewStrategy(newKind(), kindtest.NewScheme()), controller)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`spec.resources[0].resources is deprecated: write one rule for each resource: [{apiVersion: "apps/v1", resource: "statefulsets"}, {apiVersion: "apps/v1", resource: "deployments"}]`,
		`spec.attachments[0].resources is deprecated: write one rule for each resource: [{apiVersion: "v1", resource: "services"}]`,
		`spec.hooks.sync.path is deprecated: write spec.hooks.sync.webhook.path: "/sync"`,
		`spec.clientConfig.service is deprecated: write spec.hooks.sync.webhook.service: {name: "services", namespace: "default"}`,
	}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("warnings: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(decode(t, manifestToday).Spec, controller.Spec); diff != "" {
		t.Errorf("spec: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(metacontroller.DecoratorControllerStatus{}, controller.Status); diff != "" {
		t.Errorf("the status of a create is kept: -want +got:\n%s", diff)
	}
}

func TestUpdate(t *testing.T) {
	strategy := kind.NewStrategy(newKind(), kindtest.NewScheme())
	old := decode(t, manifestToday)
	if _, err := kindtest.Create(t, strategy, old); err != nil {
		t.Fatal(err)
	}
	changed := old.DeepCopy()
	changed.Spec.ResyncPeriodSeconds = new(int32(60))
	changed.Status.ObservedGeneration = 9
	if _, err := kindtest.Update(t, strategy, changed, old); err != nil {
		t.Fatal(err)
	}
	if changed.Generation != 2 || changed.Status.ObservedGeneration != 0 {
		t.Errorf("an update of the spec: generation %d, want 2; status %+v, want none", changed.Generation, changed.Status)
	}

	status := old.DeepCopy()
	status.Spec.Resources = nil
	status.Status.Parents = &metacontroller.ParentsStatus{Total: 1, Synced: 1}
	if _, err := kindtest.Update(t, kind.StatusStrategy[*metacontroller.DecoratorController]{Strategy: strategy}, status, old); err != nil {
		t.Fatal(err)
	}
	if len(status.Spec.Resources) != 2 || status.Status.Parents == nil {
		t.Errorf("an update of the status changed the spec, or did not change the status: %+v", status)
	}
}

func TestTable(t *testing.T) {
	controller := decode(t, manifestToday)
	controller.Status = metacontroller.DecoratorControllerStatus{
		Conditions: []metav1.Condition{{Type: "Ready", Status: "True", Reason: "Running"}},
		Parents:    &metacontroller.ParentsStatus{Total: 3, Synced: 2, Failing: 1},
	}
	want := []any{
		"services", "statefulsets.apps,deployments.apps", "http://services.default:80/sync",
		"True", "Running", int64(3), int64(2), int64(1), "1d", "services", "<none>", "<none>",
	}
	if diff := cmp.Diff(want, row(controller, "services", "1d")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	empty := row(&metacontroller.DecoratorController{}, "empty", "1d")
	if len(empty) != len(columns) {
		t.Errorf("%d cells under %d columns", len(empty), len(columns))
	}
}
