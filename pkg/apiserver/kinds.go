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

package apiserver

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// StoredKind is a kind of objects that the server stores.
type StoredKind struct {
	// Name is what one object is called, such as CompositeController.
	Name string
	// Resource is the plural, with the group.
	Resource schema.GroupResource
	// New and NewList make an empty object, in the form in which storage takes it, and an empty list.
	New, NewList func() runtime.Object
}

// StoredKinds returns all that the server stores.
func (c *Config) StoredKinds() []StoredKind {
	kind := func(name, resource string) StoredKind {
		return StoredKind{Name: name, Resource: metacontroller.Resource(resource), New: c.maker(name), NewList: c.maker(name + "List")}
	}
	return []StoredKind{
		kind("CompositeController", "compositecontrollers"),
		kind("DecoratorController", "decoratorcontrollers"),
		kind("InitializerController", "initializercontrollers"),
		kind("ControllerRevision", "controllerrevisions"),
	}
}

// maker returns a function that makes objects of a kind that the scheme has.
func (c *Config) maker(kind string) func() runtime.Object {
	return func() runtime.Object {
		object, err := c.Scheme.New(metacontroller.SchemeGroupVersion.WithKind(kind))
		utilruntime.Must(err)
		return object
	}
}
