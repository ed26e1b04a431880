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

// InitializerController completes new objects while they are being admitted,
// before anybody sees them. How is decided by a hook: a function that is sent
// the new object as JSON, and answers with the object as it should be created.
type InitializerController struct {
	metav1.TypeMeta
	metav1.ObjectMeta

	Spec   InitializerControllerSpec
	Status InitializerControllerStatus
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// InitializerControllerList is a list of InitializerControllers.
type InitializerControllerList struct {
	metav1.TypeMeta
	metav1.ListMeta

	Items []InitializerController
}

// InitializerControllerSpec is what the author of an InitializerController
// wants.
type InitializerControllerSpec struct {
	InitializerName        string
	UninitializedResources []InitializerResourceRule
	Hooks                  *InitializerControllerHooks
	FailurePolicy          InitializerFailurePolicy
	Deferral               InitializerDeferral
	NamespaceSelector      *metav1.LabelSelector
	ObjectSelector         *metav1.LabelSelector
	MatchConditions        []MatchCondition
	ReinvocationPolicy     InitializerReinvocationPolicy
	EndpointConfigs        []EndpointConfig
	ClientConfig           *ClientConfig
}

// InitializerResourceRule declares one resource type whose new objects are
// completed.
type InitializerResourceRule struct {
	APIVersion string
	Resource   string
	Resources  []string
}

// InitializerControllerHooks are the hooks of an InitializerController.
type InitializerControllerHooks struct {
	Init *Hook
}

// MatchCondition is a CEL expression that must be true of a new object.
type MatchCondition struct {
	Name       string
	Expression string
}

// InitializerFailurePolicy says what happens to a new object when the hook
// cannot answer.
type InitializerFailurePolicy string

// The failure policies.
const (
	InitializerFail   InitializerFailurePolicy = "Fail"
	InitializerIgnore InitializerFailurePolicy = "Ignore"
	InitializerDefer  InitializerFailurePolicy = "Defer"
)

// InitializerDeferral says how an object is kept from being acted upon while
// its completion is deferred.
type InitializerDeferral string

// The ways of deferral.
const (
	InitializerDeferGate     InitializerDeferral = "Gate"
	InitializerDeferAnnotate InitializerDeferral = "Annotate"
)

// InitializerReinvocationPolicy says whether the initializers may be called
// once more for one object.
type InitializerReinvocationPolicy string

// The reinvocation policies.
const (
	InitializerReinvokeNever    InitializerReinvocationPolicy = "Never"
	InitializerReinvokeIfNeeded InitializerReinvocationPolicy = "IfNeeded"
)

// InitializerControllerStatus is what the server reports about a controller.
type InitializerControllerStatus struct {
	ObservedGeneration int64
	Conditions         []metav1.Condition
	Objects            *InitializedObjectsStatus
}

// InitializedObjectsStatus counts the new objects that matched a controller.
type InitializedObjectsStatus struct {
	Completed int64
	Refused   int64
	Ignored   int64
	Deferred  int64
	Pending   int32
}
