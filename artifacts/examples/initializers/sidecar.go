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
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/hook"
)

// addSidecar adds a container that ships the Pod's logs, unless it is there already: a hook may be called again for an object
// that it has completed.
func addSidecar(request *hook.InitializeRequest) error {
	pod := request.Object.Object
	containers, _, err := unstructured.NestedSlice(pod, "spec", "containers")
	if err != nil {
		return err
	}
	isSidecar := func(container any) bool {
		fields, _ := container.(map[string]any)
		return fields["name"] == "log-shipper"
	}
	if slices.ContainsFunc(containers, isSidecar) {
		return nil
	}
	sidecar := map[string]any{
		"name": "log-shipper", "image": "fluent/fluent-bit:3.1",
		"args": []any{"--input", "tail", "--output", "stdout"},
	}
	return unstructured.SetNestedSlice(pod, append(containers, sidecar), "spec", "containers")
}
