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
	"maps"
	"slices"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// What the kinds have in common.

// maxErrors is how many errors are told of one object, so that the answer to a
// large request is not many times larger.
const maxErrors = 1000

func limited(errs field.ErrorList) field.ErrorList {
	return errs[:min(len(errs), maxErrors)]
}

func validateClusterScopedMeta(meta *metav1.ObjectMeta) field.ErrorList {
	return apivalidation.ValidateObjectMeta(meta, false, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
}

func validateMetaUpdate(meta, old *metav1.ObjectMeta) field.ErrorList {
	return apivalidation.ValidateObjectMetaUpdate(meta, old, field.NewPath("metadata"))
}

// validateFinalizerName checks that the finalizer of a controller with a
// finalize hook, metacontroller.io/<kind>-<name>, is short enough.
func validateFinalizerName(name, kind string, finalize *metacontroller.Hook) field.ErrorList {
	const limitOfFinalizer = 63 // behind the slash
	limit := limitOfFinalizer - len(kind+"-")
	if finalize == nil || len(name) <= limit {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("metadata", "name"), name, fmt.Sprintf(
		"may not be longer than %d characters when there is a finalize hook: it becomes the finalizer metacontroller.io/%s-<name>", limit, kind))}
}

// validateClientConfig refuses what folding could not bring into today's form.
func validateClientConfig(config *metacontroller.ClientConfig, path *field.Path) field.ErrorList {
	if config == nil || config.Service == nil {
		return nil
	}
	return field.ErrorList{field.Forbidden(path.Child("service"),
		"contradicts the webhook of a hook that has a path too: set either clientConfig and hooks.<hook>.path, or hooks.<hook>.webhook")}
}

func validateStatus(observedGeneration int64, conditions []metav1.Condition, parents *metacontroller.ParentsStatus) field.ErrorList {
	path := field.NewPath("status")
	errs := apivalidation.ValidateNonnegativeField(observedGeneration, path.Child("observedGeneration"))
	errs = append(errs, metav1validation.ValidateConditions(conditions, path.Child("conditions"))...)
	if parents == nil {
		return errs
	}
	return append(errs, validateCounts(path.Child("parents"), map[string]int64{
		"total": int64(parents.Total), "synced": int64(parents.Synced), "failing": int64(parents.Failing),
	})...)
}

// validateCounts checks numbers of objects, by the names of their fields.
func validateCounts(path *field.Path, counts map[string]int64) field.ErrorList {
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		errs = append(errs, apivalidation.ValidateNonnegativeField(counts[name], path.Child(name))...)
	}
	return errs
}
