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
// or Secret exists is reported in conditions, not here. Nor must it repeat what
// the +k8s: tags of the served types say (required fields, enums, names, sizes):
// the server runs those checks as well. Open compositecontroller.go first;
// ratchet.go says how updates differ.
package validation

import (
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// ValidateCompositeController checks a new CompositeController. It must have
// been defaulted and folded into today's form.
func ValidateCompositeController(controller *metacontroller.CompositeController) field.ErrorList {
	return append(validateClusterScopedMeta(&controller.ObjectMeta), validateCompositeController(controller)...)
}

// ValidateCompositeControllerUpdate checks what an update of a
// CompositeController changes: what was wrong before may stay wrong.
func ValidateCompositeControllerUpdate(controller, old *metacontroller.CompositeController) field.ErrorList {
	errs := validateMetaUpdate(&controller.ObjectMeta, &old.ObjectMeta)
	return append(errs, introduced(validateCompositeController(controller), validateCompositeController(old))...)
}

// ValidateCompositeControllerStatusUpdate checks a write of the status.
func ValidateCompositeControllerStatusUpdate(controller, old *metacontroller.CompositeController) field.ErrorList {
	check := func(status *metacontroller.CompositeControllerStatus) field.ErrorList {
		return validateStatus(status.ObservedGeneration, status.Conditions, status.Parents)
	}
	errs := validateMetaUpdate(&controller.ObjectMeta, &old.ObjectMeta)
	return append(errs, introduced(check(&controller.Status), check(&old.Status))...)
}

// validateCompositeController checks everything that can be wrong on update
// too.
func validateCompositeController(controller *metacontroller.CompositeController) field.ErrorList {
	spec, path := &controller.Spec, field.NewPath("spec")
	errs := validateParentResource(&spec.ParentResource, path.Child("parentResource"))
	errs = append(errs, validateChildResources(spec.ChildResources, &spec.ParentResource, path.Child("childResources"))...)
	if hooks := spec.Hooks; hooks != nil {
		errs = append(errs, validateFinalizerName(controller.Name, "compositecontroller", hooks.Finalize)...)
		errs = append(errs, validateHooks(compositeHooks(hooks), path.Child("hooks"))...)
	}
	errs = append(errs, validateEndpointConfigs(spec.EndpointConfigs, path.Child("endpointConfigs"))...)
	return limited(append(errs, validateClientConfig(spec.ClientConfig, path.Child("clientConfig"))...))
}

func compositeHooks(hooks *metacontroller.CompositeControllerHooks) []namedHook {
	return []namedHook{{"sync", hooks.Sync}, {"finalize", hooks.Finalize}, {"customize", hooks.Customize}}
}

func validateChildResources(rules []metacontroller.ChildResourceRule, parent *metacontroller.ParentResourceRule, path *field.Path) field.ErrorList {
	declarations := make([]declaration, 0, len(rules))
	var errs field.ErrorList
	parentType := groupResource(parent.APIVersion, parent.Resource)
	for i, rule := range rules {
		path := path.Index(i)
		declarations = append(declarations, declaration{rule.APIVersion, rule.Resource, rule.Resources})
		if rule.Resource != "" && groupResource(rule.APIVersion, rule.Resource) == parentType {
			errs = append(errs, field.Invalid(path.Child("resource"), rule.Resource, "is the parent resource: a parent may not be its own child"))
		}
		if strategy := rule.UpdateStrategy; strategy != nil && strategy.StatusChecks != nil {
			errs = append(errs, validateStatusChecks(strategy.StatusChecks, path.Child("updateStrategy", "statusChecks"))...)
		}
	}
	return append(validateDeclarations(declarations, path), errs...)
}

func validateStatusChecks(checks *metacontroller.ChildUpdateStatusChecks, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, check := range checks.Conditions {
		path := path.Child("conditions").Index(i).Child("type")
		if check.Type == "" {
			errs = append(errs, field.Required(path, "must be the type of a condition, for example Ready"))
			continue
		}
		for _, message := range validation.IsQualifiedName(check.Type) {
			errs = append(errs, field.Invalid(path, check.Type, message))
		}
	}
	return errs
}
