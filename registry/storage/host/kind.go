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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is a kind of objects that are stored, each in a record of a type of its own.
type Kind struct {
	// Resource is the plural name, of the objects and of their records: compositecontrollers.
	Resource string
	// Name is what one object is called: CompositeController.
	Name string
}

// recordKind is what a record is called.
func (k Kind) recordKind() schema.GroupVersionKind {
	return GroupVersion.WithKind(k.Name + "Record")
}

// definitionName is the name of the CustomResourceDefinition.
func (k Kind) definitionName() string {
	return k.Resource + "." + GroupVersion.Group
}

// definition returns the CustomResourceDefinition of the records. They are cluster-scoped, whatever the objects are:
// who may do anything in a namespace may still not write past the API into its storage, and a namespace that is deleted
// takes objects with it through the API alone.
func (k Kind) definition() *unstructured.Unstructured {
	kind := k.recordKind().Kind
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description}
	}
	data := text("The encoded object. Not to be changed by hand: nothing checks it.")
	data["format"] = "byte"
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": k.definitionName()},
		"spec": map[string]any{
			"group": GroupVersion.Group, "scope": "Cluster",
			"names": map[string]any{"kind": kind, "listKind": kind + "List", "plural": k.Resource},
			"versions": []any{map[string]any{
				"name": GroupVersion.Version, "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{
					"type":        "object",
					"description": "A " + k.Name + " as hookplane stores it. Use the API metacontroller.k8s.io instead.",
					"required":    []any{"key", "data"},
					"properties":  map[string]any{"key": text("Name of the object, after that of its namespace."), "data": data},
				}},
			}},
		},
	}}
}
