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

// Podhostname is the init hook of an InitializerController: it gives a new Pod the hostname and subdomain that its
// annotations ask for, before anybody sees the Pod.
package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/hook"
)

// wishes are the fields of a Pod's spec by the annotation that asks for them.
var wishes = map[string]string{
	"hostname":  "pod.beta.kubernetes.io/hostname",
	"subdomain": "pod.beta.kubernetes.io/subdomain",
}

// initialize answers the Pod that should be created.
func initialize(request *hook.InitializeRequest) (*hook.InitializeResponse, error) {
	pod := request.Object
	for field, annotation := range wishes {
		wanted := pod.GetAnnotations()[annotation]
		current, _, err := unstructured.NestedString(pod.Object, "spec", field)
		if err != nil || wanted == "" || current != "" {
			continue // a Pod that says it itself, or is wrong, is the API server's to judge
		}
		if err := unstructured.SetNestedField(pod.Object, wanted, "spec", field); err != nil {
			return nil, fmt.Errorf("cannot set spec.%s: %w", field, err)
		}
	}
	response := &hook.InitializeResponse{}
	return response, response.SetObject(pod)
}
