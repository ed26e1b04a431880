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

package initializercontroller

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/registry/metacontroller/kind"
	"github.com/hookplane/hookplane/registry/metacontroller/kind/kindtest"
)

const (
	manifest2018 = `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: InitializerController
metadata: {name: podhostname}
spec:
  initializerName: podhostname.example.com
  uninitializedResources: [{apiVersion: v1, resources: [pods]}]
  clientConfig: {service: {name: podhostname, namespace: default}}
  hooks: {init: {path: /init}}
`
	manifestToday = `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: InitializerController
metadata: {name: podhostname}
spec:
  initializerName: podhostname.example.com
  uninitializedResources: [{apiVersion: v1, resource: pods}]
  hooks: {init: {webhook: {service: {name: podhostname, namespace: default}, path: /init}}}
`
)

func decode(t *testing.T, manifest string) *metacontroller.InitializerController {
	t.Helper()
	return kindtest.Decode[*metacontroller.InitializerController](t, manifest)
}

func TestCreateFoldsTheDialect(t *testing.T) {
	controller := decode(t, manifest2018)
	warnings, err := kindtest.Create(t, kind.NewStrategy(newKind(), kindtest.NewScheme()), controller)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`spec.uninitializedResources[0].resources is deprecated: write one rule for each resource: [{apiVersion: "v1", resource: "pods"}]`,
		`spec.hooks.init.path is deprecated: write spec.hooks.init.webhook.path: "/init"`,
		`spec.clientConfig.service is deprecated: write spec.hooks.init.webhook.service: {name: "podhostname", namespace: "default"}`,
	}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("warnings: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(decode(t, manifestToday).Spec, controller.Spec); diff != "" {
		t.Errorf("spec: -want +got:\n%s", diff)
	}
}

func TestFields(t *testing.T) {
	_, got, err := newKind().Attrs(decode(t, manifestToday))
	if err != nil {
		t.Fatal(err)
	}
	want := fields.Set{"metadata.name": "podhostname", "spec.initializerName": "podhostname.example.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTable(t *testing.T) {
	controller := decode(t, manifestToday)
	controller.Spec.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "shop"}}
	want := []any{
		"podhostname", "podhostname.example.com", "pods", "http://podhostname.default:80/init",
		"Unknown", "", "1d", "Fail", "team=shop", "<none>", int64(0),
	}
	if diff := cmp.Diff(want, row(controller, "podhostname", "1d")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if empty := row(&metacontroller.InitializerController{}, "empty", "1d"); len(empty) != len(columns) {
		t.Errorf("%d cells under %d columns", len(empty), len(columns))
	}
}

func TestUniqueNames(t *testing.T) {
	stored := decode(t, manifestToday)
	names := uniqueNames{list: func(_ context.Context, options *internalversion.ListOptions) (runtime.Object, error) {
		list := &metacontroller.InitializerControllerList{}
		if _, attrs, _ := newKind().Attrs(stored); options.FieldSelector.Matches(attrs) {
			list.Items = append(list.Items, *stored)
		}
		return list, nil
	}}

	other := decode(t, manifestToday)
	other.Name = "other"
	_, err := names.beginCreate(t.Context(), other, nil)
	want := `spec.initializerName: Duplicate value: "podhostname.example.com": it is the name of InitializerController "podhostname": choose another one`
	if !strings.Contains(kindtest.Message(err), want) {
		t.Errorf("a name that is taken: got %v, want %q", err, want)
	}

	other.Spec.InitializerName = "other.example.com"
	finish, err := names.beginCreate(t.Context(), other, nil)
	if err != nil {
		t.Fatalf("a name that is free: %v", err)
	}
	if names.creating.TryLock() {
		t.Error("another create may look before this one is stored")
	}
	finish(t.Context(), true)
	finish(t.Context(), false)
	if !names.creating.TryLock() {
		t.Error("a create that has finished keeps others from creating")
	}
}
