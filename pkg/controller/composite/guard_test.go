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

package composite

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

func TestOutdated(t *testing.T) {
	tests := map[string]struct {
		mod  func(*v1alpha1.CompositeController)
		want bool
	}{
		"Current":       {mod: func(*v1alpha1.CompositeController) {}},
		"NoAnnotation":  {mod: func(c *v1alpha1.CompositeController) { c.Annotations = nil }},
		"Going":         {mod: func(c *v1alpha1.CompositeController) { c.DeletionTimestamp = &metav1.Time{} }, want: true},
		"NoHook":        {mod: func(c *v1alpha1.CompositeController) { c.Spec.Hooks.Finalize = nil }, want: true},
		"NoHooks":       {mod: func(c *v1alpha1.CompositeController) { c.Spec.Hooks = nil }, want: true},
		"OtherResource": {mod: func(c *v1alpha1.CompositeController) { c.Spec.ParentResource.Resource = "others" }, want: true},
		"OtherVersion":  {mod: func(c *v1alpha1.CompositeController) { c.Spec.ParentResource.APIVersion = "example.com/v2" }, want: true},
		"Unguarded": {mod: func(c *v1alpha1.CompositeController) {
			c.Finalizers, c.DeletionTimestamp = []string{"example.com/other"}, &metav1.Time{}
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := &v1alpha1.CompositeController{
				ObjectMeta: metav1.ObjectMeta{
					Finalizers: []string{guardFinalizer}, Annotations: map[string]string{guardAnnotation: "example.com/v1/things"},
				},
				Spec: v1alpha1.CompositeControllerSpec{
					ParentResource: v1alpha1.ParentResourceRule{APIVersion: "example.com/v1", Resource: "things"},
					Hooks:          &v1alpha1.CompositeControllerHooks{Finalize: &v1alpha1.Hook{}},
				},
			}
			tc.mod(c)
			if got := outdated(c); got != tc.want {
				t.Errorf("outdated() = %t, want %t", got, tc.want)
			}
		})
	}
}

func TestGuardedResource(t *testing.T) {
	for name, tc := range map[string]struct {
		noted string
		want  [2]string
	}{
		"Group":   {noted: "example.com/v1/things", want: [2]string{"example.com/v1", "things"}},
		"Core":    {noted: "v1/namespaces", want: [2]string{"v1", "namespaces"}},
		"Garbage": {noted: "things", want: [2]string{"apps/v1", "deployments"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &v1alpha1.CompositeController{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{guardAnnotation: tc.noted}}}
			c.Spec.ParentResource = v1alpha1.ParentResourceRule{APIVersion: "apps/v1", Resource: "deployments"}
			apiVersion, resource := guardedResource(c)
			if diff := cmp.Diff(tc.want, [2]string{apiVersion, resource}); diff != "" {
				t.Errorf("guardedResource() (-want +got):\n%s", diff)
			}
		})
	}
}
