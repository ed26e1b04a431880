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

package apiserver

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/hookplane/hookplane/generated/openapi"
)

// ownModels precedes the names of our API's models.
const ownModels = "com.github.hookplane.hookplane.apis.metacontroller.v1alpha1."

// TestEveryFieldIsExplained walks the schema that `kubectl explain` prints: every field of ours says what it does, what
// omitting it means and, unless its values are listed, what one looks like.
func TestEveryFieldIsExplained(t *testing.T) {
	fields := 0
	for model, definition := range openapi.GetOpenAPIDefinitions(func(path string) spec.Ref { return spec.MustCreateRef(path) }) {
		if !strings.HasPrefix(model, ownModels) {
			continue
		}
		if definition.Schema.Description == "" {
			t.Errorf("%s has no description", model)
		}
		for name, property := range definition.Schema.Properties {
			fields++
			for _, problem := range explanationProblems(model, name, &definition, &property) {
				t.Errorf("%s.%s: %s: %q", strings.TrimPrefix(model, ownModels), name, problem, property.Description)
			}
		}
	}
	if fields < 100 {
		t.Errorf("the schema has %d fields: the walk does not see them", fields)
	}
}

func explanationProblems(model, name string, definition *common.OpenAPIDefinition, property *spec.Schema) []string {
	text := property.Description
	if name == "apiVersion" || name == "kind" {
		if strings.HasPrefix(text, "APIVersion defines") || strings.HasPrefix(text, "Kind is a string") {
			return nil // TypeMeta, explained by Kubernetes
		}
	}
	var problems []string
	if first, _, _ := strings.Cut(text, " "); first != name {
		problems = append(problems, "does not begin with the field's name")
	}
	if len(strings.Fields(text)) < 5 || !strings.Contains(text, ".") {
		problems = append(problems, "is no sentence")
	}
	written := strings.HasSuffix(model, "Status") || strings.HasSuffix(model, "List") || name == "metadata" || name == "status"
	if written || strings.Contains(text, "deprecated") {
		return problems // nobody writes it, or should
	}
	required := slices.Contains(definition.Schema.Required, name) || strings.Contains(text, "Required")
	if !required && !strings.Contains(text, "Default") && !strings.Contains(text, "Omitted") {
		problems = append(problems, "does not say what omitting it means")
	}
	if required && !strings.Contains(text, "Required") {
		problems = append(problems, "does not say that it is required")
	}
	listed := len(property.Enum) > 0 || slices.Contains(property.Type, "boolean")
	if !listed && name != "spec" && !strings.Contains(text, "Example") {
		problems = append(problems, "has no example")
	}
	return problems
}
