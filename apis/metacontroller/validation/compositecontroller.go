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

// Package validation judges metacontroller.k8s.io objects: pure functions from
// an object, and on update its old state, to the list of what is wrong with
// it, by JSON path.
//
// It must not know storage, contexts, clocks or the cluster: whether a resource
// or Secret exists is reported in conditions, not here. Open
// compositecontroller.go first; ratchet.go says how updates differ.
package validation

import (
	"fmt"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// finalizerNamePrefix precedes the controller's name in the finalizer that is
// put on parents: metacontroller.io/compositecontroller-<name>.
const finalizerNamePrefix = "compositecontroller-"

// ValidateCompositeController checks a new CompositeController. It must have
// been defaulted and folded into today's form.
func ValidateCompositeController(controller *metacontroller.CompositeController) field.ErrorList {
	metadata := field.NewPath("metadata")
	errs := apivalidation.ValidateObjectMeta(&controller.ObjectMeta, false, apivalidation.NameIsDNSSubdomain, metadata)
	return append(errs, validateController(controller)...)
}

// ValidateCompositeControllerUpdate checks what an update of a
// CompositeController changes: what was wrong before may stay wrong.
func ValidateCompositeControllerUpdate(controller, old *metacontroller.CompositeController) field.ErrorList {
	errs := apivalidation.ValidateObjectMetaUpdate(&controller.ObjectMeta, &old.ObjectMeta, field.NewPath("metadata"))
	return append(errs, introduced(validateController(controller), validateController(old))...)
}

// ValidateCompositeControllerStatusUpdate checks a write of the status.
func ValidateCompositeControllerStatusUpdate(controller, old *metacontroller.CompositeController) field.ErrorList {
	errs := apivalidation.ValidateObjectMetaUpdate(&controller.ObjectMeta, &old.ObjectMeta, field.NewPath("metadata"))
	return append(errs, introduced(validateStatus(&controller.Status), validateStatus(&old.Status))...)
}

// validateController checks everything that can be wrong on update too.
func validateController(controller *metacontroller.CompositeController) field.ErrorList {
	var errs field.ErrorList
	limit := validation.LabelValueMaxLength - len(finalizerNamePrefix)
	if hooks := controller.Spec.Hooks; hooks != nil && hooks.Finalize != nil && len(controller.Name) > limit {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), controller.Name, fmt.Sprintf(
			"may not be longer than %d characters when there is a finalize hook: it becomes the finalizer metacontroller.io/%s<name>", limit, finalizerNamePrefix)))
	}
	return append(errs, validateSpec(&controller.Spec, field.NewPath("spec"))...)
}

func validateSpec(spec *metacontroller.CompositeControllerSpec, path *field.Path) field.ErrorList {
	errs := validateParentResource(&spec.ParentResource, path.Child("parentResource"))
	errs = append(errs, validateChildResources(spec.ChildResources, &spec.ParentResource, path.Child("childResources"))...)
	errs = append(errs, validateHooks(spec.Hooks, path.Child("hooks"))...)
	errs = append(errs, validateEndpointConfigs(spec.EndpointConfigs, path.Child("endpointConfigs"))...)
	if period := spec.ResyncPeriodSeconds; period != nil {
		errs = append(errs, validateNonNegative(int64(*period), path.Child("resyncPeriodSeconds"))...)
	}
	return append(errs, validateClientConfig(spec, path)...)
}

func validateHooks(hooks *metacontroller.CompositeControllerHooks, path *field.Path) field.ErrorList {
	if hooks == nil {
		return field.ErrorList{field.Required(path, "a controller needs at least one hook, usually sync")}
	}
	errs := validateHook(hooks.Sync, path.Child("sync"))
	errs = append(errs, validateHook(hooks.Finalize, path.Child("finalize"))...)
	return append(errs, validateHook(hooks.Customize, path.Child("customize"))...)
}

// validateClientConfig refuses what folding could not bring into today's form.
func validateClientConfig(spec *metacontroller.CompositeControllerSpec, path *field.Path) field.ErrorList {
	if spec.ClientConfig == nil || spec.ClientConfig.Service == nil {
		return nil
	}
	return field.ErrorList{field.Forbidden(path.Child("clientConfig", "service"),
		"contradicts the webhook of a hook that has a path too: set either clientConfig and hooks.<hook>.path, or hooks.<hook>.webhook")}
}

func validateStatus(status *metacontroller.CompositeControllerStatus) field.ErrorList {
	path := field.NewPath("status")
	errs := validateNonNegative(status.ObservedGeneration, path.Child("observedGeneration"))
	errs = append(errs, metav1validation.ValidateConditions(status.Conditions, path.Child("conditions"))...)
	if parents := status.Parents; parents != nil {
		path = path.Child("parents")
		errs = append(errs, validateNonNegative(int64(parents.Total), path.Child("total"))...)
		errs = append(errs, validateNonNegative(int64(parents.Synced), path.Child("synced"))...)
		errs = append(errs, validateNonNegative(int64(parents.Failing), path.Child("failing"))...)
	}
	return errs
}

func validateNonNegative(value int64, path *field.Path) field.ErrorList {
	return apivalidation.ValidateNonnegativeField(value, path)
}
