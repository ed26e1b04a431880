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

package initialization

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ExcludedNamespaces returns the namespaces whose objects no initializer completes, sorted: kube-system, the server's own, and
// those of the hooks' Services. What hooks and the server need to start must not wait for them. docs/protocol.md §7.
func (s *Snapshot) ExcludedNamespaces(own string) []string {
	excluded := []string{metav1.NamespaceSystem}
	if own != "" {
		excluded = append(excluded, own)
	}
	for _, i := range s.Initializers {
		if namespace := i.HookNamespace(); namespace != "" {
			excluded = append(excluded, namespace)
		}
	}
	slices.Sort(excluded)
	return slices.Compact(excluded)
}
