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
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// ValidateDecoratorController checks a new DecoratorController. It must have
// been defaulted and folded into today's form.
func ValidateDecoratorController(controller *metacontroller.DecoratorController) field.ErrorList {
	return append(validateClusterScopedMeta(&controller.ObjectMeta), validateDecoratorController(controller)...)
}

// ValidateDecoratorControllerUpdate checks what an update of a
// DecoratorController changes: what was wrong before may stay wrong.
func ValidateDecoratorControllerUpdate(controller, old *metacontroller.DecoratorController) field.ErrorList {
	errs := validateMetaUpdate(&controller.ObjectMeta, &old.ObjectMeta)
	return append(errs, introduced(validateDecoratorController(controller), validateDecoratorController(old))...)
}

// ValidateDecoratorControllerStatusUpdate checks a write of the status.
func ValidateDecoratorControllerStatusUpdate(controller, old *metacontroller.DecoratorController) field.ErrorList {
	check := func(status *metacontroller.DecoratorControllerStatus) field.ErrorList {
		return validateStatus(status.ObservedGeneration, status.Conditions, status.Parents)
	}
	errs := validateMetaUpdate(&controller.ObjectMeta, &old.ObjectMeta)
	return append(errs, introduced(check(&controller.Status), check(&old.Status))...)
}

// validateDecoratorController checks everything that can be wrong on update
// too.
func validateDecoratorController(controller *metacontroller.DecoratorController) field.ErrorList {
	spec, path := &controller.Spec, field.NewPath("spec")
	errs := validateDecoratorResources(spec.Resources, path.Child("resources"))
	attachments := make([]declaration, 0, len(spec.Attachments))
	for _, rule := range spec.Attachments {
		attachments = append(attachments, declaration{rule.APIVersion, rule.Resource, rule.Resources})
	}
	errs = append(errs, validateDeclarations(attachments, path.Child("attachments"))...)
	if hooks := spec.Hooks; hooks != nil {
		errs = append(errs, validateFinalizerName(controller.Name, "decoratorcontroller", hooks.Finalize)...)
		errs = append(errs, validateHooks(decoratorHooks(hooks), path.Child("hooks"))...)
	}
	errs = append(errs, validateEndpointConfigs(spec.EndpointConfigs, path.Child("endpointConfigs"))...)
	return append(errs, validateClientConfig(spec.ClientConfig, path.Child("clientConfig"))...)
}

func decoratorHooks(hooks *metacontroller.DecoratorControllerHooks) []namedHook {
	return []namedHook{{"sync", hooks.Sync}, {"finalize", hooks.Finalize}, {"customize", hooks.Customize}}
}

// validateDecoratorResources checks rules of which several may be about one
// type, as long as they select differently.
func validateDecoratorResources(rules []metacontroller.DecoratorResourceRule, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	declared := map[schema.GroupResource][]metacontroller.DecoratorResourceRule{}
	for i, rule := range rules {
		path := path.Index(i)
		current := declaration{rule.APIVersion, rule.Resource, rule.Resources}
		errs = append(errs, validateDeclaration(current, path)...)
		errs = append(errs, validateLabelSelector(rule.LabelSelector, path.Child("labelSelector"))...)
		errs = append(errs, validateAnnotationSelector(rule.AnnotationSelector, path.Child("annotationSelector"))...)
		if rule.Resource == "" {
			continue
		}
		resourceType := groupResource(rule.APIVersion, rule.Resource)
		for _, other := range declared[resourceType] {
			if other.APIVersion != rule.APIVersion {
				errs = append(errs, otherVersion(current, other.APIVersion, path))
				break
			}
			if selectSame(&other, &rule) {
				errs = append(errs, field.Duplicate(path, rule.APIVersion+" "+rule.Resource))
				break
			}
		}
		declared[resourceType] = append(declared[resourceType], rule)
	}
	return errs
}

// selectSame tells whether two rules about one type select the same objects,
// as far as can be seen by comparing them. An empty selector is none.
func selectSame(a, b *metacontroller.DecoratorResourceRule) bool {
	return apiequality.Semantic.DeepEqual(orEmpty(a.LabelSelector), orEmpty(b.LabelSelector)) &&
		apiequality.Semantic.DeepEqual(orEmpty(a.AnnotationSelector), orEmpty(b.AnnotationSelector))
}

func orEmpty[T metav1.LabelSelector | metacontroller.AnnotationSelector](selector *T) *T {
	if selector == nil {
		return new(T)
	}
	return selector
}
