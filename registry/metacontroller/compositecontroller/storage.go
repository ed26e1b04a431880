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

// Package compositecontroller serves CompositeControllers and their status
// subresource.
//
// It must not know controllers, hooks or which backend stores the objects.
// What all kinds of controllers have in common is in the package kind.
package compositecontroller

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
	"github.com/hookplane/hookplane/registry/metacontroller/kind"
)

// NewREST returns the storage of compositecontrollers and of
// compositecontrollers/status.
func NewREST(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*kind.REST, *kind.StatusREST, error) {
	return kind.NewREST(newKind(), scheme, optsGetter)
}

// NewCreateStrategy returns what is done with a new object before it is stored, for those who judge manifests.
func NewCreateStrategy(scheme *runtime.Scheme) rest.RESTCreateStrategy {
	return kind.NewStrategy(newKind(), scheme)
}

func newKind() *kind.Kind[*metacontroller.CompositeController] {
	type object = *metacontroller.CompositeController
	return &kind.Kind[object]{
		Resource: "compositecontrollers", Singular: "compositecontroller", ShortNames: []string{"cc", "cctl"},
		New:                  func() object { return &metacontroller.CompositeController{} },
		NewList:              func() runtime.Object { return &metacontroller.CompositeControllerList{} },
		Spec:                 func(o object) any { return &o.Spec },
		CopySpec:             func(to, from object) { to.Spec = from.Spec },
		CopyStatus:           func(to, from object) { to.Status = from.Status },
		Fold:                 metacontroller.FoldCompositeController,
		Validate:             validation.ValidateCompositeController,
		ValidateUpdate:       validation.ValidateCompositeControllerUpdate,
		ValidateStatusUpdate: validation.ValidateCompositeControllerStatusUpdate,
		Warnings:             validation.WarningsForCompositeController,
		Fields:               selectableFields,
		Columns:              columns,
		Row:                  row,
	}
}

// selectableFields are what field selectors can select by.
func selectableFields(controller *metacontroller.CompositeController) fields.Set {
	return fields.Set{
		"spec.parentResource.apiVersion": controller.Spec.ParentResource.APIVersion,
		"spec.parentResource.resource":   controller.Spec.ParentResource.Resource,
	}
}

var columns = []metav1.TableColumnDefinition{
	kind.NameColumn,
	{Name: "Parent", Type: "string", Description: "Resource type of the parents."},
	{Name: "Hook", Type: "string", Description: "Where the sync hook is called."},
	kind.ReadyColumn, kind.ReasonColumn, kind.ParentsColumn, kind.SyncedColumn, kind.FailingColumn, kind.AgeColumn,
	{Name: "Children", Type: "string", Priority: 1, Description: "Resource types of the children."},
	{Name: "Finalize", Type: "string", Priority: 1, Description: "Where the finalize hook is called."},
	{Name: "Customize", Type: "string", Priority: 1, Description: "Where the customize hook is called."},
}

func row(controller *metacontroller.CompositeController, name, age string) []any {
	spec := &controller.Spec
	hooks := spec.Hooks
	if hooks == nil {
		hooks = &metacontroller.CompositeControllerHooks{}
	}
	ready, reason := kind.Ready(controller.Status.Conditions)
	total, synced, failing := kind.Parents(controller.Status.Parents)
	children := kind.Resources(spec.ChildResources, func(rule *metacontroller.ChildResourceRule) (apiVersion, resource string) {
		return rule.APIVersion, rule.Resource
	})
	return []any{
		name, kind.Resource(spec.ParentResource.APIVersion, spec.ParentResource.Resource), kind.Hook(hooks.Sync),
		ready, reason, total, synced, failing, age,
		children, kind.Hook(hooks.Finalize), kind.Hook(hooks.Customize),
	}
}
