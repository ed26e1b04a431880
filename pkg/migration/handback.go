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

package migration

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/hookplane/hookplane/admission/registration"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

const (
	// pollInterval is how often the cluster is asked whether it has done what was asked for, patience how long it may take.
	pollInterval = 100 * time.Millisecond
	patience     = 2 * time.Minute
)

// HandBack has the CustomResourceDefinitions serve the API again, and returns when they do. No Hookplane may serve it: one that runs
// would register again. What leads to it is removed, and the webhook configuration of its initializers.
func (c *Cluster) HandBack(ctx context.Context) error {
	state, err := c.State(ctx)
	switch {
	case err != nil:
		return err
	case len(state.Definitions) == 0:
		return errors.New("the CustomResourceDefinitions of Metacontroller are gone: there is nothing to give the API back to")
	case state.Service != nil && c.answers(ctx) == nil:
		return fmt.Errorf("hookplane serves the API still: stop it first; its Service is %s", state.Service)
	}
	for _, resource := range state.Definitions {
		if err := c.setServed(ctx, resource, true); err != nil {
			return err
		}
	}
	if err := c.unregister(ctx, state.Service != nil); err != nil {
		return err
	}
	return c.awaitDefinitions(ctx, state.Definitions)
}

// unregister removes what leads to a Hookplane. kube-apiserver makes the APIService of the CustomResourceDefinitions itself.
func (c *Cluster) unregister(ctx context.Context, registered bool) error {
	err := c.core.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(ctx, registration.Name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("cannot remove the MutatingWebhookConfiguration %s: %w", registration.Name, err)
	}
	names := []string{admissionAPIService}
	if registered {
		names = append(names, apiService)
	}
	for _, name := range names {
		err := c.aggregator.ApiregistrationV1().APIServices().Delete(ctx, name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("cannot remove the APIService %s: %w", name, err)
		}
	}
	return nil
}

// awaitDefinitions waits until the custom resources can be read.
func (c *Cluster) awaitDefinitions(ctx context.Context, resources []string) error {
	return await(ctx, "the CustomResourceDefinitions serve the API", func(ctx context.Context) error {
		state, err := c.State(ctx)
		if err != nil {
			return err
		}
		if state.Service != nil {
			return fmt.Errorf("the APIService leads to the Service %s again: a hookplane runs", state.Service)
		}
		for _, resource := range resources {
			if _, err := c.dynamic.Resource(v1alpha1.SchemeGroupVersion.WithResource(resource)).List(ctx, metav1.ListOptions{Limit: 1}); err != nil {
				return err
			}
		}
		return nil
	})
}

// await asks until check returns nil.
func await(ctx context.Context, what string, check func(context.Context) error) error {
	var lastErr error
	err := wait.PollUntilContextTimeout(ctx, pollInterval, patience, true, func(ctx context.Context) (bool, error) {
		err := check(ctx)
		if err != nil && ctx.Err() == nil {
			lastErr = err
		}
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("waited in vain until %s: %w", what, errors.Join(lastErr, err))
	}
	return nil
}
