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

package compositecontroller

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
kind: CompositeController
metadata: {name: shops, labels: {app: shop}}
spec:
  parentResource: {apiVersion: example.com/v1, resource: shops}
  childResources: [{apiVersion: v1, resources: [pods]}]
  clientConfig: {service: {name: shops, namespace: default}}
  hooks: {sync: {path: /sync}}
`
	manifestToday = `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata: {name: shops, labels: {app: shop}}
spec:
  parentResource: {apiVersion: example.com/v1, resource: shops}
  childResources: [{apiVersion: v1, resource: pods}]
  hooks: {sync: {webhook: {service: {name: shops, namespace: default}, path: /sync}}}
`
)

var warnings2018 = []string{
	`spec.childResources[0].resources is deprecated: write one rule for each resource: [{apiVersion: "v1", resource: "pods"}]`,
	`spec.hooks.sync.path is deprecated: write spec.hooks.sync.webhook.path: "/sync"`,
	`spec.clientConfig.service is deprecated: write spec.hooks.sync.webhook.service: {name: "shops", namespace: "default"}`,
}

func newStrategy() kind.Strategy[*metacontroller.CompositeController] {
	return kind.NewStrategy(newKind(), kindtest.NewScheme())
}

func decode(t *testing.T, manifest string) *metacontroller.CompositeController {
	t.Helper()
	return kindtest.Decode[*metacontroller.CompositeController](t, manifest)
}

// create runs what the store runs before it writes a new object, and returns
// the warnings.
func create(t *testing.T, controller *metacontroller.CompositeController) []string {
	t.Helper()
	warnings, err := kindtest.Create(t, newStrategy(), controller)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return warnings
}

func TestStrategyCreate(t *testing.T) {
	controller := decode(t, manifest2018)
	controller.Generation = 7
	controller.Status.ObservedGeneration = 7

	if diff := cmp.Diff(warnings2018, create(t, controller)); diff != "" {
		t.Errorf("warnings: -want +got:\n%s", diff)
	}
	if controller.Generation != 1 {
		t.Errorf("generation: want 1, got %d", controller.Generation)
	}
	if diff := cmp.Diff(metacontroller.CompositeControllerStatus{}, controller.Status); diff != "" {
		t.Errorf("the status of a create is kept: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(decode(t, manifestToday).Spec, controller.Spec); diff != "" {
		t.Errorf("spec: -want +got:\n%s", diff)
	}
}

func TestStrategyCreateInvalid(t *testing.T) {
	controller := decode(t, manifestToday)
	controller.Spec.Hooks.Sync.Path = "/other"
	_, err := kindtest.Create(t, newStrategy(), controller)
	want := `CompositeController.metacontroller.k8s.io "shops" is invalid: spec.hooks.sync.path: Forbidden: contradicts webhook: set one of them, preferably webhook`
	if got := kindtest.Message(err); got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestStrategyUpdate(t *testing.T) {
	type change = func(*metacontroller.CompositeController)
	cases := map[string]struct {
		reason         string
		manifest       string
		change         change
		wantGeneration int64
		wantWarnings   []string
		wantErr        string
	}{
		"Nothing": {
			manifest: manifestToday, wantGeneration: 1,
		},
		"The2018ManifestAgain": {
			reason:   "PUT of what was created changes nothing",
			manifest: manifest2018, wantGeneration: 1, wantWarnings: warnings2018,
		},
		"The2018ManifestMerged": {
			reason:   "a patch merges the manifest into what is stored",
			manifest: manifestToday, wantGeneration: 1, wantWarnings: warnings2018[1:],
			change: func(c *metacontroller.CompositeController) {
				c.Spec.ClientConfig = &metacontroller.ClientConfig{Service: &metacontroller.ClientConfigService{Name: "shops", Namespace: "default"}}
				c.Spec.Hooks.Sync.Path = "/sync"
			},
		},
		"Spec": {
			manifest: manifestToday, wantGeneration: 2,
			change: func(c *metacontroller.CompositeController) { c.Spec.Hooks.Sync.Webhook.Path = "/other" },
		},
		"Labels": {
			reason:   "only the spec has generations",
			manifest: manifestToday, wantGeneration: 1,
			change: func(c *metacontroller.CompositeController) { c.Labels = map[string]string{"app": "other"} },
		},
		"Generation": {
			reason:   "clients cannot set it",
			manifest: manifestToday, wantGeneration: 1,
			change: func(c *metacontroller.CompositeController) { c.Generation = 9 },
		},
		"Status": {
			reason:   "the status belongs to its subresource",
			manifest: manifestToday, wantGeneration: 1,
			change: func(c *metacontroller.CompositeController) { c.Status.ObservedGeneration = 9 },
		},
		"NoSync": {
			manifest: manifestToday, wantGeneration: 2,
			change:       func(c *metacontroller.CompositeController) { c.Spec.Hooks.Sync = nil },
			wantWarnings: []string{"spec.hooks.sync: not set, so nothing happens while a parent lives"},
		},
		"NoResourceVersion": {
			reason:   "nobody overwrites what he has not seen",
			manifest: manifestToday,
			change:   func(c *metacontroller.CompositeController) { c.ResourceVersion = "" },
			wantErr:  `CompositeController.metacontroller.k8s.io "shops" is invalid: metadata.resourceVersion: Invalid value: "": must be specified for an update`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			old := decode(t, manifestToday)
			create(t, old)
			old.Status.ObservedGeneration = 1
			controller := decode(t, tc.manifest)
			controller.UID, controller.ResourceVersion = old.UID, old.ResourceVersion
			if tc.change != nil {
				tc.change(controller)
			}

			warnings, err := kindtest.Update(t, newStrategy(), controller, old)

			if got := kindtest.Message(err); got != tc.wantErr {
				t.Fatalf("%s: error: want %q, got %q", tc.reason, tc.wantErr, got)
			}
			if err != nil {
				return
			}
			if controller.Generation != tc.wantGeneration {
				t.Errorf("%s: generation: want %d, got %d", tc.reason, tc.wantGeneration, controller.Generation)
			}
			if diff := cmp.Diff(old.Status, controller.Status); diff != "" {
				t.Errorf("status: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantWarnings, warnings); diff != "" {
				t.Errorf("%s: warnings: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestStatusStrategyUpdate(t *testing.T) {
	old := decode(t, manifestToday)
	create(t, old)
	controller := old.DeepCopy()
	controller.Spec.Hooks = nil
	controller.Labels = nil
	controller.Status.Parents = &metacontroller.ParentsStatus{Total: 2, Synced: 1, Failing: 1}

	if _, err := kindtest.Update(t, kind.StatusStrategy[*metacontroller.CompositeController]{Strategy: newStrategy()}, controller, old); err != nil {
		t.Fatal(err)
	}

	want := old.DeepCopy()
	want.Status.Parents = &metacontroller.ParentsStatus{Total: 2, Synced: 1, Failing: 1}
	if diff := cmp.Diff(want, controller); diff != "" {
		t.Errorf("a write of the status: -want +got:\n%s", diff)
	}
}

func TestStatusStrategyUpdateInvalid(t *testing.T) {
	old := decode(t, manifestToday)
	create(t, old)
	controller := old.DeepCopy()
	controller.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: "Yes", Reason: "Synced", LastTransitionTime: metav1.Now()}}
	_, err := kindtest.Update(t, kind.StatusStrategy[*metacontroller.CompositeController]{Strategy: newStrategy()}, controller, old)
	want := `CompositeController.metacontroller.k8s.io "shops" is invalid: status.conditions[0].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"`
	if got := kindtest.Message(err); got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}
