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
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	clientset "github.com/hookplane/hookplane/generated/clientset/versioned/typed/metacontroller/v1alpha1"
	informers "github.com/hookplane/hookplane/generated/informers/externalversions/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/span"
)

// byOwner is the index of revisions by namespace and UID of their controlling owner.
const byOwner = "owner"

// Store reads and writes revisions. Safe for concurrent use.
type Store struct {
	informer cache.SharedIndexInformer
	client   clientset.ControllerRevisionsGetter
}

// NewStore returns a Store on an informer that was not started yet.
func NewStore(informer informers.ControllerRevisionInformer, client clientset.ControllerRevisionsGetter) (*Store, error) {
	s := &Store{informer: informer.Informer(), client: client}
	err := s.informer.AddIndexers(cache.Indexers{byOwner: func(object any) ([]string, error) {
		revision, isRevision := object.(*v1alpha1.ControllerRevision)
		if !isRevision {
			return nil, nil
		}
		owner := metav1.GetControllerOfNoCopy(revision)
		if owner == nil {
			return nil, nil
		}
		return []string{ownerKey(revision.Namespace, owner.UID)}, nil
	}})
	if err != nil {
		return nil, fmt.Errorf("cannot index ControllerRevisions by their owner: %w", err)
	}
	return s, nil
}

func ownerKey(namespace string, owner types.UID) string { return namespace + "/" + string(owner) }

// Owned returns the revisions in a namespace whose controller is the owner. They must not be modified.
func (s *Store) Owned(namespace string, owner types.UID) []*v1alpha1.ControllerRevision {
	found, err := s.informer.GetIndexer().ByIndex(byOwner, ownerKey(namespace, owner))
	if err != nil {
		return nil // only for an index that does not exist
	}
	revisions := make([]*v1alpha1.ControllerRevision, 0, len(found))
	for _, object := range found {
		revisions = append(revisions, object.(*v1alpha1.ControllerRevision))
	}
	return revisions
}

// Event is one change of a revision.
type Event struct {
	// Revision is the state after the change, or the last one when it was deleted.
	Revision *v1alpha1.ControllerRevision
	Gone     bool
	// Changed says that children, patch or owner did.
	Changed bool
}

// Watch calls handler for every change, until stop is called. It returns when all revisions that there are have been told of, or
// the context has ended.
func (s *Store) Watch(ctx context.Context, handler func(Event)) (stop func(), err error) {
	registration, err := s.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { handler(Event{Revision: object.(*v1alpha1.ControllerRevision), Changed: true}) },
		UpdateFunc: func(old, object any) {
			before, after := old.(*v1alpha1.ControllerRevision), object.(*v1alpha1.ControllerRevision)
			handler(Event{Revision: after, Gone: after.DeletionTimestamp != nil, Changed: changed(before, after)})
		},
		DeleteFunc: func(object any) {
			if last, missed := object.(cache.DeletedFinalStateUnknown); missed {
				object = last.Obj
			}
			if revision, isRevision := object.(*v1alpha1.ControllerRevision); isRevision {
				handler(Event{Revision: revision, Gone: true, Changed: true})
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watching ControllerRevisions: %w", err)
	}
	cache.WaitForCacheSync(ctx.Done(), registration.HasSynced)
	return func() { _ = s.informer.RemoveEventHandler(registration) }, nil // fails only when the informer has ended
}

func changed(before, after *v1alpha1.ControllerRevision) bool {
	return before.UID != after.UID || !sameChildren(before, after) ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		!apiequality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences)
}

// Written is a revision that was written.
type Written struct {
	Namespace, Name string
	// ResourceVersion is empty for a revision that was deleted.
	ResourceVersion string
}

// Write carries out changes one after the other, in their order, up to the first that fails.
func (s *Store) Write(ctx context.Context, changes []Change) ([]Written, error) {
	var written []Written
	for _, change := range changes {
		version, err := s.traced(ctx, change)
		if err != nil {
			return written, fmt.Errorf("cannot %s ControllerRevision \"%s/%s\": %w", change.Verb, change.Revision.Namespace, change.Revision.Name, err)
		}
		written = append(written, Written{change.Revision.Namespace, change.Revision.Name, version})
	}
	return written, nil
}

// traced carries out a change, as a step of the trace.
func (s *Store) traced(ctx context.Context, change Change) (string, error) {
	ctx, step := span.StartCall(ctx, "write")
	step.Name(string(change.Verb), "controllerrevisions")
	step.String("hookplane.verb", string(change.Verb))
	step.String("hookplane.resource", "controllerrevisions.metacontroller.k8s.io")
	step.String("hookplane.object.namespace", change.Revision.Namespace)
	step.String("hookplane.object.name", change.Revision.Name)
	version, err := s.write(ctx, change)
	step.End(err)
	return version, err
}

func (s *Store) write(ctx context.Context, change Change) (string, error) {
	revision := change.Revision
	client := s.client.ControllerRevisions(revision.Namespace)
	var left *v1alpha1.ControllerRevision
	var err error
	switch change.Verb {
	case Create:
		left, err = client.Create(ctx, revision, metav1.CreateOptions{})
	case Update:
		left, err = client.Update(ctx, revision, metav1.UpdateOptions{})
	case Delete:
		err = client.Delete(ctx, revision.Name, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &revision.UID, ResourceVersion: &revision.ResourceVersion},
		})
		if apierrors.IsNotFound(err) {
			err = nil // Somebody was faster.
		}
	}
	if err != nil || left == nil {
		return "", err
	}
	return left.ResourceVersion, nil
}
