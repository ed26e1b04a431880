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
	"fmt"
	"regexp"
	"strings"

	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

func validateParentResource(rule *metacontroller.ParentResourceRule, path *field.Path) field.ErrorList {
	errs := validateAPIVersion(rule.APIVersion, path.Child("apiVersion"))
	errs = append(errs, validateResource(rule.Resource, path.Child("resource"))...)
	errs = append(errs, metav1validation.ValidateLabelSelector(rule.LabelSelector, metav1validation.LabelSelectorValidationOptions{}, path.Child("labelSelector"))...)
	if rule.RevisionHistory != nil {
		errs = append(errs, validateFieldPaths(rule.RevisionHistory.FieldPaths, path.Child("revisionHistory", "fieldPaths"))...)
	}
	return errs
}

// validateAPIVersion checks the form group/version, or version for the core
// group.
func validateAPIVersion(apiVersion string, path *field.Path) field.ErrorList {
	if apiVersion == "" {
		return field.ErrorList{field.Required(path, "must be group/version, or just the version for the core group")}
	}
	group, version, grouped := strings.Cut(apiVersion, "/")
	if !grouped {
		group, version = "", apiVersion
	}
	var errs field.ErrorList
	if grouped {
		for _, message := range validation.IsDNS1123Subdomain(group) {
			errs = append(errs, field.Invalid(path, apiVersion, "group: "+message))
		}
	}
	for _, message := range validation.IsDNS1035Label(version) {
		errs = append(errs, field.Invalid(path, apiVersion, "version: "+message))
	}
	return errs
}

func validateResource(resource string, path *field.Path) field.ErrorList {
	if resource == "" {
		return field.ErrorList{field.Required(path, "must be the lower-case plural name of a resource type, for example pods")}
	}
	var errs field.ErrorList
	for _, message := range validation.IsDNS1035Label(resource) {
		errs = append(errs, field.Invalid(path, resource, "must be the lower-case plural name of a resource type: "+message))
	}
	return errs
}

var fieldPath = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// validateFieldPaths checks dotted paths such as spec.template.
func validateFieldPaths(paths []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[string]()
	for i, value := range paths {
		switch {
		case !fieldPath.MatchString(value):
			errs = append(errs, field.Invalid(path.Index(i), value, "must be field names joined by dots, for example spec.template"))
		case seen.Has(value):
			errs = append(errs, field.Duplicate(path.Index(i), value))
		}
		seen.Insert(value)
	}
	return errs
}

func validateChildResources(rules []metacontroller.ChildResourceRule, parent *metacontroller.ParentResourceRule, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	parentType := groupResource(parent.APIVersion, parent.Resource)
	declared := map[schema.GroupResource]string{}
	for i, rule := range rules {
		path := path.Index(i)
		errs = append(errs, validateChildResource(&rule, path)...)
		if rule.Resource == "" {
			continue
		}
		childType := groupResource(rule.APIVersion, rule.Resource)
		apiVersion, found := declared[childType]
		switch {
		case found && apiVersion == rule.APIVersion:
			errs = append(errs, field.Duplicate(path, rule.APIVersion+" "+rule.Resource))
		case found:
			errs = append(errs, field.Invalid(path.Child("apiVersion"), rule.APIVersion, fmt.Sprintf(
				"%s is already declared in %s: children of one type are handled in one version", childType, apiVersion)))
		case childType == parentType:
			errs = append(errs, field.Invalid(path.Child("resource"), rule.Resource, "is the parent resource: a parent may not be its own child"))
		}
		declared[childType] = rule.APIVersion
	}
	return errs
}

// groupResource is a type regardless of its version.
func groupResource(apiVersion, resource string) schema.GroupResource {
	group, _, grouped := strings.Cut(apiVersion, "/")
	if !grouped {
		group = ""
	}
	return schema.GroupResource{Group: group, Resource: resource}
}

func validateChildResource(rule *metacontroller.ChildResourceRule, path *field.Path) field.ErrorList {
	errs := validateAPIVersion(rule.APIVersion, path.Child("apiVersion"))
	errs = append(errs, validateResource(rule.Resource, path.Child("resource"))...)
	if len(rule.Resources) > 0 {
		errs = append(errs, field.Forbidden(path.Child("resources"), "may not be set together with resource: write one rule with resource for each type"))
	}
	if rule.UpdateStrategy != nil {
		errs = append(errs, validateUpdateStrategy(rule.UpdateStrategy, path.Child("updateStrategy"))...)
	}
	return errs
}

var childUpdateMethods = sets.New(
	metacontroller.ChildUpdateOnDelete,
	metacontroller.ChildUpdateRecreate,
	metacontroller.ChildUpdateInPlace,
	metacontroller.ChildUpdateRollingRecreate,
	metacontroller.ChildUpdateRollingInPlace,
)

func validateUpdateStrategy(strategy *metacontroller.ChildUpdateStrategy, path *field.Path) field.ErrorList {
	errs := validateEnum(strategy.Method, childUpdateMethods, path.Child("method"))
	if strategy.StatusChecks == nil {
		return errs
	}
	for i, check := range strategy.StatusChecks.Conditions {
		path := path.Child("statusChecks", "conditions").Index(i).Child("type")
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

// validateEnum checks that value is one of allowed.
func validateEnum[T ~string](value T, allowed sets.Set[T], path *field.Path) field.ErrorList {
	if allowed.Has(value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, value, sets.List(allowed))}
}
