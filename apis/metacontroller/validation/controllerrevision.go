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
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validate/content"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// ValidateControllerRevision checks a new ControllerRevision.
func ValidateControllerRevision(revision *metacontroller.ControllerRevision) field.ErrorList {
	errs := apivalidation.ValidateObjectMeta(&revision.ObjectMeta, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	return append(errs, validateControllerRevision(revision)...)
}

// ValidateControllerRevisionUpdate checks what an update of a
// ControllerRevision changes: what was wrong before may stay wrong.
func ValidateControllerRevisionUpdate(revision, old *metacontroller.ControllerRevision) field.ErrorList {
	errs := validateMetaUpdate(&revision.ObjectMeta, &old.ObjectMeta)
	if !sameJSON(revision.ParentPatch, old.ParentPatch) {
		errs = append(errs, field.Forbidden(field.NewPath("parentPatch"), "may not be changed: a revision is one state of a parent"))
	}
	return append(errs, introduced(validateControllerRevision(revision), validateControllerRevision(old))...)
}

// validateControllerRevision checks everything that can be wrong on update too.
func validateControllerRevision(revision *metacontroller.ControllerRevision) field.ErrorList {
	errs := validateParentPatch(revision.ParentPatch, field.NewPath("parentPatch"))
	for i, children := range revision.Children {
		at := field.NewPath("children").Index(i)
		if children.APIGroup != "" {
			for _, message := range validation.IsDNS1123Subdomain(children.APIGroup) {
				errs = append(errs, field.Invalid(at.Child("apiGroup"), children.APIGroup, message))
			}
		}
		errs = append(errs, validateChildNames(children.Names, at.Child("names"))...)
	}
	return limited(errs)
}

func validateParentPatch(patch runtime.RawExtension, at *field.Path) field.ErrorList {
	var object map[string]json.RawMessage
	switch err := json.Unmarshal(patch.Raw, &object); {
	case len(patch.Raw) == 0 || string(patch.Raw) == "null":
		return field.ErrorList{field.Required(at, "must be an object with fields of the parent, for example {spec: {replicas: 3}}")}
	case err != nil:
		return field.ErrorList{field.Invalid(at, excerpt(string(patch.Raw)), "must be an object with fields of the parent, for example {spec: {replicas: 3}}")}
	}
	return nil
}

// sameJSON compares what two JSON texts say, not how they are written.
func sameJSON(a, b runtime.RawExtension) bool {
	var left, right any
	if json.Unmarshal(a.Raw, &left) != nil || json.Unmarshal(b.Raw, &right) != nil {
		return string(a.Raw) == string(b.Raw)
	}
	return apiequality.Semantic.DeepEqual(left, right)
}

// validateChildNames checks that each name is there once as well: the tag that
// could say it compares each with each, and there may be many.
func validateChildNames(names []string, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[string]()
	for i, name := range names {
		at := at.Index(i)
		if seen.Has(name) {
			errs = append(errs, field.Duplicate(at, name))
			continue
		}
		seen.Insert(name)
		errs = append(errs, validateChildName(name, at)...)
	}
	return errs
}

// validateChildName checks the form name, or namespace/name.
func validateChildName(full string, at *field.Path) field.ErrorList {
	namespace, name, namespaced := strings.Cut(full, "/")
	if !namespaced {
		namespace, name = "", full
	}
	var errs field.ErrorList
	if namespaced {
		for _, message := range apivalidation.ValidateNamespaceName(namespace, false) {
			errs = append(errs, field.Invalid(at, full, "namespace: "+message))
		}
	}
	if name == "" {
		return append(errs, field.Invalid(at, full, "must be the name of a child, or namespace/name"))
	}
	for _, message := range content.IsPathSegmentName(name) {
		errs = append(errs, field.Invalid(at, full, "name: "+message))
	}
	return errs
}
