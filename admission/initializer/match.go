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
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/pkg/initialization"
)

// candidate is an initializer whose resources and namespaces have the object. err says that this cannot be known.
type candidate struct {
	*initialization.Initializer
	err error
}

// candidates returns the initializers that may match the object, in order.
func (r *Reviewer) candidates(ctx context.Context, c *chain) []candidate {
	var (
		found     []candidate
		namespace labels.Set
		err       error
		known     bool
	)
	resource := resourceOf(c.request)
	for _, i := range c.snapshot.Initializers {
		if !i.Declares(resource) {
			continue
		}
		if i.NamespaceSelector.Empty() || !namespaced(c.request) {
			found = append(found, candidate{Initializer: i})
			continue
		}
		if !known {
			known = true
			if namespace, err = r.namespaceLabels(ctx, c); err != nil {
				err = fmt.Errorf("cannot read the labels of namespace %s: %w", c.request.Namespace, err)
			}
		}
		if err != nil || i.NamespaceSelector.Matches(namespace) {
			found = append(found, candidate{Initializer: i, err: err})
		}
	}
	return found
}

// matches reports whether the object, as it is now, matches the rest of what the initializer says.
func (r *Reviewer) matches(ctx context.Context, c *chain, i *initialization.Initializer) (bool, error) {
	if !i.ObjectSelector.Matches(c.object.Labels()) {
		return false, nil
	}
	return r.conditions.match(ctx, c, i, r.Authorizer)
}

// excluded reports whether the object is of a namespace whose objects are left alone, or is such a Namespace.
func (r *Reviewer) excluded(snapshot *initialization.Snapshot, request *admissionv1.AdmissionRequest) bool {
	namespace := request.Namespace
	if isNamespace(request) {
		namespace = request.Name
	}
	return namespace != "" && slices.Contains(snapshot.ExcludedNamespaces(r.OwnNamespace), namespace)
}

func isNamespace(request *admissionv1.AdmissionRequest) bool {
	return request.Resource.Group == "" && request.Resource.Resource == "namespaces"
}

// namespaced reports whether namespace selectors apply: Namespaces have labels of their own.
func namespaced(request *admissionv1.AdmissionRequest) bool {
	return request.Namespace != "" || isNamespace(request)
}

func (r *Reviewer) namespaceLabels(ctx context.Context, c *chain) (labels.Set, error) {
	if isNamespace(c.request) {
		return c.object.Labels(), nil
	}
	return r.Namespaces.Labels(ctx, c.request.Namespace)
}
