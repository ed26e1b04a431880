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

package migration

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// release takes away what a Hookplane puts on a controller whose parents have finalizers.
func release(object metav1.Object) {
	var finalizers []string
	for _, finalizer := range object.GetFinalizers() {
		if finalizer != metacontroller.ParentFinalizers {
			finalizers = append(finalizers, finalizer)
		}
	}
	object.SetFinalizers(finalizers)
	annotations := map[string]string{}
	for name, value := range object.GetAnnotations() {
		if name != metacontroller.ParentFinalizers {
			annotations[name] = value
		}
	}
	if len(annotations) == 0 {
		annotations = nil
	}
	object.SetAnnotations(annotations)
}

// same reports whether two stored objects differ in nothing but what servers write.
func same(a, b runtime.Object) bool {
	return apiequality.Semantic.DeepEqual(essence(a), essence(b))
}

// essence is an object without what servers write.
func essence(object runtime.Object) runtime.Object {
	object = object.DeepCopyObject()
	switch object := object.(type) {
	case *metacontroller.CompositeController:
		object.Status = metacontroller.CompositeControllerStatus{}
	case *metacontroller.DecoratorController:
		object.Status = metacontroller.DecoratorControllerStatus{}
	}
	if accessor, err := meta.Accessor(object); err == nil { // every object of the API has metadata
		accessor.SetManagedFields(nil)
		accessor.SetResourceVersion("")
		accessor.SetGeneration(0)
		release(accessor)
	}
	return object
}
