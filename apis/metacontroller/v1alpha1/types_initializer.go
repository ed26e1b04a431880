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

// InitializerController completes new objects while they are being admitted,
// before anybody sees them. How is decided by a hook: a function that is sent
// the new object as JSON, and answers with the object as it should be created.
type InitializerController struct {
	// +k8s:opaqueType
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	// +k8s:opaqueType
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the controller should do. Required.
	// +required
	Spec InitializerControllerSpec `json:"spec"`

	// status is what the server observed while running the controller. It is
	// written by the server only.
	// +optional
	Status InitializerControllerStatus `json:"status,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// InitializerControllerList is a list of InitializerControllers.
type InitializerControllerList struct {
	// +k8s:opaqueType
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list metadata.
	// +optional
	// +k8s:opaqueType
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the InitializerControllers of the list.
	Items []InitializerController `json:"items"`
}

// InitializerControllerSpec is what the author of an InitializerController
// wants.
type InitializerControllerSpec struct {
	// initializerName names the initializer to users, in errors, events and
	// the pending annotation, and orders it: the initializers of one object
	// are called in the order of their names. A DNS name of at least three
	// labels, unique among InitializerControllers, and fixed once set.
	// Required. Example: podhostname.example.com.
	// +required
	// +k8s:required
	// +k8s:format=k8s-long-name
	// +k8s:immutable
	InitializerName string `json:"initializerName"`

	// uninitializedResources says which new objects are completed: those of any
	// of the resource types. Each type may be declared once. Required: at least
	// one rule, at most 1000. The list is replaced as a whole by an apply.
	// Example: [{apiVersion: v1, resource: pods}].
	// +required
	// +k8s:required
	// +listType=atomic
	// +k8s:maxItems=1000
	UninitializedResources []InitializerResourceRule `json:"uninitializedResources,omitempty"`

	// hooks are the functions that complete the objects. Required.
	// Example: {init: {webhook: {url: https://hooks.example.com/init}}}.
	// +required
	// +k8s:required
	Hooks *InitializerControllerHooks `json:"hooks,omitempty"`

	// failurePolicy says what happens to a new object when the hook cannot
	// answer. Fail refuses the create. Ignore admits the object as it is.
	// Defer admits it with the initializer recorded as pending, and completes
	// it as soon as the hook answers. Default: Fail.
	// +optional
	// +k8s:optional
	FailurePolicy InitializerFailurePolicy `json:"failurePolicy,omitempty"`

	// deferral says how an object that failurePolicy: Defer has admitted is kept
	// from being acted upon until it is complete. Gate holds a Pod back with a
	// scheduling gate and a Job with spec.suspend, and only annotates objects of
	// other kinds. Annotate only annotates every object. Default: Gate.
	// +optional
	// +k8s:optional
	Deferral InitializerDeferral `json:"deferral,omitempty"`

	// namespaceSelector limits the controller to objects in namespaces whose
	// labels match. Objects that belong to no namespace always match, and
	// Namespaces match by their own labels. kube-system, the namespace of the
	// server and those of the hooks' Services are always left out.
	// Default: every other namespace.
	// Example: {matchLabels: {team: shop}}.
	// +optional
	// +k8s:optional
	// +k8s:opaqueType
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// objectSelector limits the controller to objects whose labels match.
	// Default: every object. Example: {matchLabels: {app: shop}}.
	// +optional
	// +k8s:optional
	// +k8s:opaqueType
	ObjectSelector *metav1.LabelSelector `json:"objectSelector,omitempty"`

	// matchConditions are CEL expressions that must all be true of a new
	// object before the hook is called, with the meaning and limits that they
	// have in admissionregistration.k8s.io/v1. At most 64. Default: none.
	// Example: [{name: has-hostname, expression: "'pod.beta.kubernetes.io/hostname' in object.metadata.annotations"}].
	// +optional
	// +k8s:optional
	// +listType=map
	// +listMapKey=name
	// +k8s:listType=map
	// +k8s:listMapKey=name
	// +k8s:maxItems=64
	MatchConditions []MatchCondition `json:"matchConditions,omitempty"`

	// reinvocationPolicy says whether the initializers may be called once more
	// for an object that another admission plugin has changed after them.
	// Never calls them once. IfNeeded calls them again then, and with them all
	// initializers of the same resource type. Default: Never.
	// +optional
	// +k8s:optional
	ReinvocationPolicy InitializerReinvocationPolicy `json:"reinvocationPolicy,omitempty"`

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

	// clientConfig is deprecated, the form of 2018: write hooks.init.webhook
	// instead. It is accepted together with hooks.init.path, stored as
	// hooks.init.webhook.service, and answered with a warning.
	// +optional
	// +k8s:optional
	ClientConfig *ClientConfig `json:"clientConfig,omitempty"`
}

// InitializerResourceRule declares one resource type whose new objects are
// completed.
type InitializerResourceRule struct {
	// apiVersion is the API version in which new objects are sent to the hook:
	// group/version, or just the version for the core group. Objects that are
	// created in another version of the type are converted. Required.
	// Example: v1.
	// +required
	APIVersion string `json:"apiVersion"`

	// resource is the lower-case plural name of the objects' type. Required,
	// unless the deprecated resources is used. Example: pods.
	// +optional
	Resource string `json:"resource,omitempty"`

	// resources is deprecated, the form of 2018: write one rule with resource
	// for each entry instead. It is stored that way, and answered with a
	// warning. May not be set together with resource.
	// +optional
	// +k8s:optional
	// +listType=atomic
	Resources []string `json:"resources,omitempty"`
}

// InitializerControllerHooks are the hooks of an InitializerController.
type InitializerControllerHooks struct {
	// init is called with a new object and answers with the object as it
	// should be created, or with a result that refuses it. Required.
	// Example: {webhook: {url: https://hooks.example.com/init}}.
	// +required
	// +k8s:required
	Init *Hook `json:"init,omitempty"`
}

// MatchCondition is a CEL expression that must be true of a new object.
type MatchCondition struct {
	// name identifies the condition in errors and metrics: letters, digits,
	// '-', '_' and '.', optionally after a DNS name and a slash. Unique in the
	// list. Required. Example: has-hostname.
	// +required
	// +k8s:required
	// +k8s:format=k8s-label-key
	Name string `json:"name"`

	// expression is the CEL expression, which must evaluate to a bool. It may
	// use object, request and authorizer. Required.
	// Example: "object.metadata.name.startsWith('web-')".
	// +required
	// +k8s:required
	Expression string `json:"expression"`
}

// InitializerFailurePolicy says what happens to a new object when the hook
// cannot answer.
// +enum
// +k8s:enum
type InitializerFailurePolicy string

// The failure policies.
const (
	// InitializerFail refuses the create.
	InitializerFail InitializerFailurePolicy = "Fail"
	// InitializerIgnore admits the object as it is.
	InitializerIgnore InitializerFailurePolicy = "Ignore"
	// InitializerDefer admits the object, and completes it later.
	InitializerDefer InitializerFailurePolicy = "Defer"
)

// InitializerDeferral says how an object is kept from being acted upon while
// its completion is deferred.
// +enum
// +k8s:enum
type InitializerDeferral string

// The ways of deferral.
const (
	// InitializerDeferGate holds Pods back with a scheduling gate, Jobs with
	// spec.suspend.
	InitializerDeferGate InitializerDeferral = "Gate"
	// InitializerDeferAnnotate holds nothing back.
	InitializerDeferAnnotate InitializerDeferral = "Annotate"
)

// InitializerReinvocationPolicy says whether the initializers may be called
// once more for one object.
// +enum
// +k8s:enum
type InitializerReinvocationPolicy string

// The reinvocation policies.
const (
	// InitializerReinvokeNever calls the initializers once.
	InitializerReinvokeNever InitializerReinvocationPolicy = "Never"
	// InitializerReinvokeIfNeeded calls them again when another admission
	// plugin has changed the object after them.
	InitializerReinvokeIfNeeded InitializerReinvocationPolicy = "IfNeeded"
)

// InitializerControllerStatus is what the server reports about a controller.
type InitializerControllerStatus struct {
	// observedGeneration is the metadata.generation that the rest of the
	// status is about. A lower number than metadata.generation means that the
	// last change is not yet in effect.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell how the controller is doing. Ready is True while new
	// objects are being completed; otherwise its reason and message say what
	// is wrong and what to do.
	// +optional
	// +k8s:optional
	// +listType=map
	// +listMapKey=type
	// +k8s:eachVal=+k8s:opaqueType
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// objects counts the new objects that matched the controller. Absent until
	// there was one.
	// +optional
	// +k8s:optional
	Objects *InitializedObjectsStatus `json:"objects,omitempty"`
}

// InitializedObjectsStatus counts the new objects that matched a controller
// since it was created, dry runs left out. An object that another check refuses
// after its initializers, and one that is created again, is counted each time.
type InitializedObjectsStatus struct {
	// completed is how many the hook answered for, at admission or later.
	// +required
	Completed int64 `json:"completed"`

	// refused is how many were not created: the hook's result said so, or it
	// failed under failurePolicy: Fail.
	// +required
	Refused int64 `json:"refused"`

	// ignored is how many were admitted as they are under failurePolicy: Ignore.
	// +required
	Ignored int64 `json:"ignored"`

	// deferred is how many were admitted to be completed later, under
	// failurePolicy: Defer.
	// +required
	Deferred int64 `json:"deferred"`

	// pending is how many wait for that now.
	// +required
	Pending int32 `json:"pending"`
}
