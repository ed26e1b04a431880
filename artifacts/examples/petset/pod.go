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

import "maps"

// template is a Pod template.
type template struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec map[string]any `json:"spec"`
}

type object struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   metadata       `json:"metadata"`
	Spec       map[string]any `json:"spec"`
}

type metadata struct {
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// setLabel is on all Pods of a set, for its Service.
const setLabel = "petset"

// newPod returns the Pod of that name, which is also its host's name.
func (t template) newPod(name, set string) object {
	labels := map[string]string{}
	maps.Copy(labels, t.Metadata.Labels)
	labels[setLabel] = set
	spec := maps.Clone(t.Spec)
	spec["hostname"], spec["subdomain"] = name, set
	return object{
		APIVersion: "v1", Kind: "Pod", Spec: spec,
		Metadata: metadata{Name: name, Labels: labels, Annotations: t.Metadata.Annotations},
	}
}

// newService returns the Service that gives each Pod its DNS name: pod.set.namespace.svc.
func newService(set string) object {
	return object{
		APIVersion: "v1", Kind: "Service", Metadata: metadata{Name: set},
		Spec: map[string]any{"clusterIP": "None", "selector": map[string]string{setLabel: set}, "publishNotReadyAddresses": true},
	}
}
