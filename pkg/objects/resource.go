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

package objects

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Resource is a resource type that the cluster serves. It is comparable.
type Resource struct {
	schema.GroupVersionResource
	Kind       string
	Namespaced bool
	// HasStatus says that the type has the status subresource.
	HasStatus bool
}

// APIVersion returns group and version as manifests write them: "v1", "apps/v1".
func (r Resource) APIVersion() string { return r.GroupVersion().String() }

// GroupVersionKind returns the kind of the type's objects.
func (r Resource) GroupVersionKind() schema.GroupVersionKind {
	return r.GroupVersion().WithKind(r.Kind)
}

// ResourceNotFoundError says that the cluster does not serve a resource type now.
type ResourceNotFoundError struct {
	// APIVersion is "group/version", or "version" for the core group; Resource is the plural name.
	APIVersion, Resource string
}

func (e *ResourceNotFoundError) Error() string {
	return fmt.Sprintf("the cluster does not serve resource %q in apiVersion %q: check the plural name, or create its CustomResourceDefinition", e.Resource, e.APIVersion)
}

// groupVersionPath returns the path under which the API serves a group version.
func groupVersionPath(gv schema.GroupVersion) string {
	if gv.Group == "" {
		return "/api/" + gv.Version
	}
	return "/apis/" + gv.Group + "/" + gv.Version
}

// listPath returns the path under which the API lists the resource's objects of all namespaces.
func listPath(gvr schema.GroupVersionResource) string {
	return groupVersionPath(gvr.GroupVersion()) + "/" + gvr.Resource
}
