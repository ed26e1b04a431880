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
// subresource from the generic store.
//
// It must not know controllers, hooks or which backend stores the objects.
// Open storage.go for the wiring, strategy.go for what writes do, table.go for
// what `kubectl get` prints.
package compositecontroller

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

var (
	_ rest.StandardStorage      = &REST{}
	_ rest.ShortNamesProvider   = &REST{}
	_ rest.CategoriesProvider   = &REST{}
	_ rest.SingularNameProvider = &REST{}
)

// REST serves the resource compositecontrollers.
type REST struct {
	*genericregistry.Store
}

// NewREST returns the storage of compositecontrollers and of
// compositecontrollers/status, which share one store. The scheme must have the
// metacontroller.k8s.io types installed.
func NewREST(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*REST, *StatusREST, error) {
	strategy := newStrategy(scheme)
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &metacontroller.CompositeController{} },
		NewListFunc:               func() runtime.Object { return &metacontroller.CompositeControllerList{} },
		DefaultQualifiedResource:  metacontroller.Resource("compositecontrollers"),
		SingularQualifiedResource: metacontroller.Resource("compositecontroller"),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		TableConvertor:            tableConvertor{},
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: optsGetter, AttrFunc: getAttrs}); err != nil {
		return nil, nil, fmt.Errorf("cannot set up the storage of compositecontrollers: %w", err)
	}
	statusStore := *store
	statusStore.UpdateStrategy = statusStrategy{strategy}
	statusStore.ResetFieldsStrategy = statusStrategy{strategy}
	return &REST{store}, &StatusREST{&statusStore}, nil
}

// ShortNames are what kubectl accepts besides the resource name.
func (*REST) ShortNames() []string { return []string{"cc", "cctl"} }

// Categories are the groups of resources that kubectl gets together.
func (*REST) Categories() []string { return []string{"hookplane"} }

// getAttrs returns what selectors can select by. The fields are those of
// v1alpha1's field label conversion.
func getAttrs(obj runtime.Object) (labels.Set, fields.Set, error) {
	controller, ok := obj.(*metacontroller.CompositeController)
	if !ok {
		return nil, nil, fmt.Errorf("cannot select a %T as a CompositeController", obj)
	}
	return labels.Set(controller.Labels), generic.MergeFieldsSets(
		generic.ObjectMetaFieldsSet(&controller.ObjectMeta, false),
		fields.Set{
			"spec.parentResource.apiVersion": controller.Spec.ParentResource.APIVersion,
			"spec.parentResource.resource":   controller.Spec.ParentResource.Resource,
		},
	), nil
}

var (
	_ rest.Patcher             = &StatusREST{}
	_ rest.ResetFieldsStrategy = &StatusREST{}
)

// StatusREST serves the subresource compositecontrollers/status.
type StatusREST struct {
	store *genericregistry.Store
}

// New returns an empty CompositeController.
func (*StatusREST) New() runtime.Object { return &metacontroller.CompositeController{} }

// Destroy leaves the store to REST, which shares it.
func (*StatusREST) Destroy() {}

// Get reads a controller.
func (r *StatusREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, options)
}

// Update writes the status of a controller that exists.
func (r *StatusREST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc, updateValidation rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	const forceAllowCreate = false
	return r.store.Update(ctx, name, info, createValidation, updateValidation, forceAllowCreate, options)
}

// GetResetFields names what a write of the status cannot change.
func (r *StatusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}

// ConvertToTable prints a controller as the main resource does.
func (r *StatusREST) ConvertToTable(ctx context.Context, object, tableOptions runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, object, tableOptions)
}
