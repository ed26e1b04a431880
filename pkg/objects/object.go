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
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Key names an object among those of its resource. Namespace is empty for cluster-scoped objects.
type Key struct {
	Namespace, Name string
}

// Object is one object as last seen. It is immutable: share it freely, never modify it or anything
// that it points to (labels and owner references are shared with other objects).
type Object struct {
	APIVersion, Kind, Namespace, Name, ResourceVersion string

	UID               types.UID
	Generation        int64
	Labels            map[string]string
	Finalizers        []string
	OwnerReferences   []metav1.OwnerReference
	DeletionTimestamp *metav1.Time

	// Raw is the object's JSON: compact, apiVersion and kind first (also where the server left them
	// out, as in lists of built-in kinds), all other members as received, metadata.managedFields left out.
	Raw []byte

	// AppliedFields is what the cache's field manager owns by server-side apply on the main resource:
	// the FieldsV1 JSON of its managedFields entry. Empty when there is none.
	AppliedFields string

	// ContentDigest is a hash of everything but the status, metadata.managedFields and
	// metadata.resourceVersion. Digests are comparable within one Cache only.
	ContentDigest uint64
	// StatusDigest is a hash of the status; zero when there is none.
	StatusDigest uint64
}

// Key returns the object's namespace and name.
func (o *Object) Key() Key { return Key{Namespace: o.Namespace, Name: o.Name} }

// Deleting reports whether the object's deletion was requested.
func (o *Object) Deleting() bool { return o.DeletionTimestamp != nil }

// Controller returns the owner reference that is marked as controller, nil for an orphan.
func (o *Object) Controller() *metav1.OwnerReference {
	for i := range o.OwnerReferences {
		if c := o.OwnerReferences[i].Controller; c != nil && *c {
			return &o.OwnerReferences[i]
		}
	}
	return nil
}

// Status returns the JSON of the status, nil when the object has none. It is a part of Raw.
func (o *Object) Status() []byte { return findMember(o.Raw, "status") }

// Annotations returns a new map of the object's annotations, nil when there are none. It parses Raw at
// each call.
func (o *Object) Annotations() map[string]string {
	raw := findMember(o.Raw, "metadata", "annotations")
	if raw == nil {
		return nil
	}
	annotations, err := parse[map[string]string](raw)
	if err != nil {
		return nil // not a map of strings: no server stores that
	}
	return annotations
}

// ControllerUID returns the UID of the controlling owner, empty for an orphan.
func (o *Object) ControllerUID() types.UID {
	if c := o.Controller(); c != nil {
		return c.UID
	}
	return ""
}

func (o *Object) String() string {
	return fmt.Sprintf("%s %s/%s", o.Kind, o.Namespace, o.Name)
}

// Event is one change of one object. It is delivered also when only the resourceVersion moved.
type Event struct {
	Resource Resource
	// Old is nil when the object was added; when it was deleted, Old is its last state, with the
	// resourceVersion of the deletion where the watch told it.
	Old *Object
	// New is nil when the object was deleted.
	New *Object
}

// Object returns the object after the change, or its last state when it was deleted.
func (e Event) Object() *Object {
	if e.New != nil {
		return e.New
	}
	return e.Old
}

// ContentChanged reports whether anything but the status changed. True for an add and a delete.
func (e Event) ContentChanged() bool {
	return e.Old == nil || e.New == nil || e.Old.ContentDigest != e.New.ContentDigest
}

// StatusChanged reports whether the status changed. True for an add and a delete.
func (e Event) StatusChanged() bool {
	return e.Old == nil || e.New == nil || e.Old.StatusDigest != e.New.StatusDigest
}
