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
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// DecoratorController adds behaviour to objects that somebody else owns: it
// sets labels, annotations and status of the objects that it selects, and
// attaches further objects to them. What they are is decided by a hook: a
// function that is sent the object and its attachments as JSON.
type DecoratorController struct {
	metav1.TypeMeta
	metav1.ObjectMeta

	Spec   DecoratorControllerSpec
	Status DecoratorControllerStatus
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// DecoratorControllerList is a list of DecoratorControllers.
type DecoratorControllerList struct {
	metav1.TypeMeta
	metav1.ListMeta

	Items []DecoratorController
}

// DecoratorControllerSpec is what the author of a DecoratorController wants.
type DecoratorControllerSpec struct {
	Resources           []DecoratorResourceRule
	Attachments         []DecoratorAttachmentRule
	Hooks               *DecoratorControllerHooks
	EndpointConfigs     []EndpointConfig
	ResyncPeriodSeconds *int32
	ClientConfig        *ClientConfig
}

// DecoratorResourceRule selects objects of one resource type.
type DecoratorResourceRule struct {
	APIVersion          string
	Resource            string
	Resources           []string
	LabelSelector       *metav1.LabelSelector
	AnnotationSelector  *AnnotationSelector
	IgnoreStatusChanges *bool
}

// AnnotationSelector selects objects by their annotations, as a label selector
// does by labels. All of its requirements must hold; an empty selector matches
// every object.
type AnnotationSelector struct {
	MatchAnnotations map[string]string
	MatchExpressions []metav1.LabelSelectorRequirement
}

// DecoratorAttachmentRule declares one resource type of attachments.
type DecoratorAttachmentRule struct {
	APIVersion     string
	Resource       string
	Resources      []string
	UpdateStrategy *DecoratorAttachmentUpdateStrategy
}

// DecoratorAttachmentUpdateStrategy says how an attachment that differs from
// what the hook wants is brought there.
type DecoratorAttachmentUpdateStrategy struct {
	Method AttachmentUpdateMethod
}

// AttachmentUpdateMethod names a way to update an attachment.
type AttachmentUpdateMethod string

// The update methods of attachments.
const (
	AttachmentUpdateOnDelete AttachmentUpdateMethod = "OnDelete"
	AttachmentUpdateRecreate AttachmentUpdateMethod = "Recreate"
	AttachmentUpdateInPlace  AttachmentUpdateMethod = "InPlace"
)

// DecoratorControllerHooks are the hooks of a DecoratorController.
type DecoratorControllerHooks struct {
	Sync      *Hook
	Finalize  *Hook
	Customize *Hook
}

// DecoratorControllerStatus is what the server reports about a controller.
type DecoratorControllerStatus struct {
	ObservedGeneration int64
	Conditions         []metav1.Condition
	Parents            *ParentsStatus
}
