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
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/json"
)

// definition is what is kept of a CustomResourceDefinition or an APIService: just what it makes the
// cluster serve.
type definition struct {
	name, resourceVersion string
	// resources are what a CustomResourceDefinition makes the cluster serve; none before it is established.
	resources []Resource
	// delegated says that an APIService hands its group version to another server.
	delegated bool
	// available says that an APIService can be reached.
	available bool
}

// equal reports whether two definitions make the cluster serve the same.
func (d *definition) equal(other *definition) bool {
	return d.delegated == other.delegated && d.available == other.available &&
		slices.Equal(d.resources, other.resources)
}

// resource finds a resource among those that a CustomResourceDefinition makes the cluster serve.
func (d *definition) resource(gvr schema.GroupVersionResource) (Resource, error) {
	for _, served := range d.resources {
		if served.GroupVersionResource == gvr {
			return served, nil
		}
	}
	return Resource{}, notFound(gvr)
}

func (d *definition) item() *item[*definition] {
	return &item[*definition]{object: d, key: Key{Name: d.name}, resourceVersion: d.resourceVersion}
}

// definitionMetadata and definitionCondition are parts that the two kinds have in common.
type definitionMetadata struct {
	Name            string `json:"name"`
	ResourceVersion string `json:"resourceVersion"`
}

type definitionCondition struct {
	Type   string `json:"type"`
	Status string `json:"status"`
}

func isTrue(conditions []definitionCondition, name string) bool {
	return slices.Contains(conditions, definitionCondition{Type: name, Status: "True"})
}

// crdDocument is the part of a CustomResourceDefinition that is read. Schemas are skipped over.
type crdDocument struct {
	Metadata definitionMetadata `json:"metadata"`
	Spec     struct {
		Group    string `json:"group"`
		Scope    string `json:"scope"`
		Versions []struct {
			Name         string `json:"name"`
			Served       bool   `json:"served"`
			Subresources struct {
				Status *struct{} `json:"status"`
			} `json:"subresources"`
		} `json:"versions"`
	} `json:"spec"`
	Status struct {
		Conditions    []definitionCondition `json:"conditions"`
		AcceptedNames struct {
			Plural string `json:"plural"`
			Kind   string `json:"kind"`
		} `json:"acceptedNames"`
	} `json:"status"`
}

// decodeCRD decodes a CustomResourceDefinition of apiextensions.k8s.io/v1.
func decodeCRD(data []byte) (*item[*definition], error) {
	var crd crdDocument
	if err := json.UnmarshalCaseSensitivePreserveInts(data, &crd); err != nil {
		return nil, fmt.Errorf("cannot decode a CustomResourceDefinition: %w", err)
	}
	d := &definition{name: crd.Metadata.Name, resourceVersion: crd.Metadata.ResourceVersion}
	if !isTrue(crd.Status.Conditions, "Established") {
		return d.item(), nil
	}
	names := crd.Status.AcceptedNames
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		gvr := schema.GroupVersionResource{Group: crd.Spec.Group, Version: version.Name, Resource: names.Plural}
		d.resources = append(d.resources, Resource{
			GroupVersionResource: gvr, Kind: names.Kind,
			Namespaced: crd.Spec.Scope == "Namespaced",
			HasStatus:  version.Subresources.Status != nil,
		})
	}
	return d.item(), nil
}

// apiServiceDocument is the part of an APIService that is read.
type apiServiceDocument struct {
	Metadata definitionMetadata `json:"metadata"`
	Spec     struct {
		Service *struct{} `json:"service"`
	} `json:"spec"`
	Status struct {
		Conditions []definitionCondition `json:"conditions"`
	} `json:"status"`
}

// decodeAPIService decodes an APIService of apiregistration.k8s.io/v1.
func decodeAPIService(data []byte) (*item[*definition], error) {
	var service apiServiceDocument
	if err := json.UnmarshalCaseSensitivePreserveInts(data, &service); err != nil {
		return nil, fmt.Errorf("cannot decode an APIService: %w", err)
	}
	d := &definition{
		name: service.Metadata.Name, resourceVersion: service.Metadata.ResourceVersion,
		delegated: service.Spec.Service != nil,
		available: isTrue(service.Status.Conditions, "Available"),
	}
	return d.item(), nil
}

// crdName returns the name that Kubernetes demands of the definition of a custom resource.
func crdName(gvr schema.GroupVersionResource) string { return gvr.Resource + "." + gvr.Group }

// apiServiceName returns the name that Kubernetes demands of the APIService of a group version.
func apiServiceName(gv schema.GroupVersion) string { return gv.Version + "." + gv.Group }
