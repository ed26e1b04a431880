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

package revision

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/objects"
)

// Scheme is how the revisions of one controller's parents are made.
type Scheme struct {
	// Parents is the resource of the parents.
	Parents schema.GroupResource
	// Paths are the fields that make a revision.
	Paths Paths
	// GenerateSelector is as in the controller's spec.
	GenerateSelector bool
	// Namespace is where the revisions of cluster-scoped parents are.
	Namespace string
}

// Set are the revisions of one parent.
type Set struct {
	// Latest is the one that the parent is in. Without a resourceVersion it is yet to be created.
	Latest *v1alpha1.ControllerRevision
	// Older are the others that have children, by name.
	Older []Older
	// empty are those that have none.
	empty []*v1alpha1.ControllerRevision
}

// Older is a revision that the parent is not in any more.
type Older struct {
	*v1alpha1.ControllerRevision
	// Parent is the parent as it is in this revision, as JSON.
	Parent []byte
}

// NamespaceOf returns where the revisions of a parent are.
func (s *Scheme) NamespaceOf(parent *objects.Object) string {
	return cmp.Or(parent.Namespace, s.Namespace)
}

// Resolve finds out which of the parent's recorded revisions it is in, and what it was like in the others.
func (s *Scheme) Resolve(parent *objects.Object, recorded []*v1alpha1.ControllerRevision) (*Set, error) {
	current, err := s.state(parent, nil)
	if err != nil {
		return nil, err
	}
	set := &Set{}
	for _, revision := range slices.SortedFunc(slices.Values(recorded), byName) {
		if revision.DeletionTimestamp != nil {
			continue // It is as good as gone.
		}
		state, err := s.state(parent, revision)
		switch {
		case err != nil:
			return nil, fmt.Errorf("ControllerRevision %q: %w", revision.Name, err)
		case set.Latest == nil && string(state.patch) == string(current.patch):
			set.Latest = revision
		case len(revision.Children) == 0:
			set.empty = append(set.empty, revision)
		default:
			set.Older = append(set.Older, Older{revision, state.parent})
		}
	}
	if set.Latest == nil {
		set.Latest = s.newRevision(parent, current)
	}
	return set, nil
}

func byName(a, b *v1alpha1.ControllerRevision) int { return strings.Compare(a.Name, b.Name) }

// state is a parent in one of its revisions.
type state struct {
	parent []byte         // as JSON; nil for the parent as it is
	object map[string]any // the same
	patch  []byte         // what it has at Scheme.Paths, as JSON with sorted names
}

// state returns the parent in a revision; nil: as it is. The revision may have been made by other paths than today's, when
// somebody changed the controller: it changes just those.
func (s *Scheme) state(parent *objects.Object, revision *v1alpha1.ControllerRevision) (*state, error) {
	state := &state{}
	err := utiljson.Unmarshal(parent.Raw, &state.object)
	if err != nil {
		return nil, fmt.Errorf("cannot read the parent: %w", err)
	}
	if revision != nil {
		if err := s.patch(state.object, revision); err != nil {
			return nil, err
		}
		if state.parent, err = json.Marshal(state.object); err != nil {
			return nil, fmt.Errorf("cannot encode the parent: %w", err)
		}
	}
	if state.patch, err = json.Marshal(s.Paths.pick(state.object)); err != nil {
		return nil, fmt.Errorf("cannot encode the parent's patch: %w", err)
	}
	return state, nil
}

// patch gives the parent the values of a revision.
func (s *Scheme) patch(parent map[string]any, revision *v1alpha1.ControllerRevision) error {
	paths := s.Paths
	if made, noted := revision.Annotations[pathsAnnotation]; noted && made != paths.String() {
		var err error
		if paths, err = ParsePaths(strings.Split(made, ",")); err != nil {
			return fmt.Errorf("annotation %s: %w", pathsAnnotation, err)
		}
	}
	var patch map[string]any
	if err := utiljson.Unmarshal(revision.ParentPatch.Raw, &patch); err != nil {
		return fmt.Errorf("cannot read parentPatch: %w", err)
	}
	paths.put(parent, patch)
	return nil
}

// newRevision returns the revision that is to be created for a parent as it is.
func (s *Scheme) newRevision(parent *objects.Object, current *state) *v1alpha1.ControllerRevision {
	return &v1alpha1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   s.NamespaceOf(parent),
			Name:        s.name(parent.UID, current.patch),
			Labels:      s.labels(parent.UID, current.object),
			Annotations: map[string]string{pathsAnnotation: s.Paths.String()},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(
				&metav1.ObjectMeta{Name: parent.Name, UID: parent.UID}, schema.FromAPIVersionAndKind(parent.APIVersion, parent.Kind))},
		},
		ParentPatch: runtime.RawExtension{Raw: current.patch},
	}
}
