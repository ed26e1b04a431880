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

package initializer

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/initialization"
)

// count notes that an initializer completed an object.
func (c *Controller) count(i *initialization.Initializer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.completed[i.Object.Name]++
}

// reportStatuses keeps status.objects of every InitializerController true, as far as it is about deferred objects.
func (c *Controller) reportStatuses(ctx context.Context) {
	pending := map[string]int32{}
	c.mu.Lock()
	for _, names := range c.waiting {
		for _, name := range names {
			pending[name]++
		}
	}
	c.mu.Unlock()
	existing := map[string]bool{}
	for _, object := range c.Registry.Objects() {
		existing[object.Name] = true
		if err := c.reportStatus(ctx, object, pending[object.Spec.InitializerName]); err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "Cannot write the status of an InitializerController", "controller", object.Name)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.completed {
		if !existing[name] {
			delete(c.completed, name)
		}
	}
}

func (c *Controller) reportStatus(ctx context.Context, object *v1alpha1.InitializerController, pending int32) error {
	c.mu.Lock()
	completed := c.completed[object.Name]
	c.mu.Unlock()
	counts := v1alpha1.InitializedObjectsStatus{}
	if object.Status.Objects != nil {
		counts = *object.Status.Objects
	}
	if completed == 0 && counts.Pending == pending {
		return nil
	}
	counts.Completed += completed
	counts.Pending = pending
	update := object.DeepCopy()
	update.Status.Objects = &counts
	_, err := c.Client.InitializerControllers().UpdateStatus(ctx, update, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // the informer is about to tell more; the next review looks again
	}
	if err == nil {
		c.mu.Lock()
		c.completed[object.Name] -= completed
		c.mu.Unlock()
	}
	return err
}
