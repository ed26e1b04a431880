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

// +genclient
// +genclient:nonNamespaced
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:supportsSubresource="/status"

// DecoratorController adds behaviour to objects that somebody else owns: it
// sets labels, annotations and status of the objects that it selects, and
// attaches further objects to them. What they are is decided by a hook: a
// function that is sent the object and its attachments as JSON.
type DecoratorController struct {
	// +k8s:opaqueType
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata. The name is part of the
	// finalizer that is put on objects when there is a finalize hook, and is
	// then limited to 43 characters.
	// +optional
	// +k8s:opaqueType
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the controller should do. Required.
	// +required
	Spec DecoratorControllerSpec `json:"spec"`

	// status is what the server observed while running the controller. It is
	// written by the server only.
	// +optional
	Status DecoratorControllerStatus `json:"status,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// DecoratorControllerList is a list of DecoratorControllers.
type DecoratorControllerList struct {
	// +k8s:opaqueType
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list metadata.
	// +optional
	// +k8s:opaqueType
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the DecoratorControllers of the list.
	Items []DecoratorController `json:"items"`
}

// DecoratorControllerSpec is what the author of a DecoratorController wants.
type DecoratorControllerSpec struct {
	// resources says which objects are decorated: those that match any of the
	// rules. One resource type may have several rules with different selectors.
	// Required: at least one rule, at most 1000. The list is replaced as a whole
	// by an apply. Example: [{apiVersion: v1, resource: namespaces}].
	// +required
	// +k8s:required
	// +listType=atomic
	// +k8s:maxItems=1000
	Resources []DecoratorResourceRule `json:"resources,omitempty"`

	// attachments declares every resource type that the hooks may attach.
	// Attachments of these types are watched, sent to the hooks, created,
	// updated and deleted; a hook that answers with an undeclared type fails.
	// Each type may be declared once. At most 1000. The list is replaced as a
	// whole by an apply. Default: none. Example: [{apiVersion: v1, resource: services}].
	// +optional
	// +k8s:optional
	// +listType=atomic
	// +k8s:listType=atomic
	// +k8s:unique=map
	// +k8s:listMapKey=apiVersion
	// +k8s:listMapKey=resource
	// +k8s:customUnique
	// +k8s:maxItems=1000
	Attachments []DecoratorAttachmentRule `json:"attachments,omitempty"`

	// hooks are the functions that decide what is added. Required; without a
	// sync hook nothing happens while an object lives.
	// Example: {sync: {webhook: {url: https://hooks.example.com/sync}}}.
	// +required
	// +k8s:required
	Hooks *DecoratorControllerHooks `json:"hooks,omitempty"`

	// endpointConfigs gives certificates and credentials to every webhook whose
	// host matches. A webhook that sets any of caBundle, clientTLS,
	// authorization or basicAuth itself ignores its endpointConfigs entry
	// altogether: nothing is merged. Each host may be listed once. At most 1000.
	// Default: none. Example: [{host: hooks.example.com, caBundle: {secretRef:
	// {name: hook-tls, namespace: shop}}}].
	// +optional
	// +k8s:optional
	// +listType=map
	// +listMapKey=host
	// +k8s:listType=map
	// +k8s:listMapKey=host
	// +k8s:customUnique
	// +k8s:maxItems=1000
	EndpointConfigs []EndpointConfig `json:"endpointConfigs,omitempty"`

	// resyncPeriodSeconds calls the sync hook of every object at least this
	// often, in seconds, even when nothing has changed. Omitted or 0: never.
	// The minimum is 1; negative values are raised to it. Example: 600.
	// +optional
	// +k8s:optional
	ResyncPeriodSeconds *int32 `json:"resyncPeriodSeconds,omitempty"`

	// clientConfig is deprecated, the form of 2018: write
	// hooks.<hook>.webhook instead. It is accepted together with
	// hooks.<hook>.path, stored as hooks.<hook>.webhook.service, and answered
	// with a warning.
	// +optional
	// +k8s:optional
	ClientConfig *ClientConfig `json:"clientConfig,omitempty"`
}

// DecoratorResourceRule selects objects of one resource type.
type DecoratorResourceRule struct {
	// apiVersion is the API version in which the objects are read and sent to
	// the hooks: group/version, or just the version for the core group.
	// Required. Example: apps/v1.
	// +required
	APIVersion string `json:"apiVersion"`

	// resource is the lower-case plural name of the objects' type. Required,
	// unless the deprecated resources is used. Example: statefulsets.
	// +optional
	Resource string `json:"resource,omitempty"`

	// resources is deprecated, the form of 2018: write one rule with resource
	// for each entry instead. It is stored that way, each rule with this one's
	// selectors, and answered with a warning. May not be set together with
	// resource.
	// +optional
	// +k8s:optional
	// +listType=atomic
	Resources []string `json:"resources,omitempty"`

	// labelSelector limits the rule to objects whose labels match. An object
	// that stops matching every rule is finalized when there is a finalize
	// hook, and otherwise left alone. Default: every object of the type.
	// Example: {matchLabels: {app: shop}}.
	// +optional
	// +k8s:optional
	// +k8s:opaqueType
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`

	// annotationSelector limits the rule to objects whose annotations match;
	// with a labelSelector, both must match. Default: every object of the
	// type. Example: {matchAnnotations: {example.com/isolate: "true"}}.
	// +optional
	// +k8s:optional
	AnnotationSelector *AnnotationSelector `json:"annotationSelector,omitempty"`

	// ignoreStatusChanges true calls no hook when only the status of the
	// object has changed. Changes of its spec, labels, annotations, finalizers
	// and its deletion still call one, as does a resync. Default: false.
	// +optional
	// +k8s:optional
	IgnoreStatusChanges *bool `json:"ignoreStatusChanges,omitempty"`
}

