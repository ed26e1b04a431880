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
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// A controller whose parents may carry its finalizer is guarded: it carries a finalizer itself, so that it
// does not go before they are rid of it. Nobody could take it off them any more, and they could not be
// deleted.
const (
	guardFinalizer = metacontroller.ParentFinalizers
	// guardAnnotation names the resources of those parents: apiVersion/resource, with commas between them. The spec may name others by
	// now.
	guardAnnotation = metacontroller.ParentFinalizers
)

// guarded returns the types whose objects may carry the finalizer of a controller.
func (s *Supervisor[T]) guarded(object T) []TypeName {
	if !slices.Contains(object.GetFinalizers(), guardFinalizer) {
		return nil
	}
	noted := object.GetAnnotations()[guardAnnotation]
	if noted == "" { // somebody took it away
		return s.Kind.Parents(object)
	}
	var types []TypeName
	for name := range strings.SplitSeq(noted, ",") {
		if at := strings.LastIndex(name, "/"); at >= 0 {
			types = append(types, TypeName{APIVersion: name[:at], Resource: name[at+1:]})
		}
	}
	return types
}

// toGuard returns the types whose objects are to carry it.
func (s *Supervisor[T]) toGuard(object T) []TypeName {
	if object.GetDeletionTimestamp() != nil || !s.Kind.Finalizes(object) {
		return nil
	}
	return s.Kind.Parents(object)
}

// outdated returns the guarded types whose objects are parents no more: the controller
// goes, has no finalize hook, or other parents.
func (s *Supervisor[T]) outdated(object T) []TypeName {
	return missing(s.guarded(object), s.toGuard(object))
}

func (s *Supervisor[T]) needsGuard(object T) bool {
	return len(missing(s.toGuard(object), s.guarded(object))) > 0
}

// missing returns the types that others lack.
func missing(types, others []TypeName) []TypeName {
	return slices.DeleteFunc(slices.Clone(types), func(t TypeName) bool { return slices.Contains(others, t) })
}

// retire takes back what a controller, which was stopped, has left on its parents.
func (s *Supervisor[T]) retire(ctx context.Context, object T) error {
	var err error
	if outdated := s.outdated(object); len(outdated) > 0 {
		err = s.unguard(ctx, object, outdated)
	}
	switch {
	case err != nil:
		s.refuse(ctx, object, &DefinitionError{ReasonFinalizersLeft, "the controller was stopped, and " + err.Error(), EventSyncError})
	case object.GetDeletionTimestamp() != nil:
		s.refuse(ctx, object, &DefinitionError{ReasonTerminating, "the controller is being deleted: it does nothing any more", EventStopped})
	}
	return err
}

// guard puts the guard on a controller. The controller is started when that has been seen.
func (s *Supervisor[T]) guard(ctx context.Context, object T) error {
	return s.setGuard(ctx, object, s.toGuard(object))
}

// unguard takes the controller's finalizer off all objects of the outdated types, and then their guard off the controller, which must
// not run. What comes next is for when that has been seen.
func (s *Supervisor[T]) unguard(ctx context.Context, object T, outdated []TypeName) error {
	finalizer := s.Kind.FinalizerPrefix + object.GetName()
	for _, name := range outdated {
		if err := s.sweep(ctx, name, finalizer); err != nil {
			return fmt.Errorf("cannot take the finalizer %s off all parents yet: %w", finalizer, err)
		}
	}
	return s.setGuard(ctx, object, missing(s.guarded(object), outdated))
}

// setGuard notes that objects of these types may carry the controller's finalizer.
func (s *Supervisor[T]) setGuard(ctx context.Context, object T, types []TypeName) error {
	update, _ := object.DeepCopyObject().(T) // a copy has the type of the original
	finalizers := without(update.GetFinalizers(), guardFinalizer)
	annotations := update.GetAnnotations()
	delete(annotations, guardAnnotation)
	if len(types) > 0 {
		finalizers = append(finalizers, guardFinalizer)
		if annotations == nil {
			annotations = map[string]string{}
		}
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = t.APIVersion + "/" + t.Resource
		}
		annotations[guardAnnotation] = strings.Join(names, ",")
	}
	update.SetFinalizers(finalizers)
	update.SetAnnotations(annotations)
	_, err := s.Kind.Update(ctx, update, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // the lister is about to tell more
	}
	return err
}

// without returns the finalizers but one, never nil.
func without(finalizers []string, finalizer string) []string {
	kept := make([]string, 0, len(finalizers))
	for _, f := range finalizers {
		if f != finalizer {
			kept = append(kept, f)
		}
	}
	return kept
}
