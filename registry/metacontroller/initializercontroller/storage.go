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

// Package initializercontroller serves InitializerControllers and their status
// subresource.
//
// It must not know controllers, hooks or which backend stores the objects.
// What all kinds of controllers have in common is in the package kind.
package initializercontroller

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/hookplane/hookplane/admission/matchconditions"
	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
	"github.com/hookplane/hookplane/registry/metacontroller/kind"
)

// NewREST returns the storage of initializercontrollers and of
// initializercontrollers/status.
func NewREST(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*kind.REST, *kind.StatusREST, error) {
	store, status, err := kind.NewREST(newKind(), scheme, optsGetter)
	if err != nil {
		return nil, nil, err
	}
	names := uniqueNames{list: store.List}
	store.BeginCreate = names.beginCreate
	return store, status, nil
}

// NewCreateStrategy returns what is done with a new object before it is stored, for those who judge manifests.
func NewCreateStrategy(scheme *runtime.Scheme) rest.RESTCreateStrategy {
	return kind.NewStrategy(newKind(), scheme)
}

func newKind() *kind.Kind[*metacontroller.InitializerController] {
	type object = *metacontroller.InitializerController
	conditions, conditionsPath := matchconditions.NewCompiler(), field.NewPath("spec", "matchConditions")
	return &kind.Kind[object]{
		Resource: "initializercontrollers", Singular: "initializercontroller", ShortNames: []string{"ic", "ictl"},
		New:        func() object { return &metacontroller.InitializerController{} },
		NewList:    func() runtime.Object { return &metacontroller.InitializerControllerList{} },
		Spec:       func(o object) any { return &o.Spec },
		CopySpec:   func(to, from object) { to.Spec = from.Spec },
		CopyStatus: func(to, from object) { to.Status = from.Status },
		Fold:       metacontroller.FoldInitializerController,
		Validate: func(o object) field.ErrorList {
			errs := validation.ValidateInitializerController(o)
			return append(errs, conditions.Validate(o.Spec.MatchConditions, nil, conditionsPath)...)
		},
		ValidateUpdate: func(o, old object) field.ErrorList {
			errs := validation.ValidateInitializerControllerUpdate(o, old)
			return append(errs, conditions.Validate(o.Spec.MatchConditions, old.Spec.MatchConditions, conditionsPath)...)
		},
		ValidateStatusUpdate: validation.ValidateInitializerControllerStatusUpdate,
		Warnings: func(o object) []string {
			return append(validation.WarningsForInitializerController(o), conditions.Warnings(o.Spec.MatchConditions, conditionsPath)...)
		},
		Fields:  selectableFields,
		Columns: columns,
		Row:     row,
	}
}

// selectableFields are what field selectors can select by.
func selectableFields(controller *metacontroller.InitializerController) fields.Set {
	return fields.Set{initializerNameField: controller.Spec.InitializerName}
}

var columns = []metav1.TableColumnDefinition{
	kind.NameColumn,
	{Name: "Initializer", Type: "string", Description: "Name of the initializer, which orders the calls."},
	{Name: "Resources", Type: "string", Description: "Resource types of the objects that are completed."},
	{Name: "Hook", Type: "string", Description: "Where the init hook is called."},
	kind.ReadyColumn, kind.ReasonColumn, kind.AgeColumn,
	{Name: "On failure", Type: "string", Priority: 1, Description: "What happens to a new object when the hook cannot answer."},
	{Name: "Namespaces", Type: "string", Priority: 1, Description: "Labels of the namespaces that it is limited to."},
	{Name: "Objects", Type: "string", Priority: 1, Description: "Labels of the objects that it is limited to."},
	{Name: "Conditions", Type: "integer", Priority: 1, Description: "Number of match conditions."},
}

func row(controller *metacontroller.InitializerController, name, age string) []any {
	spec := &controller.Spec
	hooks := spec.Hooks
	if hooks == nil {
		hooks = &metacontroller.InitializerControllerHooks{}
	}
	ready, reason := kind.Ready(controller.Status.Conditions)
	resources := kind.Resources(spec.UninitializedResources, func(rule *metacontroller.InitializerResourceRule) (apiVersion, resource string) {
		return rule.APIVersion, rule.Resource
	})
	return []any{
		name, spec.InitializerName, resources, kind.Hook(hooks.Init), ready, reason, age,
		string(spec.FailurePolicy), selector(spec.NamespaceSelector), selector(spec.ObjectSelector), int64(len(spec.MatchConditions)),
	}
}

func selector(s *metav1.LabelSelector) string {
	if s == nil {
		s = &metav1.LabelSelector{}
	}
	return metav1.FormatLabelSelector(s)
}
