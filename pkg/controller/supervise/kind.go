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

package supervise

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// Object declares a controller.
type Object interface {
	metav1.Object
	runtime.Object
}

// TypeName names a resource type, as rules do.
type TypeName struct {
	APIVersion, Resource string
}

// Kind is a kind of controllers, whose objects are a T. All fields are required.
type Kind[T Object] struct {
	// Name is the objects' kind.
	Name string
	// FinalizerPrefix precedes a controller's name in the finalizer of its parents.
	FinalizerPrefix string
	Informer        cache.SharedIndexInformer
	Get             func(name string) (T, error)
	List            func(labels.Selector) ([]T, error)
	Update          func(context.Context, T, metav1.UpdateOptions) (T, error)
	UpdateStatus    func(context.Context, T, metav1.UpdateOptions) (T, error)
	// Status returns the object's status, in the form that all kinds share.
	Status func(T) *v1alpha1.CompositeControllerStatus
	// Parents returns the types of the controller's parents, Finalizes whether it has a finalize hook.
	Parents   func(T) []TypeName
	Finalizes func(T) bool
	// Define checks an object against the cluster. The error is a *DefinitionError, or passes by itself.
	Define func(context.Context, T) (Definition, error)
}

// Definition is what an object says, checked against what the cluster serves.
type Definition interface {
	// Same reports whether a controller that runs can go on: neither its object nor what the cluster serves of it has changed.
	Same(running Controller) bool
	// New makes the controller and opens what it needs.
	New(context.Context) Controller
}

// Controller is what runs for one object.
type Controller interface {
	// Run works until the context ends, and returns when all that it started has ended.
	Run(context.Context)
	// Generation is the object's.
	Generation() int64
	Health() Health
}
