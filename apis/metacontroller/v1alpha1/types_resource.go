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
)

// ParentResourceRule says which objects are the parents of a
// CompositeController.
type ParentResourceRule struct {
	// apiVersion is the API version in which parents are read and sent to the
	// hooks: group/version, or just the version for the core group. Required.
	// Example: apps.example.com/v1.
	// +required
	APIVersion string `json:"apiVersion"`

	// resource is the lower-case plural name of the parent's type. The type
	// must have the status subresource. Required. Example: ecommerces.
	// +required
	Resource string `json:"resource"`

	// labelSelector limits the controller to parents whose labels match. A
	// parent that stops matching is finalized when there is a finalize hook, and
	// otherwise left alone. Default: every object of the type. Example:
	// {matchLabels: {app: shop}}.
	// +optional
	// +k8s:optional
	// +k8s:opaqueType
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`

	// ignoreStatusChanges true calls no hook when only the status of the
	// parent has changed. Changes of its spec, labels, annotations, finalizers
	// and its deletion still call one, as does a resync. Default: false.
	// +optional
	// +k8s:optional
	IgnoreStatusChanges *bool `json:"ignoreStatusChanges,omitempty"`

	// revisionHistory says what counts as a new revision of a parent. Only used
	// when a child rule has a rolling update method. Default: {fieldPaths:
	// [spec]}. Example: {fieldPaths: [spec.template]}.
	// +optional
	// +k8s:optional
	RevisionHistory *RevisionHistory `json:"revisionHistory,omitempty"`
}

// RevisionHistory says which fields of the parent make a revision.
type RevisionHistory struct {
	// fieldPaths are the dotted paths of the parent's fields whose change
	// starts a rollout; a change of any other field reaches all children at
	// once. Default, also when revisionHistory is omitted: ["spec"].
	// Example: ["spec.template"].
	// +optional
	// +k8s:optional
	// +listType=atomic
	FieldPaths []string `json:"fieldPaths,omitempty"`
}

// ChildResourceRule declares one resource type of children.
type ChildResourceRule struct {
	// apiVersion is the API version in which children are read, written and
	// sent to the hooks: group/version, or just the version for the core
	// group. Required. Example: v1.
	// +required
	APIVersion string `json:"apiVersion"`

	// resource is the lower-case plural name of the children's type. Required,
	// unless the deprecated resources is used. Example: pods.
	// +optional
	Resource string `json:"resource,omitempty"`

	// resources is deprecated, the form of 2018: write one rule with resource
	// for each entry instead. It is stored that way, each rule with this one's
	// updateStrategy, and answered with a warning. May not be set together
	// with resource.
	// +optional
	// +k8s:optional
	// +listType=atomic
	Resources []string `json:"resources,omitempty"`

	// updateStrategy says how a child that differs from what the hook wants is
	// updated. Default: {method: OnDelete}. Example: {method: InPlace}.
	// +optional
	// +k8s:optional
	UpdateStrategy *ChildUpdateStrategy `json:"updateStrategy,omitempty"`
}

// ChildUpdateStrategy says how a child that differs from what the hook wants
// is brought there.
type ChildUpdateStrategy struct {
	// method is the way to update. OnDelete leaves the child as it is until
	// something else deletes it. Recreate deletes it and creates it anew.
	// InPlace updates it at once. RollingRecreate and RollingInPlace do the
	// same to one child after the other, each when the ones before it are
	// ready. Default: OnDelete.
	// +optional
	// +k8s:optional
	Method ChildUpdateMethod `json:"method,omitempty"`

	// statusChecks is what an updated child must pass before the next one is
	// updated. Only used with the rolling methods. Default: none. Example:
	// {conditions: [{type: Ready, status: "True"}]}.
	// +optional
	// +k8s:optional
	StatusChecks *ChildUpdateStatusChecks `json:"statusChecks,omitempty"`
}

// ChildUpdateMethod names a way to update a child.
// +enum
// +k8s:enum
type ChildUpdateMethod string

// The update methods.
const (
	// ChildUpdateOnDelete leaves a child as it is until it is deleted.
	ChildUpdateOnDelete ChildUpdateMethod = "OnDelete"
	// ChildUpdateRecreate deletes a child and creates it anew.
	ChildUpdateRecreate ChildUpdateMethod = "Recreate"
	// ChildUpdateInPlace updates a child at once.
	ChildUpdateInPlace ChildUpdateMethod = "InPlace"
	// ChildUpdateRollingRecreate recreates one child after the other.
	ChildUpdateRollingRecreate ChildUpdateMethod = "RollingRecreate"
	// ChildUpdateRollingInPlace updates one child after the other.
	ChildUpdateRollingInPlace ChildUpdateMethod = "RollingInPlace"
)

// ChildUpdateStatusChecks is what an updated child must pass before the next
// one is updated.
type ChildUpdateStatusChecks struct {
	// conditions must all be found in the child's status.conditions. Default:
	// none. Example: [{type: Ready, status: "True"}].
	// +optional
	// +k8s:optional
	// +listType=atomic
	Conditions []StatusConditionCheck `json:"conditions,omitempty"`
}

// StatusConditionCheck demands a condition of a child's status.
type StatusConditionCheck struct {
	// type of the condition, which must be present. Required. Example: Ready.
	// +required
	Type string `json:"type"`

	// status that the condition must have, exactly. Omitted: any.
	// Example: "True".
	// +optional
	// +k8s:optional
	Status *string `json:"status,omitempty"`

	// reason that the condition must have, exactly. Omitted: any. Example:
	// PodCompleted.
	// +optional
	// +k8s:optional
	Reason *string `json:"reason,omitempty"`
}
