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

// Command ecommerce is a hook that turns an Ecommerce, the description of a shop, into Pods.
//
// The whole of its logic is the function sync; serve.go puts it on the network. See README.md.
package main

import (
	"encoding/json"
	"errors"
)

// request is what the hook needs of what Hookplane sends: the shop, and its Pods by name.
type request struct {
	Parent struct {
		Spec struct {
			SearchBackend string `json:"search-backend"`
			IngressClass  string `json:"ingress-class"`
			Template      struct {
				Spec json.RawMessage `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	} `json:"parent"`
	Children struct {
		Pods map[string]observedPod `json:"Pod.v1"`
	} `json:"children"`
}

type observedPod struct {
	Status struct {
		Conditions []condition `json:"conditions"`
	} `json:"status"`
}

// response is the hook's answer: the Pods that should be, and the shop's status.
type response struct {
	Status   status `json:"status"`
	Children []pod  `json:"children"`
}

type status struct {
	Conditions []condition `json:"conditions"`
}

type condition struct {
	Type   string `json:"type"`
	Status string `json:"status"`
}

type pod struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       any      `json:"spec"`
}

type metadata struct {
	Name string `json:"name"`
}

type podSpec struct {
	Containers []container `json:"containers"`
}

type container struct {
	Name  string `json:"name"`
	Image string `json:"image"`
	Env   []env  `json:"env,omitempty"`
}

type env struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// known are the search backends and ingress classes that need more than an image of their own name.
var known = map[string]container{
	"solr":          {Image: "solr:9.9"},
	"elasticsearch": {Image: "elasticsearch:9.1.3", Env: []env{{Name: "discovery.type", Value: "single-node"}}},
	"apache":        {Image: "httpd:2.4"},
	"nginx":         {Image: "nginx:1.29"},
}

// sync decides which Pods a shop should have, and whether it is available.
func sync(observed request) (response, error) {
	shop := observed.Parent.Spec
	if shop.Template.Spec == nil {
		return response{}, errors.New("spec.template.spec is missing: it has the shop's containers")
	}
	desired := []pod{newPod("hybris", shop.Template.Spec)}
	for _, name := range []string{shop.SearchBackend, shop.IngressClass} {
		if name != "" {
			desired = append(desired, newPod(name, specOf(name)))
		}
	}
	available := "True"
	for _, pod := range desired {
		if !ready(observed.Children.Pods[pod.Metadata.Name]) {
			available = "False"
		}
	}
	return response{
		Status:   status{Conditions: []condition{{Type: "Available", Status: available}}},
		Children: desired,
	}, nil
}

func newPod(name string, spec any) pod {
	return pod{APIVersion: "v1", Kind: "Pod", Metadata: metadata{Name: name}, Spec: spec}
}

func specOf(name string) podSpec {
	c, found := known[name]
	if !found {
		c.Image = name
	}
	c.Name = name
	return podSpec{Containers: []container{c}}
}

func ready(pod observedPod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True"
		}
	}
	return false
}
