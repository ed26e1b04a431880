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

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

func validateParentResource(rule *metacontroller.ParentResourceRule, path *field.Path) field.ErrorList {
	errs := validateAPIVersion(rule.APIVersion, path.Child("apiVersion"))
	errs = append(errs, validateResource(rule.Resource, path.Child("resource"))...)
	errs = append(errs, validateLabelSelector(rule.LabelSelector, path.Child("labelSelector"))...)
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

// declaration is what every rule that declares a resource type has.
type declaration struct {
	apiVersion, resource string
	resources            []string
}

// validateDeclaration checks one rule by itself.
func validateDeclaration(rule declaration, path *field.Path) field.ErrorList {
	errs := validateAPIVersion(rule.apiVersion, path.Child("apiVersion"))
	errs = append(errs, validateResource(rule.resource, path.Child("resource"))...)
	if len(rule.resources) > 0 {
		errs = append(errs, field.Forbidden(path.Child("resources"), "may not be set together with resource: write one rule with resource for each type"))
	}
	return errs
}

// validateDeclarations checks rules each of which declares another type.
func validateDeclarations(rules []declaration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	declared := map[schema.GroupResource]string{}
	for i, rule := range rules {
		path := path.Index(i)
		errs = append(errs, validateDeclaration(rule, path)...)
		if rule.resource == "" {
			continue
		}
		resourceType := groupResource(rule.apiVersion, rule.resource)
		switch apiVersion, found := declared[resourceType]; {
		case found && apiVersion == rule.apiVersion:
			errs = append(errs, field.Duplicate(path, rule.apiVersion+" "+rule.resource))
		case found:
			errs = append(errs, otherVersion(rule, apiVersion, path))
		}
		declared[resourceType] = rule.apiVersion
	}
	return errs
}

func otherVersion(rule declaration, apiVersion string, path *field.Path) *field.Error {
	return field.Invalid(path.Child("apiVersion"), rule.apiVersion, fmt.Sprintf(
		"%s is already declared in %s: objects of one type are handled in one version", groupResource(rule.apiVersion, rule.resource), apiVersion))
}

// groupResource is a type regardless of its version.
func groupResource(apiVersion, resource string) schema.GroupResource {
	group, _, grouped := strings.Cut(apiVersion, "/")
	if !grouped {
		group = ""
	}
	return schema.GroupResource{Group: group, Resource: resource}
}
