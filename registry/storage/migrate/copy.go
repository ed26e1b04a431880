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

package migrate

import (
	"context"
	"fmt"
	"path"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

// Side is one kind of objects in one storage.
type Side struct {
	Storage storage.Interface
	// Prefix begins the keys of the kind, such as /metacontroller.k8s.io/compositecontrollers.
	Prefix string
}

// Result counts the objects of a kind.
type Result struct {
	// Copied were not there, Present were, and are the same.
	Copied, Present int
}

// Copy copies all objects that are in from and not in to. It stops at the first that to has in another form, or that
// only to has: then something else is stored there. What it has copied stays; when it is called again it goes on.
func Copy(ctx context.Context, from, to Side, newObject, newList func() runtime.Object) (Result, error) {
	source, err := from.Objects(ctx, newList)
	if err != nil {
		return Result{}, fmt.Errorf("cannot read the source: %w", err)
	}
	target, err := to.Objects(ctx, newList)
	if err != nil {
		return Result{}, fmt.Errorf("cannot read the destination: %w", err)
	}
	for key, object := range target {
		if original, found := source[key]; !found || !apiequality.Semantic.DeepEqual(original, object) {
			return Result{}, fmt.Errorf("the destination has %s already, in another form than the source; delete one of them", path.Join(to.Prefix, key))
		}
	}
	result := Result{Present: len(target)}
	for key, object := range source {
		if _, found := target[key]; found {
			continue
		}
		if err := to.Create(ctx, key, object, newObject); err != nil {
			return result, err
		}
		result.Copied++
	}
	return result, nil
}

// Objects returns all objects of a side without their versions, which are the storage's, by key below the prefix.
func (s Side) Objects(ctx context.Context, newList func() runtime.Object) (map[string]runtime.Object, error) {
	list := newList()
	options := storage.ListOptions{Recursive: true, Predicate: storage.Everything}
	if err := s.Storage.GetList(ctx, s.Prefix, options, list); err != nil {
		return nil, err
	}
	objects := map[string]runtime.Object{}
	err := meta.EachListItem(list, func(item runtime.Object) error {
		object := item.DeepCopyObject()
		accessor, err := meta.Accessor(object)
		if err != nil {
			return err
		}
		accessor.SetResourceVersion("")
		objects[path.Join(accessor.GetNamespace(), accessor.GetName())] = object
		return nil
	})
	return objects, err
}

// Create writes an object that is not there, as it is, without a version.
func (s Side) Create(ctx context.Context, key string, object runtime.Object, newObject func() runtime.Object) error {
	// Storage changes what it is given.
	if err := s.Storage.Create(ctx, path.Join(s.Prefix, key), object.DeepCopyObject(), newObject(), 0); err != nil {
		return fmt.Errorf("cannot write %s: %w", path.Join(s.Prefix, key), err)
	}
	return nil
}

// Delete removes an object at once, whatever finalizers it has.
func (s Side) Delete(ctx context.Context, key string, newObject func() runtime.Object) error {
	err := s.Storage.Delete(ctx, path.Join(s.Prefix, key), newObject(), nil, storage.ValidateAllObjectFunc, nil, storage.DeleteOptions{})
	if err != nil && !storage.IsNotFound(err) {
		return fmt.Errorf("cannot remove %s: %w", path.Join(s.Prefix, key), err)
	}
	return nil
}
