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
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/apiserver/pkg/warning"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
)

var (
	_ rest.RESTCreateStrategy  = strategy{}
	_ rest.RESTUpdateStrategy  = strategy{}
	_ rest.RESTDeleteStrategy  = strategy{}
	_ rest.ResetFieldsStrategy = strategy{}
)

// strategy is what creating, updating and deleting a CompositeController does
// besides storing it.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
}

// newStrategy returns the strategy for everything but the status.
func newStrategy(typer runtime.ObjectTyper) strategy {
	return strategy{ObjectTyper: typer, NameGenerator: names.SimpleNameGenerator}
}

// NamespaceScoped says that controllers belong to no namespace.
func (strategy) NamespaceScoped() bool { return false }

// AllowCreateOnUpdate refuses a PUT of a controller that does not exist.
func (strategy) AllowCreateOnUpdate(context.Context) bool { return false }

// AllowUnconditionalUpdate demands a resourceVersion of every PUT, so that
// nobody overwrites a change that he has not seen.
func (strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// GetResetFields names what a write through the main resource cannot change.
func (strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return map[fieldpath.APIVersion]*fieldpath.Set{
		fieldpath.APIVersion(v1alpha1.SchemeGroupVersion.String()): fieldpath.NewSet(fieldpath.MakePathOrDie("status")),
	}
}

// PrepareForCreate starts the generation, empties the status and brings the
// spec into today's form.
func (strategy) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	controller := obj.(*metacontroller.CompositeController)
	controller.Generation = 1
	controller.Status = metacontroller.CompositeControllerStatus{}
	fold(ctx, controller, nil)
}

// PrepareForUpdate keeps the status, brings the spec into today's form and
// raises the generation when that has changed it.
func (strategy) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	controller, oldController := obj.(*metacontroller.CompositeController), old.(*metacontroller.CompositeController)
	controller.Status = oldController.Status
	fold(ctx, controller, oldController)
	if !apiequality.Semantic.DeepEqual(controller.Spec, oldController.Spec) {
		controller.Generation = oldController.Generation + 1
	}
}

// fold warns here and not in WarningsOnCreate, which sees the object only when
// the fields to warn about are gone.
func fold(ctx context.Context, controller, old *metacontroller.CompositeController) {
	for _, text := range metacontroller.FoldCompositeController(controller, old) {
		warning.AddWarning(ctx, "", text)
	}
}

// Validate checks a new controller.
func (strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return validation.ValidateCompositeController(obj.(*metacontroller.CompositeController))
}

// ValidateUpdate checks what an update changes.
func (strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateCompositeControllerUpdate(obj.(*metacontroller.CompositeController), old.(*metacontroller.CompositeController))
}

// WarningsOnCreate warns of what is valid and probably not meant.
func (strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return validation.WarningsForCompositeController(obj.(*metacontroller.CompositeController))
}

// WarningsOnUpdate warns of what is valid and probably not meant.
func (strategy) WarningsOnUpdate(_ context.Context, obj, _ runtime.Object) []string {
	return validation.WarningsForCompositeController(obj.(*metacontroller.CompositeController))
}

// Canonicalize has nothing to do: defaulting and folding leave one form.
func (strategy) Canonicalize(runtime.Object) {}
