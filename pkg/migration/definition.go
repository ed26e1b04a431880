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

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// setServed makes a CustomResourceDefinition serve its custom resources or not. When it stops, watches of them end: one that was
// opened before the API was taken over would be told of their removal. The garbage collector would then take the objects of the
// same identity in Hookplane for gone, and delete what they own.
func (c *Cluster) setServed(ctx context.Context, resource string, served bool) error {
	definition, err := c.definition(ctx, resource)
	if err != nil || definition == nil {
		return err
	}
	versions, _, err := unstructured.NestedSlice(definition.Object, "spec", "versions")
	if err != nil {
		return fmt.Errorf("cannot read the versions of the CustomResourceDefinition %s: %w", definition.GetName(), err)
	}
	changed := false
	for _, version := range versions {
		if fields, isObject := version.(map[string]any); isObject && fields["served"] != served {
			fields["served"], changed = served, true
		}
	}
	if !changed {
		return nil
	}
	if err := unstructured.SetNestedSlice(definition.Object, versions, "spec", "versions"); err != nil {
		return fmt.Errorf("cannot set the versions of the CustomResourceDefinition %s: %w", definition.GetName(), err)
	}
	if _, err := c.dynamic.Resource(definitions).Update(ctx, definition, metav1.UpdateOptions{FieldManager: "hookplane"}); err != nil {
		return fmt.Errorf("cannot update the CustomResourceDefinition %s: %w", definition.GetName(), err)
	}
	return nil
}

// remove removes a CustomResourceDefinition with all its custom resources, and returns when they are gone.
func (c *Cluster) remove(ctx context.Context, resource string) error {
	name := definitionName(resource)
	if err := c.dynamic.Resource(definitions).Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("cannot remove the CustomResourceDefinition %s: %w", name, err)
	}
	return await(ctx, "the CustomResourceDefinition "+name+" is gone", func(ctx context.Context) error {
		definition, err := c.definition(ctx, resource)
		if err != nil || definition == nil {
			return err
		}
		return errors.New("it is there: " + terminating(definition))
	})
}

// terminating is what the cluster says about a removal.
func terminating(definition *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(definition.Object, "status", "conditions") // of another form: nothing is known
	for _, condition := range conditions {
		if fields, _ := condition.(map[string]any); fields["type"] == "Terminating" {
			return fmt.Sprint(fields["message"])
		}
	}
	return "its removal has not begun"
}
