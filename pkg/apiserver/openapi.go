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
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	generatedopenapi "github.com/hookplane/hookplane/generated/openapi"
)

// openAPIDefinitions are the models of the OpenAPI documents: the generated ones, and the AdmissionReview, for which
// Kubernetes has none.
func openAPIDefinitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	definitions := generatedopenapi.GetOpenAPIDefinitions(ref)
	review := spec.Schema{SchemaProps: spec.SchemaProps{
		Description: "AdmissionReview is what kube-apiserver asks webhooks: see admission.k8s.io/v1.", Type: []string{"object"},
	}}
	review.AddExtension("x-kubernetes-preserve-unknown-fields", true)
	definitions[admissionv1.AdmissionReview{}.OpenAPIModelName()] = common.OpenAPIDefinition{Schema: review}
	return definitions
}
