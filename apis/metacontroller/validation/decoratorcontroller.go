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
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
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
	return limited(append(errs, validateClientConfig(spec.ClientConfig, path.Child("clientConfig"))...))
}

func decoratorHooks(hooks *metacontroller.DecoratorControllerHooks) []namedHook {
	return []namedHook{{"sync", hooks.Sync}, {"finalize", hooks.Finalize}, {"customize", hooks.Customize}}
}

// validateDecoratorResources checks rules of which several may be about one
// type, as long as they select differently.
func validateDecoratorResources(rules []metacontroller.DecoratorResourceRule, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	versions := map[schema.GroupResource]string{}
	seen := sets.New[string]()
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
		selection := resourceType.String() + " " + selectors(&rule)
		switch version, found := versions[resourceType]; {
		case found && version != rule.APIVersion:
			errs = append(errs, otherVersion(current, version, path))
		case seen.Has(selection):
			errs = append(errs, field.Duplicate(path, rule.APIVersion+" "+rule.Resource))
		case !found:
			versions[resourceType] = rule.APIVersion
		}
		seen.Insert(selection)
	}
	return errs
}

// selectors returns a text that is the same for rules with the same selectors.
// An empty selector is none.
func selectors(rule *metacontroller.DecoratorResourceRule) string {
	var all struct {
		metav1.LabelSelector
		Annotations map[string]string                 `json:",omitempty"`
		Expressions []metav1.LabelSelectorRequirement `json:",omitempty"`
	}
	if rule.LabelSelector != nil {
		all.LabelSelector = *rule.LabelSelector
	}
	if selector := rule.AnnotationSelector; selector != nil {
		all.Annotations, all.Expressions = selector.MatchAnnotations, selector.MatchExpressions
	}
	text, _ := json.Marshal(all) // texts always encode
	return string(text)
}
