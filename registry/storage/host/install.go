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

package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

const (
	// installTimeout bounds how long the host cluster may take until it serves new records.
	installTimeout = 30 * time.Second
	installPoll    = 100 * time.Millisecond
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// Install makes the CustomResourceDefinitions of the kinds that the host cluster does not have yet, and returns when
// it serves their records.
func Install(ctx context.Context, config *rest.Config, kinds []Kind) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("cannot make a client for the host cluster: %w", err)
	}
	for _, kind := range kinds {
		if err := create(ctx, client, kind); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, installTimeout, fmt.Errorf("not served within %s", installTimeout))
	defer cancel()
	for _, kind := range kinds {
		if err := await(ctx, config, client, kind); err != nil {
			return fmt.Errorf("the host cluster does not serve the CustomResourceDefinition %s: %w", kind.definitionName(), err)
		}
	}
	return nil
}

func create(ctx context.Context, client dynamic.Interface, kind Kind) error {
	name := kind.definitionName()
	_, err := client.Resource(definitions).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = client.Resource(definitions).Create(ctx, kind.definition(), metav1.CreateOptions{FieldManager: "hookplane"})
		if apierrors.IsAlreadyExists(err) {
			return nil // by another replica
		}
	}
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("cannot set up the storage in the host cluster; have an administrator create the CustomResourceDefinition %s, or grant get and create of it: %w", name, err)
	}
	if err != nil {
		return fmt.Errorf("cannot set up the storage in the host cluster: CustomResourceDefinition %s: %w", name, err)
	}
	return nil
}

// await waits until a definition is established and records can be listed.
func await(ctx context.Context, config *rest.Config, client dynamic.Interface, kind Kind) error {
	records, err := newRecords(config, kind)
	if err != nil {
		return err
	}
	lastErr := errors.New("it is not established")
	err = wait.PollUntilContextCancel(ctx, installPoll, true, func(ctx context.Context) (bool, error) {
		definition, err := client.Resource(definitions).Get(ctx, kind.definitionName(), metav1.GetOptions{})
		if err == nil && !established(definition) {
			return false, nil
		}
		if err == nil {
			_, err = records.currentVersion(ctx)
		}
		if err != nil && ctx.Err() == nil {
			lastErr = err
		}
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), lastErr)
	}
	return nil
}

func established(definition *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(definition.Object, "status", "conditions") // of another form: not established
	for _, condition := range conditions {
		fields, _ := condition.(map[string]any)
		if fields["type"] == "Established" && fields["status"] == "True" {
			return true
		}
	}
	return false
}
