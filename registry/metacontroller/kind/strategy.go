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

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/apiserver/pkg/warning"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

var (
	_ rest.RESTCreateStrategy            = Strategy[Object]{}
	_ rest.RESTUpdateStrategy            = Strategy[Object]{}
	_ rest.RESTDeleteStrategy            = Strategy[Object]{}
	_ rest.ResetFieldsStrategy           = Strategy[Object]{}
	_ rest.DeclarativeValidationStrategy = Strategy[Object]{}
)

// Strategy is what creating, updating and deleting a controller object does
// besides storing it.
type Strategy[T Object] struct {
	rest.DeclarativeValidation // the rules of v1alpha1; it is the ObjectTyper too
	names.NameGenerator
	kind *Kind[T]
}

// NewStrategy returns the strategy for everything but the status.
func NewStrategy[T Object](kind *Kind[T], scheme *runtime.Scheme) Strategy[T] {
	return Strategy[T]{rest.DeclarativeValidation{Scheme: scheme}, names.SimpleNameGenerator, kind}
}

// NamespaceScoped says that controllers belong to no namespace.
func (Strategy[T]) NamespaceScoped() bool { return false }

// AllowCreateOnUpdate refuses a PUT of a controller that does not exist.
func (Strategy[T]) AllowCreateOnUpdate(context.Context) bool { return false }

// AllowUnconditionalUpdate demands a resourceVersion of every PUT, so that
// nobody overwrites a change that he has not seen.
func (Strategy[T]) AllowUnconditionalUpdate(context.Context) bool { return false }

// GetResetFields names what a write through the main resource cannot change.
func (Strategy[T]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return resetFields("status")
}

func resetFields(names ...string) map[fieldpath.APIVersion]*fieldpath.Set {
	set := fieldpath.NewSet()
	for _, name := range names {
		set.Insert(fieldpath.MakePathOrDie(name))
	}
	return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(v1alpha1.SchemeGroupVersion.String()): set}
}

// PrepareForCreate starts the generation, empties the status and brings the
// spec into today's form.
func (s Strategy[T]) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	object := obj.(T)
	object.SetGeneration(1)
	s.kind.CopyStatus(object, s.kind.New())
	var none T
	s.fold(ctx, object, none)
}

// PrepareForUpdate keeps the status, brings the spec into today's form and
// raises the generation when that has changed it.
func (s Strategy[T]) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	object, oldObject := obj.(T), old.(T)
	s.kind.CopyStatus(object, oldObject)
	s.fold(ctx, object, oldObject)
	if !apiequality.Semantic.DeepEqual(s.kind.Spec(object), s.kind.Spec(oldObject)) {
		object.SetGeneration(oldObject.GetGeneration() + 1)
	}
}

// fold warns here and not in WarningsOnCreate, which sees the object only when
// the fields to warn about are gone.
func (s Strategy[T]) fold(ctx context.Context, object, old T) {
	for _, text := range s.kind.Fold(object, old) {
		warning.AddWarning(ctx, "", text)
	}
}

// Validate checks a new controller.
func (s Strategy[T]) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return s.kind.Validate(obj.(T))
}

// ValidateUpdate checks what an update changes.
func (s Strategy[T]) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return s.kind.ValidateUpdate(obj.(T), old.(T))
}

// WarningsOnCreate warns of what is valid and probably not meant.
func (s Strategy[T]) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return s.kind.Warnings(obj.(T))
}

// WarningsOnUpdate warns of what is valid and probably not meant.
func (s Strategy[T]) WarningsOnUpdate(_ context.Context, obj, _ runtime.Object) []string {
	return s.kind.Warnings(obj.(T))
}

// Canonicalize has nothing to do: defaulting and folding leave one form.
func (Strategy[T]) Canonicalize(runtime.Object) {}
