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

package kind

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

// Category is the group of resources that `kubectl get` gets together.
const Category = "hookplane"

var (
	_ rest.StandardStorage      = &REST{}
	_ rest.ShortNamesProvider   = &REST{}
	_ rest.CategoriesProvider   = &REST{}
	_ rest.SingularNameProvider = &REST{}
)

// REST serves the resource of one kind.
type REST struct {
	*genericregistry.Store
	shortNames []string
}

// NewREST returns the storage of a kind's resource and of its status
// subresource, which share one store. The scheme must have the
// metacontroller.k8s.io types installed.
func NewREST[T Object](kind *Kind[T], scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*REST, *StatusREST, error) {
	strategy := NewStrategy(kind, scheme)
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return kind.New() },
		NewListFunc:               kind.NewList,
		DefaultQualifiedResource:  metacontroller.Resource(kind.Resource),
		SingularQualifiedResource: metacontroller.Resource(kind.Singular),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		TableConvertor:            TableConvertor[T]{Columns: kind.Columns, Row: kind.Row},
	}
	options := &generic.StoreOptions{RESTOptions: optsGetter, AttrFunc: kind.Attrs}
	if err := store.CompleteWithOptions(options); err != nil {
		return nil, nil, fmt.Errorf("cannot set up the storage of %s: %w", kind.Resource, err)
	}
	statusStore := *store
	statusStore.UpdateStrategy = StatusStrategy[T]{strategy}
	statusStore.ResetFieldsStrategy = StatusStrategy[T]{strategy}
	return &REST{store, kind.ShortNames}, &StatusREST{&statusStore}, nil
}

// ShortNames are what kubectl accepts besides the resource name.
func (r *REST) ShortNames() []string { return r.shortNames }

// Categories are the groups of resources that kubectl gets together.
func (*REST) Categories() []string { return []string{Category} }

// Attrs returns what selectors can select an object by.
func (k *Kind[T]) Attrs(obj runtime.Object) (labels.Set, fields.Set, error) {
	object, ok := obj.(T)
	if !ok {
		return nil, nil, fmt.Errorf("cannot select a %T as a %s", obj, k.Singular)
	}
	selectable := fields.Set{"metadata.name": object.GetName()}
	if k.Fields != nil {
		selectable = generic.MergeFieldsSets(selectable, k.Fields(object))
	}
	return labels.Set(object.GetLabels()), selectable, nil
}

var (
	_ rest.Patcher             = &StatusREST{}
	_ rest.ResetFieldsStrategy = &StatusREST{}
)

// StatusREST serves the status subresource of one kind.
type StatusREST struct {
	store *genericregistry.Store
}

// New returns an empty object.
func (r *StatusREST) New() runtime.Object { return r.store.New() }

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
