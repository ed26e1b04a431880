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
	"encoding/json"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// children is how many ConfigMaps a parent has.
const children = 3

// childBytes is how much data each of them holds.
const childBytes = 1000

// parentObject is a parent, whose children carry value.
func parentObject(k kind, name, value string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": k.GroupVersion().String(), "kind": k.Kind,
		"metadata": map[string]any{"name": name},
		"spec":     map[string]any{"value": value},
	}}
}

// parentName is the name of a parent.
func parentName(i int) string { return "p" + strconv.Itoa(i) }

// childName is the name of a parent's child.
func childName(parent string, i int) string { return fmt.Sprintf("%s-%d", parent, i) }

// childObject is a ConfigMap as hooks answer it and as the plain client applies it.
func childObject(parent string, i int, value string, size int) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": childName(parent, i)},
		"data":     map[string]any{"value": value, "text": text(size)},
	}
}

// syncRequest is what the hooks here look at.
type syncRequest struct {
	Parent struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			Value string `json:"value"`
		} `json:"spec"`
	} `json:"parent"`
	Children map[string]map[string]struct{} `json:"children"`
}

// answerConfigMaps is a hook that wants children of size bytes, and says in the status how many it has seen.
func answerConfigMaps(size int) func(body []byte) ([]byte, error) {
	return func(body []byte) ([]byte, error) {
		var in syncRequest
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, err
		}
		desired := make([]any, children)
		for i := range desired {
			desired[i] = childObject(in.Parent.Metadata.Name, i, in.Parent.Spec.Value, size)
		}
		return json.Marshal(map[string]any{
			"status":   map[string]any{"children": len(in.Children["ConfigMap.v1"])},
			"children": desired,
		})
	}
}
