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

package main

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	crds       = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// kind is a parent resource.
type kind struct {
	schema.GroupVersionResource
	Kind string
}

func newKind(name string) kind {
	return kind{
		GroupVersionResource: schema.GroupVersionResource{Group: "bench.hookplane.dev", Version: "v1", Resource: name + "s"},
		Kind:                 strings.ToUpper(name[:1]) + name[1:],
	}
}

// define creates the kind's CustomResourceDefinition, which is served a moment later.
func (b *bench) define(ctx context.Context, k kind) error {
	anything := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	_, err := b.dynamic.Resource(crds).Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": k.Resource + "." + k.Group},
		"spec": map[string]any{
			"group": k.Group, "scope": "Namespaced",
			"names": map[string]any{"kind": k.Kind, "plural": k.Resource, "singular": strings.ToLower(k.Kind)},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true, "subresources": map[string]any{"status": map[string]any{}},
				"schema": map[string]any{"openAPIV3Schema": map[string]any{
					"type": "object", "properties": map[string]any{"spec": anything, "status": anything},
				}},
			}},
		},
	}}, metav1.CreateOptions{})
	return err
}

// undefine deletes the kind and its objects.
func (b *bench) undefine(ctx context.Context, k kind) error {
	return b.dynamic.Resource(crds).Delete(ctx, k.Resource+"."+k.Group, metav1.DeleteOptions{})
}
