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
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// minInitializerNameLabels is how many labels the name of an initializer has at
// least, as the names of Kubernetes' own initializers had.
const minInitializerNameLabels = 3

// ValidateInitializerController checks a new InitializerController, but for
// the expressions of its matchConditions. It must have been defaulted and
// folded into today's form.
func ValidateInitializerController(controller *metacontroller.InitializerController) field.ErrorList {
	return append(validateClusterScopedMeta(&controller.ObjectMeta), validateInitializerController(controller)...)
}

// ValidateInitializerControllerUpdate checks what an update of an
// InitializerController changes: what was wrong before may stay wrong.
func ValidateInitializerControllerUpdate(controller, old *metacontroller.InitializerController) field.ErrorList {
	errs := validateMetaUpdate(&controller.ObjectMeta, &old.ObjectMeta)
	return append(errs, introduced(validateInitializerController(controller), validateInitializerController(old))...)
}

// ValidateInitializerControllerStatusUpdate checks a write of the status.
func ValidateInitializerControllerStatusUpdate(controller, old *metacontroller.InitializerController) field.ErrorList {
	check := func(status *metacontroller.InitializerControllerStatus) field.ErrorList {
		errs := validateStatus(status.ObservedGeneration, status.Conditions, nil)
		if objects := status.Objects; objects != nil {
			errs = append(errs, validateCounts(field.NewPath("status", "objects"), map[string]int64{
				"completed": objects.Completed, "refused": objects.Refused, "ignored": objects.Ignored,
				"deferred": objects.Deferred, "pending": int64(objects.Pending),
			})...)
		}
		return errs
	}
	errs := validateMetaUpdate(&controller.ObjectMeta, &old.ObjectMeta)
	return append(errs, introduced(check(&controller.Status), check(&old.Status))...)
}

// validateInitializerController checks everything that can be wrong on update
// too.
func validateInitializerController(controller *metacontroller.InitializerController) field.ErrorList {
	spec, path := &controller.Spec, field.NewPath("spec")
	errs := validateInitializerName(spec.InitializerName, path.Child("initializerName"))
	rules := make([]declaration, 0, len(spec.UninitializedResources))
	for _, rule := range spec.UninitializedResources {
		rules = append(rules, declaration{rule.APIVersion, rule.Resource, rule.Resources})
	}
	errs = append(errs, validateDeclarations(rules, path.Child("uninitializedResources"))...)
	if hooks := spec.Hooks; hooks != nil {
		errs = append(errs, validateHooks(initializerHooks(hooks), path.Child("hooks"))...)
	}
	errs = append(errs, validateLabelSelector(spec.NamespaceSelector, path.Child("namespaceSelector"))...)
	errs = append(errs, validateLabelSelector(spec.ObjectSelector, path.Child("objectSelector"))...)
	errs = append(errs, validateEndpointConfigs(spec.EndpointConfigs, path.Child("endpointConfigs"))...)
	return limited(append(errs, validateClientConfig(spec.ClientConfig, path.Child("clientConfig"))...))
}

func initializerHooks(hooks *metacontroller.InitializerControllerHooks) []namedHook {
	return []namedHook{{"init", hooks.Init}}
}

// validateInitializerName counts the labels of what is a DNS name; that it is
// one is checked declaratively.
func validateInitializerName(name string, path *field.Path) field.ErrorList {
	if len(validation.IsDNS1123Subdomain(name)) > 0 || strings.Count(name, ".")+1 >= minInitializerNameLabels {
		return nil
	}
	return field.ErrorList{field.Invalid(path, name, "must have at least three labels, for example podhostname.example.com")}
}
