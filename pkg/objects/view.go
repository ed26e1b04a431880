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

// Extent is how much of an object is kept.
type Extent int8

const (
	// Nothing is kept: for the Store there is no such object.
	Nothing Extent = iota
	// Metadata is kept, with apiVersion and kind: Raw holds nothing else, and AppliedFields is empty. The digests are those of the
	// whole object.
	Metadata
	// Whole objects are kept.
	Whole
)

// View says which objects of a resource a Store holds, and how much of each. The zero View is all of all.
type View struct {
	// Selector is a label selector, in the form of labels.Selector.String, that the API server evaluates: it sends no other objects. An
	// object that leaves the selector is gone for the Store, with the last state that the selector matched.
	Selector string
	// Intake says how much of an object is kept, as soon as it was read; all of it when nil. It sees the whole object, must depend on
	// nothing else, and must be safe for concurrent use.
	Intake func(*Object) Extent
	// Name tells Intakes apart: Stores of one resource with the same Selector and Name share the objects and the watch.
	Name string
}

// viewKey identifies the informer of a view.
type viewKey struct {
	resource       Resource
	selector, name string
}

func (v *View) key(r Resource) viewKey { return viewKey{r, v.Selector, v.Name} }

// take returns what is kept of an object: for Nothing just what identifies it, without Raw.
func (v *View) take(o *Object) *Object {
	if v.Intake == nil {
		return o
	}
	switch v.Intake(o) {
	case Whole:
		return o
	case Metadata:
		return o.withoutContent()
	default:
		return &Object{
			APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, ResourceVersion: o.ResourceVersion, UID: o.UID,
		}
	}
}

// withoutContent returns a copy that holds apiVersion, kind and metadata.
func (o *Object) withoutContent() *Object {
	kept := *o
	kept.AppliedFields = ""
	const member = `,"metadata":`
	prefix, metadata := rawPrefix(o.APIVersion, o.Kind), findMember(o.Raw, "metadata")
	kept.Raw = make([]byte, 0, len(prefix)+len(member)+len(metadata)+1)
	kept.Raw = append(append(append(append(kept.Raw, prefix...), member...), metadata...), '}')
	return &kept
}

// dropped reports whether nothing is kept of the object.
func (o *Object) dropped() bool { return o.Raw == nil }
