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

// Package decoratorcontroller serves DecoratorControllers and their status
// subresource.
//
// It must not know controllers, hooks or which backend stores the objects.
// What all kinds of controllers have in common is in the package kind.
package decoratorcontroller

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
	"github.com/hookplane/hookplane/registry/metacontroller/kind"
)

// NewREST returns the storage of decoratorcontrollers and of
// decoratorcontrollers/status.
func NewREST(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*kind.REST, *kind.StatusREST, error) {
	return kind.NewREST(newKind(), scheme, optsGetter)
}

// NewCreateStrategy returns what is done with a new object before it is stored, for those who judge manifests.
func NewCreateStrategy(scheme *runtime.Scheme) rest.RESTCreateStrategy {
	return kind.NewStrategy(newKind(), scheme)
}

func newKind() *kind.Kind[*metacontroller.DecoratorController] {
	type object = *metacontroller.DecoratorController
	return &kind.Kind[object]{
		Resource: "decoratorcontrollers", Singular: "decoratorcontroller", ShortNames: []string{"dec", "decorators"},
		New:                  func() object { return &metacontroller.DecoratorController{} },
		NewList:              func() runtime.Object { return &metacontroller.DecoratorControllerList{} },
		Spec:                 func(o object) any { return &o.Spec },
		CopySpec:             func(to, from object) { to.Spec = from.Spec },
		CopyStatus:           func(to, from object) { to.Status = from.Status },
		Fold:                 metacontroller.FoldDecoratorController,
		Validate:             validation.ValidateDecoratorController,
		ValidateUpdate:       validation.ValidateDecoratorControllerUpdate,
		ValidateStatusUpdate: validation.ValidateDecoratorControllerStatusUpdate,
		Warnings:             validation.WarningsForDecoratorController,
		Columns:              columns,
		Row:                  row,
	}
}

var columns = []metav1.TableColumnDefinition{
	kind.NameColumn,
	{Name: "Resources", Type: "string", Description: "Resource types of the decorated objects."},
	{Name: "Hook", Type: "string", Description: "Where the sync hook is called."},
	kind.ReadyColumn, kind.ReasonColumn, kind.ParentsColumn, kind.SyncedColumn, kind.FailingColumn, kind.AgeColumn,
	{Name: "Attachments", Type: "string", Priority: 1, Description: "Resource types of the attachments."},
	{Name: "Finalize", Type: "string", Priority: 1, Description: "Where the finalize hook is called."},
	{Name: "Customize", Type: "string", Priority: 1, Description: "Where the customize hook is called."},
}

func row(controller *metacontroller.DecoratorController, name, age string) []any {
	spec := &controller.Spec
	hooks := spec.Hooks
	if hooks == nil {
		hooks = &metacontroller.DecoratorControllerHooks{}
	}
	ready, reason := kind.Ready(controller.Status.Conditions)
	total, synced, failing := kind.Parents(controller.Status.Parents)
	resources := kind.Resources(spec.Resources, func(rule *metacontroller.DecoratorResourceRule) (apiVersion, resource string) {
		return rule.APIVersion, rule.Resource
	})
	attachments := kind.Resources(spec.Attachments, func(rule *metacontroller.DecoratorAttachmentRule) (apiVersion, resource string) {
		return rule.APIVersion, rule.Resource
	})
	return []any{
		name, resources, kind.Hook(hooks.Sync),
		ready, reason, total, synced, failing, age,
		attachments, kind.Hook(hooks.Finalize), kind.Hook(hooks.Customize),
	}
}
