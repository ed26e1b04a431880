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

package composite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// A controller whose parents may carry its finalizer is guarded: it carries a finalizer itself, so that it
// does not go before they are rid of it. Nobody could take it off them any more, and they could not be
// deleted.
const (
	guardFinalizer = "metacontroller.io/parent-finalizers"
	// guardAnnotation names the resource of those parents: apiVersion/resource. The spec may name another by now.
	guardAnnotation = "metacontroller.io/parent-finalizers"
)

func guarded(object *v1alpha1.CompositeController) bool {
	return slices.Contains(object.Finalizers, guardFinalizer)
}

// guardedResource returns the resource whose objects may carry the finalizer of a guarded controller.
func guardedResource(object *v1alpha1.CompositeController) (apiVersion, resource string) {
	noted := object.Annotations[guardAnnotation]
	at := strings.LastIndex(noted, "/")
	if at < 0 { // somebody took it away
		return object.Spec.ParentResource.APIVersion, object.Spec.ParentResource.Resource
	}
	return noted[:at], noted[at+1:]
}

// outdated reports whether the guard of a controller is about parents that are none any more: the controller
// goes, has no finalize hook, or has another parent resource.
func outdated(object *v1alpha1.CompositeController) bool {
	if !guarded(object) {
		return false
	}
	apiVersion, resource := guardedResource(object)
	hooks, parent := object.Spec.Hooks, object.Spec.ParentResource
	return object.DeletionTimestamp != nil || hooks == nil || hooks.Finalize == nil ||
		apiVersion != parent.APIVersion || resource != parent.Resource
}

// retire takes back what a controller, which was stopped, has left on its parents.
func (s *Supervisor) retire(ctx context.Context, object *v1alpha1.CompositeController) error {
	var err error
	if outdated(object) {
		err = s.unguard(ctx, object)
	}
	switch {
	case err != nil:
		s.refuse(ctx, object, &problem{reasonFinalizersLeft, "the controller was stopped, and " + err.Error(), eventSyncError})
	case object.DeletionTimestamp != nil:
		s.refuse(ctx, object, &problem{reasonTerminating, "the controller is being deleted: it does nothing any more", eventStopped})
	}
	return err
}

// guard puts the guard on a controller. The controller is started when that has been seen.
func (s *Supervisor) guard(ctx context.Context, object *v1alpha1.CompositeController) error {
	update := object.DeepCopy()
	update.Finalizers = append(update.Finalizers, guardFinalizer)
	parent := object.Spec.ParentResource
	metav1.SetMetaDataAnnotation(&update.ObjectMeta, guardAnnotation, parent.APIVersion+"/"+parent.Resource)
	return s.update(ctx, update)
}

// unguard takes the controller's finalizer off all parents, and then the guard off the controller, which must
// not run. What comes next is for when that has been seen.
func (s *Supervisor) unguard(ctx context.Context, object *v1alpha1.CompositeController) error {
	if err := s.sweep(ctx, object); err != nil {
		return fmt.Errorf("cannot take the finalizer %s off all parents yet: %w", finalizerPrefix+object.Name, err)
	}
	update := object.DeepCopy()
	update.Finalizers = without(update.Finalizers, guardFinalizer)
	delete(update.Annotations, guardAnnotation)
	return s.update(ctx, update)
}

func (s *Supervisor) update(ctx context.Context, object *v1alpha1.CompositeController) error {
	_, err := s.Client.CompositeControllers().Update(ctx, object, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // the lister is about to tell more
	}
	return err
}
