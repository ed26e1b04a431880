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

// CompositeController turns each object of one resource type, the parent, into
// child objects of other types. What the children are is decided by a hook: a
// function that is sent the parent and its observed children as JSON, and
// answers with the children that should exist and with the parent's status.
type CompositeController struct {
	// +k8s:opaqueType
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata. The name is part of the
	// finalizer that is put on parents when there is a finalize hook, and is
	// then limited to 43 characters.
	// +optional
	// +k8s:opaqueType
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the controller should do. Required.
	// +required
	Spec CompositeControllerSpec `json:"spec"`

	// status is what the server observed while running the controller. It is
	// written by the server only.
	// +optional
	Status CompositeControllerStatus `json:"status,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// CompositeControllerList is a list of CompositeControllers.
type CompositeControllerList struct {
	// +k8s:opaqueType
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list metadata.
	// +optional
	// +k8s:opaqueType
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the CompositeControllers of the list.
	Items []CompositeController `json:"items"`
}

// CompositeControllerSpec is what the author of a CompositeController wants.
type CompositeControllerSpec struct {
	// parentResource says which objects are parents. Required. Example:
	// {apiVersion: apps.example.com/v1, resource: ecommerces}.
	// +required
	ParentResource ParentResourceRule `json:"parentResource"`

	// childResources declares every resource type that the hooks may answer
	// with. Children of these types are watched, sent to the hooks, created,
	// updated and deleted; a hook that answers with an undeclared type fails.
	// Each type may be declared once, and the parent's own type not at all. At
	// most 1000. The list is replaced as a whole by an apply. Default: none.
	// Example: [{apiVersion: v1, resource: pods}].
	// +optional
	// +k8s:optional
	// +listType=atomic
	// +k8s:listType=atomic
	// +k8s:unique=map
	// +k8s:listMapKey=apiVersion
	// +k8s:listMapKey=resource
	// +k8s:customUnique
	// +k8s:maxItems=1000
	ChildResources []ChildResourceRule `json:"childResources,omitempty"`

	// hooks are the functions that decide what the children are. Required;
	// without a sync hook nothing happens while a parent lives. Example: {sync:
	// {webhook: {url: https://hooks.example.com/sync}}}.
	// +required
	// +k8s:required
	Hooks *CompositeControllerHooks `json:"hooks,omitempty"`

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

	// resyncPeriodSeconds calls the sync hook of every parent at least this
	// often, in seconds, even when nothing has changed. Omitted or 0: never. The
	// minimum is 1; negative values are raised to it. Example: 600.
	// +optional
	// +k8s:optional
	ResyncPeriodSeconds *int32 `json:"resyncPeriodSeconds,omitempty"`

	// generateSelector true ignores the parent's spec.selector: children are
	// selected, and labelled, with controller-uid: <UID of the parent>. When
	// false every parent needs a label selector in its spec.selector, and the
	// hook must answer with children whose labels match it. Default: false.
	// +optional
	// +k8s:optional
	GenerateSelector *bool `json:"generateSelector,omitempty"`

	// clientConfig is deprecated, the form of 2018: write
	// hooks.<hook>.webhook instead. It is accepted together with
	// hooks.<hook>.path, stored as hooks.<hook>.webhook.service, and answered
	// with a warning.
	// +optional
	// +k8s:optional
	ClientConfig *ClientConfig `json:"clientConfig,omitempty"`
}

// CompositeControllerHooks are the hooks of a CompositeController.
type CompositeControllerHooks struct {
	// sync is called with a parent and its observed children whenever one of
	// them has changed, and answers with the desired children and status.
	// Default: none, and nothing happens while a parent lives. Example:
	// {webhook: {url: https://hooks.example.com/sync}}.
	// +optional
	// +k8s:optional
	Sync *Hook `json:"sync,omitempty"`

	// finalize is called instead of sync when a parent is being deleted, or no
	// longer matches the parent selector, until it answers finalized: true. A
	// finalizer keeps the parent in existence till then. Default: none. Example:
	// {webhook: {url: https://hooks.example.com/finalize}}.
	// +optional
	// +k8s:optional
	Finalize *Hook `json:"finalize,omitempty"`

	// customize is called with a parent and answers with rules for objects that
	// are related to it: those are sent to the other hooks, and their changes
	// call sync. Default: none. Example: {webhook: {url:
	// https://hooks.example.com/customize}}.
	// +optional
	// +k8s:optional
	Customize *Hook `json:"customize,omitempty"`

	// preUpdateChild is deprecated, declared in 2018 and never called: remove
	// it. It is accepted, not stored, and answered with a warning.
	// +optional
	// +k8s:optional
	PreUpdateChild *Hook `json:"preUpdateChild,omitempty"`

	// postUpdateChild is deprecated, declared in 2018 and never called: remove
	// it. It is accepted, not stored, and answered with a warning.
	// +optional
	// +k8s:optional
	PostUpdateChild *Hook `json:"postUpdateChild,omitempty"`
}

// CompositeControllerStatus is what the server reports about a controller.
type CompositeControllerStatus struct {
	// observedGeneration is the metadata.generation that the rest of the
	// status is about. A lower number than metadata.generation means that the
	// last change is not yet in effect.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell how the controller is doing. Ready is True while parents
	// are being synced; otherwise its reason and message say what is wrong and
	// what to do.
	// +optional
	// +k8s:optional
	// +listType=map
	// +listMapKey=type
	// +k8s:eachVal=+k8s:opaqueType
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// parents counts the parents of the controller.
	// +optional
	// +k8s:optional
	Parents *ParentsStatus `json:"parents,omitempty"`
}

// ParentsStatus counts the parents of a controller.
type ParentsStatus struct {
	// total is the number of parents that the controller selects.
	// +required
	Total int32 `json:"total"`

	// synced is the number of parents whose last sync succeeded.
	// +required
	Synced int32 `json:"synced"`

	// failing is the number of parents whose last sync failed.
	// +required
	Failing int32 `json:"failing"`
}
