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

package hook

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// MaxRelatedRules is how many rules one answer of a customize hook may have.
	MaxRelatedRules = 256
	// MaxRelatedNames is how many names all rules of one answer may list together.
	MaxRelatedNames = 10000
)

// CustomizeRequest is what a customize hook is sent. docs/protocol.md §2.
//
// The answer must depend on the parent's metadata and spec alone, because it is remembered until one of these changes: a
// change of the parent's status, or of a related object, does not call the customize hook again.
type CustomizeRequest struct {
	// controller is the controller that calls.
	Controller *unstructured.Unstructured `json:"controller"`

	// parent is the object whose related objects are asked for, as last observed.
	Parent *unstructured.Unstructured `json:"parent"`
}

// CustomizeResponse is what a customize hook answers. The zero value is a valid answer: no related objects.
type CustomizeResponse struct {
	// relatedResources are the objects, besides the children, that the parent's other hooks are to be shown as related, and
	// whose changes call them again. Rules may overlap: an object is shown once. At most [MaxRelatedRules].
	RelatedResources []RelatedResourceRule `json:"relatedResources,omitempty"`
}

// RelatedResourceRule selects objects of one resource type: by names, or by labels; in one namespace, in namespaces with
// certain labels, or in all. A rule that has none of the optional fields selects all objects.
//
// Where a rule has neither namespace nor namespaceSelector, it means all namespaces. Not so in version v1 of the protocol
// when the parent is namespaced: there it means the parent's own, and no other can be asked for.
type RelatedResourceRule struct {
	// apiVersion is the group and version, such as "apps/v1"; "v1" for the core group. Required.
	APIVersion string `json:"apiVersion"`

	// resource is the lower-case plural name, such as "configmaps". Required.
	Resource string `json:"resource"`

	// labelSelector selects by the objects' labels. Absent: whatever their labels. An empty selector does the same.
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`

	// namespaceSelector selects namespaces by their labels. For namespaced resources only; excludes namespace.
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// namespace is the one namespace to look in. For namespaced resources only; excludes namespaceSelector.
	Namespace string `json:"namespace,omitempty"`

	// names are the objects' names. Empty: whatever their names. Excludes both selectors. Names of objects that do not
	// exist are no error: such an object is shown as soon as it exists. See [MaxRelatedNames].
	Names []string `json:"names,omitempty"`
}
