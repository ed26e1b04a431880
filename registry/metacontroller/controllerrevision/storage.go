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

// Package controllerrevision serves ControllerRevisions, the bookkeeping of
// rollouts.
//
// It must not know controllers or which backend stores the objects.
package controllerrevision

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
	"github.com/hookplane/hookplane/registry/metacontroller/kind"
)

var (
	_ rest.StandardStorage      = &REST{}
	_ rest.ShortNamesProvider   = &REST{}
	_ rest.CategoriesProvider   = &REST{}
	_ rest.SingularNameProvider = &REST{}
)

// REST serves the resource controllerrevisions.
type REST struct {
	*genericregistry.Store
}

// NewREST returns the storage of controllerrevisions. The scheme must have the
// metacontroller.k8s.io types installed.
func NewREST(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*REST, error) {
	strategy := strategy{rest.DeclarativeValidation{Scheme: scheme}, names.SimpleNameGenerator}
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &metacontroller.ControllerRevision{} },
		NewListFunc:               func() runtime.Object { return &metacontroller.ControllerRevisionList{} },
		DefaultQualifiedResource:  metacontroller.Resource("controllerrevisions"),
		SingularQualifiedResource: metacontroller.Resource("controllerrevision"),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		TableConvertor:            kind.TableConvertor[*metacontroller.ControllerRevision]{Columns: columns, Row: row},
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: optsGetter}); err != nil {
		return nil, fmt.Errorf("cannot set up the storage of controllerrevisions: %w", err)
	}
	return &REST{store}, nil
}

// ShortNames are what kubectl accepts besides the resource name.
func (*REST) ShortNames() []string { return []string{"mcrev"} }

// Categories are the groups of resources that kubectl gets together.
func (*REST) Categories() []string { return []string{kind.Category} }

// strategy is what creating, updating and deleting a ControllerRevision does
// besides storing it.
type strategy struct {
	rest.DeclarativeValidation // the rules of v1alpha1; it is the ObjectTyper too
	names.NameGenerator
}

// NamespaceScoped says that revisions belong to a namespace.
func (strategy) NamespaceScoped() bool { return true }

// AllowCreateOnUpdate refuses a PUT of a revision that does not exist.
func (strategy) AllowCreateOnUpdate(context.Context) bool { return false }

// AllowUnconditionalUpdate demands a resourceVersion of every PUT.
func (strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// PrepareForCreate starts the generation.
func (strategy) PrepareForCreate(_ context.Context, obj runtime.Object) {
	obj.(*metacontroller.ControllerRevision).Generation = 1
}

// PrepareForUpdate raises the generation when the children have changed.
func (strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	revision, oldRevision := obj.(*metacontroller.ControllerRevision), old.(*metacontroller.ControllerRevision)
	if !apiequality.Semantic.DeepEqual(revision.Children, oldRevision.Children) {
		revision.Generation = oldRevision.Generation + 1
	}
}

// Validate checks a new revision.
func (strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return validation.ValidateControllerRevision(obj.(*metacontroller.ControllerRevision))
}

// ValidateUpdate checks what an update changes.
func (strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateControllerRevisionUpdate(obj.(*metacontroller.ControllerRevision), old.(*metacontroller.ControllerRevision))
}

// WarningsOnCreate has none: the server writes revisions.
func (strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }

// WarningsOnUpdate has none: the server writes revisions.
func (strategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// Canonicalize has nothing to do.
func (strategy) Canonicalize(runtime.Object) {}

var columns = []metav1.TableColumnDefinition{
	kind.NameColumn,
	{Name: "Parent", Type: "string", Description: "The parent that the revision belongs to, as kind/name."},
	{Name: "Children", Type: "integer", Description: "Number of children that are in the revision."},
	kind.AgeColumn,
}

func row(revision *metacontroller.ControllerRevision, name, age string) []any {
	parent := "<none>"
	if owner := metav1.GetControllerOf(revision); owner != nil {
		parent = owner.Kind + "/" + owner.Name
	}
	children := 0
	for _, group := range revision.Children {
		children += len(group.Names)
	}
	return []any{name, parent, int64(children), age}
}
