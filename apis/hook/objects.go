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

package hook

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Objects are observed objects, as a request shows them: by type, then by name.
//
// The outer key is what [TypeKey] returns, such as "Pod.v1". It is there for every type that the controller declares,
// also when no such object exists.
//
// The inner key is the object's name, or "namespace/name":
//
//   - In version v1 of the protocol it is the name when the object and the parent have the same scope, and
//     "namespace/name" when the parent is cluster-scoped and the object is namespaced.
//   - In version v2 it is "namespace/name" for every namespaced object.
type Objects map[string]map[string]*unstructured.Unstructured

// OfType returns the objects of one type by their inner key; nil when the request has none.
func (o Objects) OfType(apiVersion, kind string) map[string]*unstructured.Unstructured {
	return o[TypeKey(apiVersion, kind)]
}

// TypeKey returns the outer key of [Objects] for a type: "Pod.v1", "StatefulSet.apps/v1".
func TypeKey(apiVersion, kind string) string {
	return kind + "." + apiVersion
}
