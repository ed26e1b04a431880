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

package objects

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"
)

// item carries a decoded object, or a bookmark, through the Reflector, which wants to see a
// runtime.Object with metadata. It lives as long as the event.
type item[T any] struct {
	metav1.Object // nil: the Reflector asks for nothing but what is defined below

	object          T
	key             Key
	resourceVersion string
	// endsInitialEvents marks the bookmark behind the last object of a streamed list.
	endsInitialEvents bool
}

var _ runtime.Object = &item[*Object]{}

func (i *item[T]) GetNamespace() string       { return i.key.Namespace }
func (i *item[T]) GetName() string            { return i.key.Name }
func (i *item[T]) GetResourceVersion() string { return i.resourceVersion }

func (i *item[T]) GetAnnotations() map[string]string {
	if !i.endsInitialEvents {
		return nil
	}
	return map[string]string{metav1.InitialEventsAnnotationKey: "true"}
}

func (i *item[T]) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }
func (i *item[T]) DeepCopyObject() runtime.Object   { c := *i; return &c }

// sink takes what a Reflector finds. One goroutine calls it.
type sink[T any] interface {
	put(object T)
	drop(object T)
	// replace makes the sink hold exactly these objects.
	replace(objects []T)
}

// reflectorStore hands what a Reflector finds to a sink.
type reflectorStore[T any] struct{ sink sink[T] }

var _ cache.ReflectorStore = reflectorStore[*Object]{}

func (s reflectorStore[T]) Add(obj any) error {
	s.sink.put(obj.(*item[T]).object)
	return nil
}

func (s reflectorStore[T]) Update(obj any) error { return s.Add(obj) }

func (s reflectorStore[T]) Delete(obj any) error {
	s.sink.drop(obj.(*item[T]).object)
	return nil
}

func (s reflectorStore[T]) Replace(list []any, _ string) error {
	objects := make([]T, len(list))
	for i := range list {
		objects[i] = list[i].(*item[T]).object
	}
	s.sink.replace(objects)
	return nil
}

func (s reflectorStore[T]) Resync() error { return nil }
