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

// CompositeController turns each object of a parent resource into child
// objects, as a hook says. The field documentation is in v1alpha1.
type CompositeController struct {
	metav1.TypeMeta
	metav1.ObjectMeta

	Spec   CompositeControllerSpec
	Status CompositeControllerStatus
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// CompositeControllerList is a list of CompositeControllers.
type CompositeControllerList struct {
	metav1.TypeMeta
	metav1.ListMeta

	Items []CompositeController
}

// CompositeControllerSpec is what the author of a CompositeController wants.
type CompositeControllerSpec struct {
	ParentResource      ParentResourceRule
	ChildResources      []ChildResourceRule
	Hooks               *CompositeControllerHooks
	EndpointConfigs     []EndpointConfig
	ResyncPeriodSeconds *int32
	GenerateSelector    *bool
	// ClientConfig is the 2018 form of Webhook.Service; nil once folded.
	ClientConfig *ClientConfig
}

// CompositeControllerHooks are the hooks of a CompositeController.
type CompositeControllerHooks struct {
	Sync      *Hook
	Finalize  *Hook
	Customize *Hook
	// PreUpdateChild and PostUpdateChild were declared in 2018 and never
	// called; nil once folded.
	PreUpdateChild  *Hook
	PostUpdateChild *Hook
}

// CompositeControllerStatus is what the server reports about a controller.
type CompositeControllerStatus struct {
	ObservedGeneration int64
	Conditions         []metav1.Condition
	Parents            *ParentsStatus
}

// ParentsStatus counts the parents of a controller.
type ParentsStatus struct {
	Total   int32
	Synced  int32
	Failing int32
}
