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
	"context"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// WriteBack brings what has changed in the stores since the copy into the custom resources, which must serve the API: changed and new
// objects, and how far rollouts are. It returns what it did, and what it leaves to do, one sentence each. Custom resources of
// controllers that are not stored stay: nothing tells whether the stores are the right ones.
func (c *Cluster) WriteBack(ctx context.Context, stores Stores) ([]string, error) {
	objects, err := c.Objects(ctx)
	if err != nil {
		return nil, err
	}
	var done []string
	for _, kind := range kinds {
		stored, err := stores[kind.resource].Objects(ctx)
		if err != nil {
			return done, fmt.Errorf("cannot read the stored %s: %w", kind.resource, err)
		}
		sentences, err := c.writeBack(ctx, kind.kind, kind.resource, ofKind(objects, kind.kind), stored)
		done = append(done, sentences...)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// ofKind returns the objects of a kind by their key.
func ofKind(objects []Object, kind string) map[string]*Object {
	found := map[string]*Object{}
	for i := range objects {
		if objects[i].Kind == kind {
			found[objects[i].Key] = &objects[i]
		}
	}
	return found
}

func (c *Cluster) writeBack(ctx context.Context, kind, resource string, there map[string]*Object, stored map[string]runtime.Object) ([]string, error) {
	var done []string
	for _, key := range slices.Sorted(maps.Keys(stored)) {
		current := there[key]
		if current != nil && (current.Problem != nil || same(current.Stored, stored[key])) {
			continue
		}
		verb, err := c.put(ctx, resource, current, stored[key])
		if err != nil {
			return done, fmt.Errorf("cannot write %s %s back: %w", kind, key, err)
		}
		done = append(done, fmt.Sprintf("%s %s: %s", kind, key, verb))
	}
	owners := ownersOf(stored)
	for _, key := range slices.Sorted(maps.Keys(there)) {
		if stored[key] != nil || there[key].Problem != nil {
			continue
		}
		sentence, err := c.settleAbsent(ctx, there[key], owners)
		if err != nil {
			return done, err
		}
		done = append(done, sentence)
	}
	return done, nil
}

// settleAbsent removes a revision of a parent whose other revisions are stored: the rollout has left it behind.
func (c *Cluster) settleAbsent(ctx context.Context, object *Object, owners map[types.UID]bool) (string, error) {
	revision, isRevision := object.Stored.(*metacontroller.ControllerRevision)
	if !isRevision {
		return fmt.Sprintf("%s: is not stored, and stays a custom resource: delete it if it was deleted since the copy", object), nil
	}
	if owner := metav1.GetControllerOf(revision); owner == nil || !owners[owner.UID] {
		return fmt.Sprintf("%s: is not stored, and stays", object), nil
	}
	client := c.dynamic.Resource(v1alpha1.SchemeGroupVersion.WithResource(object.Resource)).Namespace(revision.Namespace)
	if err := client.Delete(ctx, revision.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &revision.UID}}); err != nil {
		return "", fmt.Errorf("cannot remove %s: %w", object, err)
	}
	return fmt.Sprintf("%s: removed, no child is in it any more", object), nil
}

// ownersOf returns the controllers of all objects.
func ownersOf(objects map[string]runtime.Object) map[types.UID]bool {
	owners := map[types.UID]bool{}
	for _, object := range objects {
		accessor, err := meta.Accessor(object)
		if err != nil {
			continue // every object of the API has metadata
		}
		if owner := metav1.GetControllerOf(accessor); owner != nil {
			owners[owner.UID] = true
		}
	}
	return owners
}

// put makes a custom resource of a stored object, and returns what it did.
func (c *Cluster) put(ctx context.Context, resource string, current *Object, stored runtime.Object) (string, error) {
	wanted, err := served(stored)
	if err != nil {
		return "", err
	}
	client := c.dynamic.Resource(v1alpha1.SchemeGroupVersion.WithResource(resource)).Namespace(wanted.GetNamespace())
	if current == nil {
		_, err := client.Create(ctx, wanted, metav1.CreateOptions{FieldManager: "hookplane"})
		return "created, it is new", err
	}
	wanted.SetUID(current.read.GetUID())
	wanted.SetResourceVersion(current.read.GetResourceVersion())
	_, err = client.Update(ctx, wanted, metav1.UpdateOptions{FieldManager: "hookplane"})
	return "updated, it has changed", err
}

// served returns a stored object as clients see it, without what servers write.
func served(stored runtime.Object) (*unstructured.Unstructured, error) {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	text, err := runtime.Encode(serializer.NewCodecFactory(scheme).LegacyCodec(v1alpha1.SchemeGroupVersion), essence(stored))
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	unstructured.RemoveNestedField(object.Object, "status")
	unstructured.RemoveNestedField(object.Object, "metadata", "uid")
	unstructured.RemoveNestedField(object.Object, "metadata", "creationTimestamp")
	return object, nil
}
