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
	"fmt"

	"k8s.io/client-go/kubernetes/scheme"

	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/objects"
)

// builtIn reports whether Kubernetes itself has the type, so that another controller may own its status.
func builtIn(resource objects.Resource) bool {
	switch resource.Group {
	case "apiextensions.k8s.io", "apiregistration.k8s.io": // not among the client's
		return true
	}
	return scheme.Scheme.IsGroupRegistered(resource.Group)
}

// noStatus is the problem of a parent resource without the status subresource.
func noStatus(resource objects.Resource) *supervise.DefinitionError {
	advice := "add `subresources: {status: {}}` to this version of its CustomResourceDefinition"
	if builtIn(resource) {
		advice = "Kubernetes gives this type none, so choose another parent resource, such as a custom resource"
	}
	return &supervise.DefinitionError{Reason: reasonNoStatus, Event: supervise.EventSyncError, Message: fmt.Sprintf(
		"spec.parentResource: ignoring, %s of %s does not have subresource 'Status' enabled: %s", resource.Resource, resource.APIVersion(), advice)}
}
