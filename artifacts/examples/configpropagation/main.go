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

// Command configpropagation is a hook that copies a ConfigMap to all namespaces with certain labels.
//
// The whole of its logic is the functions customize and sync; serve.go puts them on the network. See README.md.
package main

import (
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/hook"
)

// propagation is what a ConfigPropagation says.
type propagation struct {
	Spec struct {
		Source struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		} `json:"source"`
		NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector"`
	} `json:"spec"`
}

func read(parent *unstructured.Unstructured) (*propagation, error) {
	if parent == nil {
		return nil, errors.New("the request has no parent")
	}
	p := &propagation{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(parent.Object, p); err != nil {
		return nil, err
	}
	if p.Spec.NamespaceSelector == nil {
		return nil, errors.New("spec.namespaceSelector is missing: it says which namespaces get a copy")
	}
	return p, nil
}

// customize asks for the source, and for the namespaces that get a copy. Whenever one of them changes, sync is called.
func customize(observed *hook.CustomizeRequest) (*hook.CustomizeResponse, error) {
	p, err := read(observed.Parent)
	if err != nil {
		return nil, err
	}
	return &hook.CustomizeResponse{RelatedResources: []hook.RelatedResourceRule{
		{APIVersion: "v1", Resource: "configmaps", Namespace: p.Spec.Source.Namespace, Names: []string{p.Spec.Source.Name}},
		{APIVersion: "v1", Resource: "namespaces", LabelSelector: p.Spec.NamespaceSelector},
	}}, nil
}

// sync answers a copy of the source for each of the namespaces.
func sync(observed *hook.CompositeRequest) (*hook.CompositeResponse, error) {
	p, err := read(observed.Parent)
	if err != nil {
		return nil, err
	}
	response := &hook.CompositeResponse{}
	source := observed.Related.OfType("v1", "ConfigMap")[p.Spec.Source.Namespace+"/"+p.Spec.Source.Name]
	if source == nil {
		return response, response.SetStatus(map[string]any{"copies": 0, "message": "the source does not exist"})
	}
	for name, namespace := range observed.Related.OfType("v1", "Namespace") {
		if name == source.GetNamespace() || namespace.GetDeletionTimestamp() != nil {
			continue // it has the original; or accepts no new objects
		}
		content := map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": source.GetName(), "namespace": name},
		}
		for _, field := range []string{"data", "binaryData"} {
			if value, found := source.Object[field]; found {
				content[field] = value
			}
		}
		if err := response.AddChild(content); err != nil {
			return nil, err
		}
	}
	return response, response.SetStatus(map[string]any{"copies": len(response.Children)})
}
