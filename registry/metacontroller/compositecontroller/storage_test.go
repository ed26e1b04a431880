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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/registry/metacontroller/kind/kindtest"
)

func TestGetAttrs(t *testing.T) {
	controller := decode(t, manifestToday)
	labels, got, err := newKind().Attrs(controller)
	if err != nil {
		t.Fatal(err)
	}
	want := fields.Set{
		"metadata.name":                  "shops",
		"spec.parentResource.apiVersion": "example.com/v1",
		"spec.parentResource.resource":   "shops",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields: -want +got:\n%s", diff)
	}
	if labels["app"] != "shop" {
		t.Errorf("labels: got %v", labels)
	}
	if _, _, err := newKind().Attrs(&metav1.Status{}); err == nil {
		t.Error("an object of another type can be selected")
	}
}

// TestFieldLabels holds the labels that v1alpha1 accepts to those that the
// store can select by: one without the other matches nothing, silently.
func TestFieldLabels(t *testing.T) {
	scheme := kindtest.NewScheme()
	kind := v1alpha1.SchemeGroupVersion.WithKind("CompositeController")
	_, selectable, err := newKind().Attrs(decode(t, manifestToday))
	if err != nil {
		t.Fatal(err)
	}
	for label := range selectable {
		if _, _, err := scheme.ConvertFieldLabel(kind, label, "x"); err != nil {
			t.Errorf("%s: %v", label, err)
		}
	}
	_, _, err = scheme.ConvertFieldLabel(kind, "spec.generateSelector", "true")
	if err == nil || !strings.Contains(err.Error(), "spec.parentResource.resource") {
		t.Errorf("want an error that lists the labels, got %v", err)
	}
}
