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

package authz

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
)

// maxReviews is how many SubjectAccessReviews one request has under way.
const maxReviews = 8

// reviews is where SubjectAccessReviews are created.
type reviews interface {
	Create(ctx context.Context, review *authorizationv1.SubjectAccessReview, options metav1.CreateOptions) (*authorizationv1.SubjectAccessReview, error)
}

// missing returns the rights that the user does not hold, in the order given.
func missing(ctx context.Context, reviews reviews, who user.Info, wanted rights) (rights, error) {
	held := make([]bool, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReviews)
	for i, right := range wanted {
		group.Go(func() (err error) {
			held[i], err = holds(ctx, reviews, who, right)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var lacking rights
	for i, right := range wanted {
		if !held[i] {
			lacking = append(lacking, right)
		}
	}
	return lacking, nil
}

// holds asks the host cluster whether the user holds a right.
func holds(ctx context.Context, reviews reviews, who user.Info, wanted right) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	extra := make(map[string]authorizationv1.ExtraValue, len(who.GetExtra()))
	for key, values := range who.GetExtra() {
		extra[key] = values
	}
	review, err := reviews.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: who.GetName(), UID: who.GetUID(), Groups: who.GetGroups(), Extra: extra,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: wanted.verb, Version: "*", Group: wanted.resource.Group, Resource: wanted.resource.Resource,
			Subresource: wanted.subresource, Namespace: wanted.namespace, Name: wanted.name,
		},
	}}, metav1.CreateOptions{})
	if apierrors.IsForbidden(err) {
		return false, fmt.Errorf("the server may not ask, for which it needs the ClusterRole system:auth-delegator: %w", err)
	}
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}
