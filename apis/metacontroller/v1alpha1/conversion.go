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

package v1alpha1

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// fieldLabels are the fields that the objects of each kind can be selected by,
// besides their name. The registry returns a value for every one of them.
var fieldLabels = map[string][]string{
	"CompositeController":   {"spec.parentResource.apiVersion", "spec.parentResource.resource"},
	"ControllerRevision":    {"metadata.namespace"},
	"DecoratorController":   nil,
	"InitializerController": {"spec.initializerName"},
}

// addFieldLabelConversionFuncs declares which field selectors each kind
// answers.
func addFieldLabelConversionFuncs(scheme *runtime.Scheme) error {
	for kind, labels := range fieldLabels {
		allowed := append([]string{"metadata.name"}, labels...)
		err := scheme.AddFieldLabelConversionFunc(SchemeGroupVersion.WithKind(kind), func(label, value string) (string, string, error) {
			if !slices.Contains(allowed, label) {
				return "", "", fmt.Errorf("field label %q is not supported: use %s", label, strings.Join(allowed, ", "))
			}
			return label, value, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
