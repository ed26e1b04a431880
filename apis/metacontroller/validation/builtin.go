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

package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// parentSelectors says, of resource types that every cluster has, whether their
// objects have a label selector in spec.selector. Others can only be asked for
// in the cluster.
var parentSelectors = map[schema.GroupResource]bool{
	{Group: "", Resource: "configmaps"}:                          false,
	{Group: "", Resource: "namespaces"}:                          false,
	{Group: "", Resource: "nodes"}:                               false,
	{Group: "", Resource: "persistentvolumeclaims"}:              false, // selects volumes
	{Group: "", Resource: "pods"}:                                false,
	{Group: "", Resource: "replicationcontrollers"}:              false, // a map, no label selector
	{Group: "", Resource: "secrets"}:                             false,
	{Group: "", Resource: "serviceaccounts"}:                     false,
	{Group: "", Resource: "services"}:                            false, // a map, no label selector
	{Group: "apps", Resource: "daemonsets"}:                      true,
	{Group: "apps", Resource: "deployments"}:                     true,
	{Group: "apps", Resource: "replicasets"}:                     true,
	{Group: "apps", Resource: "statefulsets"}:                    true,
	{Group: "autoscaling", Resource: "horizontalpodautoscalers"}: false,
	{Group: "batch", Resource: "cronjobs"}:                       false,
	{Group: "batch", Resource: "jobs"}:                           true,
	{Group: "networking.k8s.io", Resource: "ingresses"}:          false,
	{Group: "networking.k8s.io", Resource: "networkpolicies"}:    false, // spec.podSelector
	{Group: "policy", Resource: "poddisruptionbudgets"}:          true,
	{Group: "rbac.authorization.k8s.io", Resource: "roles"}:      false,
	{Group: "storage.k8s.io", Resource: "storageclasses"}:        false,
}

// warnSelector tells of generateSelector where the parents have a selector
// already, and of its absence where they cannot have one.
func warnSelector(spec *metacontroller.CompositeControllerSpec, path *field.Path) []string {
	parent := groupResource(spec.ParentResource.APIVersion, spec.ParentResource.Resource)
	selects, known := parentSelectors[parent]
	generate := spec.GenerateSelector != nil && *spec.GenerateSelector
	switch {
	case !known || selects != generate:
		return nil
	case generate:
		return []string{fmt.Sprintf("%s: the spec.selector that %s have is ignored", path.Child("generateSelector"), parent)}
	default:
		return []string{fmt.Sprintf("%s: must be true for children to be found, because %s have no label selector in spec.selector", path.Child("generateSelector"), parent)}
	}
}
