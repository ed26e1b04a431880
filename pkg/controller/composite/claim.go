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
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
)

// claim adopts the orphans that match the parent's selector and releases the children that match no
// more, docs/protocol.md §4. The hook is called when the watch has shown the new owners.
func (c *controller) claim(ctx context.Context, x *exchange) error {
	o := x.observation
	var errs []error
	for _, claim := range o.release {
		errs = append(errs, c.release(ctx, x, claim))
	}
	if len(o.adopt) > 0 {
		var err error
		if x.superseded, err = c.wentMeanwhile(ctx, o.parent); err != nil || x.superseded {
			return errors.Join(append(errs, err)...)
		}
	}
	for _, claim := range o.adopt {
		errs = append(errs, c.adopt(ctx, x, claim))
	}
	return errors.Join(errs...)
}

// wentMeanwhile asks the API server itself whether the parent still is what the cache says: one that was
// deleted must not gather children.
func (c *controller) wentMeanwhile(ctx context.Context, parent *objects.Object) (bool, error) {
	live, err := c.config.Live.Resource(c.parent.GroupVersionResource).Namespace(parent.Namespace).Get(ctx, parent.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot adopt: reading the parent again: %w", err)
	}
	return live.UID != parent.UID || live.DeletionTimestamp != nil, nil
}

func (c *controller) adopt(ctx context.Context, x *exchange, claim claim) error {
	parent := x.observation.parent
	owner := *metav1.NewControllerRef(&metav1.ObjectMeta{Name: parent.Name, UID: parent.UID}, schema.FromAPIVersionAndKind(parent.APIVersion, parent.Kind))
	version, err := c.config.Applier.Adopt(ctx, c.applyClaim(claim), owner)
	return x.claimed(claim, &x.adopted, version, err)
}

func (c *controller) release(ctx context.Context, x *exchange, claim claim) error {
	version, err := c.config.Applier.Release(ctx, c.applyClaim(claim), x.observation.parent.UID)
	return x.claimed(claim, &x.released, version, err)
}

func (c *controller) applyClaim(claim claim) apply.Claim {
	resource, object := c.resources[claim.rule], claim.object
	return apply.Claim{
		Target: apply.Target{
			GroupVersionResource: resource.GroupVersionResource, Kind: resource.Kind, Namespace: object.Namespace, Name: object.Name,
		},
		UID: object.UID, ResourceVersion: object.ResourceVersion, OwnerReferences: object.OwnerReferences,
	}
}

// claimed notes the outcome of a change of ownership.
func (x *exchange) claimed(claim claim, done *[]string, version string, err error) error {
	object := claim.object
	if apierrors.IsNotFound(err) {
		return nil // it is gone: nothing to own
	}
	if err != nil {
		return err
	}
	*done = append(*done, object.Kind+" "+klog.KRef(object.Namespace, object.Name).String())
	x.writes = append(x.writes, wakeup.Write{
		Object:          wakeup.Object{Resource: claim.rule + 1, Namespace: object.Namespace, Name: object.Name},
		ResourceVersion: version,
		Matters:         true,
	})
	return nil
}
