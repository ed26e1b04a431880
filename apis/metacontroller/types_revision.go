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

package metacontroller

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ControllerRevision is one state of a parent during a rollout, and which of
// its children are in that state. The server writes it for controllers with a
// rolling update method, in the parent's namespace, or in its own namespace
// for a cluster-scoped parent, and deletes it when no child is left on it.
// Reading it tells how far a rollout is; there is no need to write one.
type ControllerRevision struct {
	metav1.TypeMeta
	metav1.ObjectMeta

	ParentPatch runtime.RawExtension
	Children    []ControllerRevisionChildren
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ControllerRevisionList is a list of ControllerRevisions.
type ControllerRevisionList struct {
	metav1.TypeMeta
	metav1.ListMeta

	Items []ControllerRevision
}

// ControllerRevisionChildren names the children of one kind that are in a
// revision.
type ControllerRevisionChildren struct {
	APIGroup string
	Kind     string
	Names    []string
}
