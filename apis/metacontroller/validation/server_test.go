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

package validation

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// What follows judges as the server does: by hand first, then by the tags of
// the served version.

// create judges a new object.
func create(t *testing.T, obj runtime.Object) field.ErrorList {
	t.Helper()
	scheme := newScheme()
	return append(byHand(t, obj), enforced(scheme.Validate(t.Context(), nil, versioned(t, scheme, obj)))...)
}

// update judges an update.
func update(t *testing.T, obj, old runtime.Object) field.ErrorList {
	t.Helper()
	scheme := newScheme()
	errs := scheme.ValidateUpdate(t.Context(), nil, versioned(t, scheme, obj), versioned(t, scheme, old))
	return append(byHandUpdate(t, obj, old), enforced(errs)...)
}

// updateStatus judges a write of the status.
func updateStatus(t *testing.T, obj, old runtime.Object) field.ErrorList {
	t.Helper()
	scheme := newScheme()
	errs := scheme.ValidateUpdate(t.Context(), nil, versioned(t, scheme, obj), versioned(t, scheme, old), "status")
	return append(byHandStatusUpdate(t, obj, old), enforced(errs)...)
}

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return scheme
}

func versioned(t *testing.T, scheme *runtime.Scheme, obj runtime.Object) runtime.Object {
	t.Helper()
	converted, err := scheme.ConvertToVersion(obj, v1alpha1.SchemeGroupVersion)
	if err != nil {
		t.Fatalf("cannot convert %T: %v", obj, err)
	}
	return converted
}

// enforced leaves out what the server only counts in metrics.
func enforced(errs field.ErrorList) field.ErrorList {
	var enforced field.ErrorList
	for _, err := range errs {
		if !err.IsAlpha() {
			enforced = append(enforced, err)
		}
	}
	return enforced
}

func byHand(t *testing.T, obj runtime.Object) field.ErrorList {
	t.Helper()
	switch obj := obj.(type) {
	case *metacontroller.CompositeController:
		return ValidateCompositeController(obj)
	case *metacontroller.DecoratorController:
		return ValidateDecoratorController(obj)
	case *metacontroller.InitializerController:
		return ValidateInitializerController(obj)
	case *metacontroller.ControllerRevision:
		return ValidateControllerRevision(obj)
	}
	t.Fatalf("%T is not judged", obj)
	return nil
}

func byHandUpdate(t *testing.T, obj, old runtime.Object) field.ErrorList {
	t.Helper()
	switch obj := obj.(type) {
	case *metacontroller.CompositeController:
		return ValidateCompositeControllerUpdate(obj, old.(*metacontroller.CompositeController))
	case *metacontroller.DecoratorController:
		return ValidateDecoratorControllerUpdate(obj, old.(*metacontroller.DecoratorController))
	case *metacontroller.InitializerController:
		return ValidateInitializerControllerUpdate(obj, old.(*metacontroller.InitializerController))
	case *metacontroller.ControllerRevision:
		return ValidateControllerRevisionUpdate(obj, old.(*metacontroller.ControllerRevision))
	}
	t.Fatalf("%T is not judged", obj)
	return nil
}

func byHandStatusUpdate(t *testing.T, obj, old runtime.Object) field.ErrorList {
	t.Helper()
	switch obj := obj.(type) {
	case *metacontroller.CompositeController:
		return ValidateCompositeControllerStatusUpdate(obj, old.(*metacontroller.CompositeController))
	case *metacontroller.DecoratorController:
		return ValidateDecoratorControllerStatusUpdate(obj, old.(*metacontroller.DecoratorController))
	case *metacontroller.InitializerController:
		return ValidateInitializerControllerStatusUpdate(obj, old.(*metacontroller.InitializerController))
	}
	t.Fatalf("%T has no status", obj)
	return nil
}