// AnnotationSelector selects objects by their annotations, as a label selector
// does by labels. All of its requirements must hold; an empty selector matches
// every object.
type AnnotationSelector struct {
	// matchAnnotations are annotations that the object must have with exactly
	// these values. Default: none. Example: {example.com/isolate: "true"}.
	// +optional
	// +k8s:optional
	MatchAnnotations map[string]string `json:"matchAnnotations,omitempty"`

	// matchExpressions are requirements on the keys and values of the
	// annotations. The values may be any text. Default: none.
	// Example: [{key: example.com/isolate, operator: Exists}].
	// +optional
	// +k8s:optional
	// +listType=atomic
	// +k8s:eachVal=+k8s:opaqueType
	MatchExpressions []metav1.LabelSelectorRequirement `json:"matchExpressions,omitempty"`
}

// DecoratorAttachmentRule declares one resource type of attachments.
type DecoratorAttachmentRule struct {
	// apiVersion is the API version in which attachments are read, written and
	// sent to the hooks: group/version, or just the version for the core
	// group. Required. Example: v1.
	// +required
	APIVersion string `json:"apiVersion"`

	// resource is the lower-case plural name of the attachments' type.
	// Required, unless the deprecated resources is used. Example: services.
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

	// updateStrategy says how an attachment that differs from what the hook
	// wants is updated. Default: {method: OnDelete}. Example: {method: InPlace}.
	// +optional
	// +k8s:optional
	UpdateStrategy *DecoratorAttachmentUpdateStrategy `json:"updateStrategy,omitempty"`
}

// DecoratorAttachmentUpdateStrategy says how an attachment that differs from
// what the hook wants is brought there.
type DecoratorAttachmentUpdateStrategy struct {
	// method is the way to update. OnDelete leaves the attachment as it is
	// until something else deletes it. Recreate deletes it and creates it
	// anew. InPlace updates it at once. Decorators have no rolling methods.
	// Default: OnDelete.
	// +optional
	// +k8s:optional
	Method AttachmentUpdateMethod `json:"method,omitempty"`
}

// AttachmentUpdateMethod names a way to update an attachment.
// +enum
// +k8s:enum
type AttachmentUpdateMethod string

// The update methods of attachments.
const (
	// AttachmentUpdateOnDelete leaves an attachment as it is.
	AttachmentUpdateOnDelete AttachmentUpdateMethod = "OnDelete"
	// AttachmentUpdateRecreate deletes an attachment and creates it anew.
	AttachmentUpdateRecreate AttachmentUpdateMethod = "Recreate"
	// AttachmentUpdateInPlace updates an attachment at once.
	AttachmentUpdateInPlace AttachmentUpdateMethod = "InPlace"
)

// DecoratorControllerHooks are the hooks of a DecoratorController.
type DecoratorControllerHooks struct {
	// sync is called with an object and its observed attachments whenever one
	// of them has changed, and answers with the labels, annotations, status
	// and attachments that the object should have. Default: none, and nothing
	// happens while an object lives.
	// Example: {webhook: {url: https://hooks.example.com/sync}}.
	// +optional
	// +k8s:optional
	Sync *Hook `json:"sync,omitempty"`

	// finalize is called instead of sync when an object is being deleted, or
	// no longer matches any rule, until it answers finalized: true. A
	// finalizer keeps the object in existence till then. Default: none.
	// Example: {webhook: {url: https://hooks.example.com/finalize}}.
	// +optional
	// +k8s:optional
	Finalize *Hook `json:"finalize,omitempty"`

	// customize is called with an object and answers with rules for objects
	// that are related to it: those are sent to the other hooks, and their
	// changes call sync. Default: none.
	// Example: {webhook: {url: https://hooks.example.com/customize}}.
	// +optional
	// +k8s:optional
	Customize *Hook `json:"customize,omitempty"`
}

// DecoratorControllerStatus is what the server reports about a controller.
type DecoratorControllerStatus struct {
	// observedGeneration is the metadata.generation that the rest of the
	// status is about. A lower number than metadata.generation means that the
	// last change is not yet in effect.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell how the controller is doing. Ready is True while objects
	// are being synced; otherwise its reason and message say what is wrong and
	// what to do.
	// +optional
	// +k8s:optional
	// +listType=map
	// +listMapKey=type
	// +k8s:eachVal=+k8s:opaqueType
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// parents counts the objects that the controller decorates.
	// +optional
	// +k8s:optional
	Parents *ParentsStatus `json:"parents,omitempty"`
}
