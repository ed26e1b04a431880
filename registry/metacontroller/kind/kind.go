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

// Package kind is what the storage of every kind of controller object has in
// common: strategies that keep spec, status and generation apart, the status
// subresource, and the printing of tables.
//
// It must not know any one kind, controllers, hooks or which backend stores
// the objects. Open kind.go first: a kind is a value of Kind.
package kind

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Object is a pointer to a controller object of the hub.
type Object interface {
	runtime.Object
	metav1.Object
}

// Kind is what one kind of controller objects has for itself. All fields are
// required, but ShortNames and Fields.
type Kind[T Object] struct {
	// Resource and Singular are the names of the resource.
	Resource, Singular string
	// ShortNames are what kubectl accepts besides the resource name.
	ShortNames []string

	New     func() T
	NewList func() runtime.Object

	// Spec returns a pointer to the spec of an object; CopySpec and CopyStatus
	// give an object that part of another one.
	Spec                 func(T) any
	CopySpec, CopyStatus func(to, from T)

	// Fold brings an object into today's form and returns warnings about what
	// it rewrote. The old object is nil on create.
	Fold func(object, old T) []string

	// Validate, ValidateUpdate and ValidateStatusUpdate check what the
	// declarative rules of v1alpha1 cannot say.
	Validate             func(object T) field.ErrorList
	ValidateUpdate       func(object, old T) field.ErrorList
	ValidateStatusUpdate func(object, old T) field.ErrorList

	// Warnings says what is valid and probably not meant.
	Warnings func(T) []string

	// Fields are what field selectors can select by besides the name: one value
	// for each field label of v1alpha1.
	Fields func(T) fields.Set

	// Columns are what kubectl prints, Row the cells of one object.
	Columns []metav1.TableColumnDefinition
	Row     func(object T, name, age string) []any
}
