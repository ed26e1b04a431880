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

package uninstall

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestClassify(t *testing.T) {
	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
	in := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name}
	}
	for name, tc := range map[string]struct {
		resource schema.GroupResource
		object   metav1.ObjectMeta
		want     Why
	}{
		"Controller":          {schema.GroupResource{Group: "metacontroller.k8s.io", Resource: "compositecontrollers"}, named("web"), Controller},
		"Revision":            {schema.GroupResource{Group: "metacontroller.k8s.io", Resource: "controllerrevisions"}, in("shop", "web-1"), Controller},
		"CompositeFinalizer":  {schema.GroupResource{Resource: "pods"}, metav1.ObjectMeta{Finalizers: []string{"other", "metacontroller.io/compositecontroller-web"}}, Finalizer},
		"DecoratorFinalizer":  {schema.GroupResource{Resource: "pods"}, metav1.ObjectMeta{Finalizers: []string{"metacontroller.io/decoratorcontroller-web"}}, Finalizer},
		"OthersFinalizer":     {schema.GroupResource{Resource: "pods"}, metav1.ObjectMeta{Finalizers: []string{"example.com/metacontroller.io"}}, ""},
		"Pending":             {schema.GroupResource{Resource: "pods"}, metav1.ObjectMeta{Annotations: map[string]string{"initializers.metacontroller.k8s.io/pending": "a"}}, Pending},
		"APIService":          {apiServices.GroupResource(), named("v1alpha1.metacontroller.k8s.io"), Registration},
		"AdmissionAPIService": {apiServices.GroupResource(), named("v1alpha1.admission.metacontroller.k8s.io"), Registration},
		"MetacontrollersAPIService": {apiServices.GroupResource(), metav1.ObjectMeta{
			Name: "v1alpha1.metacontroller.k8s.io", Labels: map[string]string{"kube-aggregator.kubernetes.io/automanaged": "true"},
		}, ""},
		"OthersAPIService": {apiServices.GroupResource(), named("v1.apps"), ""},
		"Webhook":          {mutatingWebhooks.GroupResource(), named("initializers.metacontroller.k8s.io"), Registration},
		"Record":           {schema.GroupResource{Group: "storage.hookplane.dev", Resource: "compositecontrollers"}, named("web"), Record},
		"RecordDefinition": {definitions.GroupResource(), named("compositecontrollers.storage.hookplane.dev"), Record},
		"OthersDefinition": {definitions.GroupResource(), named("compositecontrollers.metacontroller.k8s.io"), ""},
		"Lease":            {leases.GroupResource(), in("system", "hookplane"), Shared},
		"Certificate":      {secrets.GroupResource(), in("system", "hookplane-serving-cert"), Shared},
		"LeaseElsewhere":   {leases.GroupResource(), in("shop", "hookplane"), ""},
		"Manifest":         {schema.GroupResource{Resource: "services"}, metav1.ObjectMeta{Labels: map[string]string{partOfLabel: "hookplane"}}, Manifest},
		"OthersManifest":   {schema.GroupResource{Resource: "services"}, metav1.ObjectMeta{Labels: map[string]string{partOfLabel: "shop"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := classify(tc.resource, &tc.object, "system"); got != tc.want {
				t.Errorf("classify says %q, want %q", got, tc.want)
			}
		})
	}
}

func TestRemainsPrint(t *testing.T) {
	remains := &Remains{Unseen: []string{"all of metrics.example.com: no answer"}}
	remains.add(Manifest, Object{schema.GroupVersionResource{Version: "v1", Resource: "services"}, "system", "hookplane"})
	for i := range maxListed + 2 {
		remains.add(Controller, Object{schema.GroupVersionResource{Group: "metacontroller.k8s.io", Version: "v1alpha1", Resource: "compositecontrollers"}, "", fmt.Sprint("c", i)})
	}
	var printed strings.Builder
	remains.Print(&printed)
	lines := strings.Split(strings.TrimSpace(printed.String()), "\n")
	got := append(lines[:2:2], lines[len(lines)-4:]...)
	want := []string{
		"102 controllers",
		"  compositecontrollers.metacontroller.k8s.io/c0",
		"  and 2 more",
		"1 what was installed from manifests",
		"  services/hookplane in system",
		"not seen: all of metrics.example.com: no answer",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Print: -want, +got:\n%s", diff)
	}
	if all, some := remains.Count(), remains.Count(Manifest); all != 103 || some != 1 {
		t.Errorf("Count() = %d, Count(Manifest) = %d, want 103 and 1", all, some)
	}
}
