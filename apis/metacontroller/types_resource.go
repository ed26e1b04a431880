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

// ParentResourceRule selects the parents.
type ParentResourceRule struct {
	APIVersion          string
	Resource            string
	LabelSelector       *metav1.LabelSelector
	IgnoreStatusChanges *bool
	RevisionHistory     *RevisionHistory
}

// RevisionHistory says which fields of the parent make a revision.
type RevisionHistory struct {
	FieldPaths []string
}

// ChildResourceRule declares one resource type of children.
type ChildResourceRule struct {
	APIVersion string
	Resource   string
	// Resources is the 2018 form of Resource; nil once folded.
	Resources      []string
	UpdateStrategy *ChildUpdateStrategy
}

// ChildUpdateStrategy says how a child that differs is brought to its
// desired state.
type ChildUpdateStrategy struct {
	Method       ChildUpdateMethod
	StatusChecks *ChildUpdateStatusChecks
}

// ChildUpdateMethod names a way to update a child.
type ChildUpdateMethod string

// The update methods.
const (
	ChildUpdateOnDelete        ChildUpdateMethod = "OnDelete"
	ChildUpdateRecreate        ChildUpdateMethod = "Recreate"
	ChildUpdateInPlace         ChildUpdateMethod = "InPlace"
	ChildUpdateRollingRecreate ChildUpdateMethod = "RollingRecreate"
	ChildUpdateRollingInPlace  ChildUpdateMethod = "RollingInPlace"
)

// ChildUpdateStatusChecks is what a child must pass before the next one is
// updated.
type ChildUpdateStatusChecks struct {
	Conditions []StatusConditionCheck
}

// StatusConditionCheck demands a condition of a child's status.
type StatusConditionCheck struct {
	Type   string
	Status *string
	Reason *string
}
