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

package packaging

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

var artifacts = filepath.Join("..", "..", "artifacts")

// object is a manifest.
type object = map[string]any

// at returns what is at a path, or nil.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			fields, _ := value.(object)
			value = fields[step]
		case int:
			items, _ := value.([]any)
			if step >= len(items) {
				return nil
			}
			value = items[step]
		}
	}
	return value
}

// key is how an object is called here.
func key(o object) string {
	kind, _ := o["kind"].(string)
	name, _ := at(o, "metadata", "name").(string)
	return kind + "/" + name
}

// kustomize renders a folder of artifacts/deploy.
func kustomize(t *testing.T, folder ...string) map[string]object {
	t.Helper()
	path := filepath.Join(append([]string{artifacts, "deploy"}, folder...)...)
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), path)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]object{}
	for _, resource := range rendered.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		var o object
		if err := yaml.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		objects[key(o)] = o
	}
	return objects
}

// TestHighAvailability has the overlay add to the base what keeps one replica serving, and nothing else.
func TestHighAvailability(t *testing.T) {
	base, overlay := kustomize(t, "base"), kustomize(t, "overlays", "high-availability")
	budget, deployment := overlay["PodDisruptionBudget/hookplane"], overlay["Deployment/hookplane"]
	for what, values := range map[string][2]any{
		"Replicas": {at(deployment, "spec", "replicas"), 2.0},
		"Budget":   {at(budget, "spec", "maxUnavailable"), 1.0},
		"Selects":  {at(budget, "spec", "selector"), at(deployment, "spec", "selector")},
		"Apart": {at(deployment, "spec", "template", "spec", "affinity", "podAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution",
			0, "podAffinityTerm", "labelSelector"), at(deployment, "spec", "selector")},
	} {
		if diff := cmp.Diff(values[1], values[0]); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", what, diff)
		}
	}
	delete(overlay, "PodDisruptionBudget/hookplane")
	delete(deployment["spec"].(object), "replicas")
	delete(base["Deployment/hookplane"]["spec"].(object), "replicas")
	delete(at(deployment, "spec", "template", "spec").(object), "affinity")
	if diff := cmp.Diff(base, overlay); diff != "" {
		t.Errorf("beside these the overlay changes: -base, +overlay:\n%s", diff)
	}
}

// TestNarrow has the overlay take rights away, give none, and bring what the server may not create then.
func TestNarrow(t *testing.T) {
	base, overlay := kustomize(t, "base"), kustomize(t, "overlays", "narrow")
	const role = "ClusterRole/hookplane-server"
	before, after := rights(base[role]), rights(overlay[role])
	var added, lost []right
	for r := range after {
		if !before[r] {
			added = append(added, r)
		}
	}
	for r := range before {
		if !after[r] {
			lost = append(lost, r)
		}
	}
	slices.SortFunc(lost, func(a, b right) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	want := []right{
		{"apiextensions.k8s.io", "customresourcedefinitions", "", "create"},
		{"apiregistration.k8s.io", "apiservices", "", "create"},
		{"apiregistration.k8s.io", "apiservices", "v1alpha1.admission.metacontroller.k8s.io", "delete"},
		{"apiregistration.k8s.io", "apiservices", "v1alpha1.metacontroller.k8s.io", "delete"},
	}
	if diff := cmp.Diff(want, lost, cmp.AllowUnexported(right{})); len(added) > 0 || diff != "" {
		t.Errorf("the narrow role has too much: %v; of the base it lacks: -want, +got:\n%s", added, diff)
	}
	for _, brought := range []string{
		"APIService/v1alpha1.metacontroller.k8s.io", "APIService/v1alpha1.admission.metacontroller.k8s.io",
		"CustomResourceDefinition/compositecontrollers.storage.hookplane.dev", "CustomResourceDefinition/controllerrevisions.storage.hookplane.dev",
		"CustomResourceDefinition/decoratorcontrollers.storage.hookplane.dev", "CustomResourceDefinition/initializercontrollers.storage.hookplane.dev",
	} {
		if overlay[brought] == nil {
			t.Errorf("the overlay does not bring %s", brought)
		}
	}
}

// right is one thing that a role allows.
type right struct{ group, resource, name, verb string }

// rights are what a role allows.
func rights(role object) map[right]bool {
	found := map[right]bool{}
	rules, _ := role["rules"].([]any)
	for _, rule := range rules {
		for _, group := range texts(at(rule, "apiGroups")) {
			for _, resource := range texts(at(rule, "resources")) {
				for _, verb := range texts(at(rule, "verbs")) {
					names := texts(at(rule, "resourceNames"))
					if len(names) == 0 {
						names = []string{""}
					}
					for _, name := range names {
						found[right{group, resource, name, verb}] = true
					}
				}
			}
		}
	}
	return found
}

func texts(value any) []string {
	items, _ := value.([]any)
	result := make([]string, 0, len(items))
	for _, item := range items {
		text, _ := item.(string)
		result = append(result, text)
	}
	return result
}
