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

package uninstall

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// removeControllers deletes the controllers and waits until each has cleaned up after itself; then the revisions of parents, which stay
// where these stay.
func (u *Uninstaller) removeControllers(ctx context.Context) error {
	for _, name := range []string{"compositecontrollers", "decoratorcontrollers", "initializercontrollers", "controllerrevisions"} {
		resource := v1alpha1.SchemeGroupVersion.WithResource(name)
		if err := u.removeAll(ctx, resource); err != nil {
			return fmt.Errorf("cannot remove %s; a running server is needed for that: %w", resource.GroupResource(), err)
		}
	}
	return nil
}

// removeAll deletes all objects of a type and waits until they are gone.
func (u *Uninstaller) removeAll(ctx context.Context, resource schema.GroupVersionResource) error {
	left := ""
	err := poll(ctx, pollInterval, func(ctx context.Context) (bool, error) {
		page, err := u.metadata.Resource(resource).List(ctx, metav1.ListOptions{Limit: pageSize})
		if err != nil {
			return false, err
		}
		names := make([]string, 0, len(page.Items))
		for i := range page.Items {
			object := &page.Items[i]
			if names = append(names, object.Name); object.DeletionTimestamp != nil {
				continue
			}
			err := u.metadata.Resource(resource).Namespace(object.Namespace).Delete(ctx, object.Name, metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				return false, err
			}
			fmt.Fprintf(u.stdout, "deleted %s\n", Object{resource, object.Namespace, object.Name})
		}
		left = strings.Join(names, ", ")
		return len(names) == 0, nil
	})
	if err != nil && left != "" {
		return fmt.Errorf("still there: %s (their condition Ready tells why): %w", left, err)
	}
	return err
}

// awaitRelease waits until nobody's object needs the server any more.
func (u *Uninstaller) awaitRelease(ctx context.Context) error {
	var remains *Remains
	err := poll(ctx, findInterval, func(ctx context.Context) (bool, error) {
		found, err := u.Find(ctx)
		if err != nil {
			return false, err
		}
		remains = found
		return remains.Count(Finalizer, Pending) == 0, nil
	})
	if err != nil && remains != nil {
		return fmt.Errorf("%d objects still need the server, see hookplane uninstall --check: %w", remains.Count(Finalizer, Pending), err)
	}
	return err
}
