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
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/objects"
)

// sweepParallelism is how many parents are written at a time.
const sweepParallelism = 8

// sweep takes a finalizer off every object of a type that carries it, selected or not.
func (s *Supervisor[T]) sweep(ctx context.Context, name TypeName, finalizer string) error {
	resource, err := s.Objects.LookupAnyVersion(ctx, name.APIVersion, name.Resource)
	if _, missing := errors.AsType[*objects.ResourceNotFoundError](err); missing {
		return nil // and its objects are gone with it
	}
	if err != nil {
		return fmt.Errorf("looking up %s of %s: %w", name.Resource, name.APIVersion, err)
	}
	writes, writeCtx := errgroup.WithContext(ctx)
	writes.SetLimit(sweepParallelism)
	list := pager.New(func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		return s.Live.Resource(resource.GroupVersionResource).List(ctx, opts)
	})
	err = list.EachListItem(writeCtx, metav1.ListOptions{}, func(item runtime.Object) error {
		parent, ok := item.(*metav1.PartialObjectMetadata)
		if ok && slices.Contains(parent.Finalizers, finalizer) {
			writes.Go(func() error { return s.release(writeCtx, resource, parent, finalizer) })
		}
		return nil
	})
	if writeErr := writes.Wait(); writeErr != nil {
		return writeErr // which cancelled the list
	}
	if err != nil {
		return fmt.Errorf("listing %s: %w", resource.GroupResource(), err)
	}
	return nil
}

// release takes a finalizer off a parent.
func (s *Supervisor[T]) release(ctx context.Context, resource objects.Resource, parent *metav1.PartialObjectMetadata, finalizer string) error {
	target := apply.Target{
		GroupVersionResource: resource.GroupVersionResource, Kind: resource.Kind, Namespace: parent.Namespace, Name: parent.Name,
	}
	_, err := s.Applier.SetFinalizers(ctx, target, parent.UID, parent.ResourceVersion, without(parent.Finalizers, finalizer))
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
