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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ControllerRevision is one state of a parent during a rollout, and which of
// its children are in that state. The server writes it for controllers with a
// rolling update method, in the parent's namespace, or in its own namespace
// for a cluster-scoped parent, and deletes it when no child is left on it.
// Reading it tells how far a rollout is; there is no need to write one.
type ControllerRevision struct {
	// +k8s:opaqueType
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata. The parent is the controlling
	// owner.
	// +optional
	// +k8s:opaqueType
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// parentPatch has the values of the parent's revisionHistory.fieldPaths in
	// this revision, as a JSON object of the parent's shape. It cannot be
	// changed. Required. Example: {spec: {template: {image: "shop:2"}}}.
	// +required
	// +k8s:opaqueType
	ParentPatch runtime.RawExtension `json:"parentPatch"`

	// children are the children that are in this revision, one entry for each
	// kind. At most 1000. Default: none. Example: [{apiGroup: "", kind: Pod,
	// names: [web-0]}].
	// +optional
	// +k8s:optional
	// +listType=map
	// +listMapKey=apiGroup
	// +listMapKey=kind
	// +k8s:listType=map
	// +k8s:listMapKey=apiGroup
	// +k8s:listMapKey=kind
	// +k8s:maxItems=1000
	Children []ControllerRevisionChildren `json:"children,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ControllerRevisionList is a list of ControllerRevisions.
type ControllerRevisionList struct {
	// +k8s:opaqueType
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list metadata.
	// +optional
	// +k8s:opaqueType
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the ControllerRevisions of the list.
	Items []ControllerRevision `json:"items"`
}

// ControllerRevisionChildren names the children of one kind that are in a
// revision.
type ControllerRevisionChildren struct {
	// apiGroup is the API group of the children; empty for the core group.
	// Required. Example: apps.
	// +required
	APIGroup string `json:"apiGroup"`

	// kind is the kind of the children. Required. Example: Pod.
	// +required
	// +k8s:required
	Kind string `json:"kind"`

	// names are the names of the children, as namespace/name where a
	// cluster-scoped parent has children in namespaces. Required.
	// Example: [web-0, web-1].
	// +required
	// +k8s:required
	// +listType=set
	// +k8s:listType=set
	// +k8s:customUnique
	Names []string `json:"names"`
}
