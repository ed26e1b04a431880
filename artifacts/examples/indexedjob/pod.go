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
	"maps"
	"slices"
	"strconv"
)

// template is a Pod template.
type template struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec map[string]any `json:"spec"`
}

type pod struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   metadata       `json:"metadata"`
	Spec       map[string]any `json:"spec"`
}

type metadata struct {
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations"`
}

// newPod returns the Pod for one index. It is the same for the same template, name and index, or a running Pod would
// look as if it had to change.
func (t template) newPod(name string, index int) pod {
	text := strconv.Itoa(index)
	annotations := map[string]string{}
	maps.Copy(annotations, t.Metadata.Annotations)
	annotations["index"] = text

	spec := maps.Clone(t.Spec)
	if _, set := spec["restartPolicy"]; !set {
		spec["restartPolicy"] = "Never" // with the default, Always, a Pod never succeeds
	}
	if containers, ok := spec["containers"].([]any); ok {
		spec["containers"] = tell(containers, text)
	}
	return pod{
		APIVersion: "v1",
		Kind:       "Pod",
		Metadata:   metadata{Name: name, Labels: t.Metadata.Labels, Annotations: annotations},
		Spec:       spec,
	}
}

// tell returns containers that find index in their environment, and leaves those of the template alone.
func tell(containers []any, index string) []any {
	told := slices.Clone(containers)
	for i := range told {
		if container, ok := told[i].(map[string]any); ok {
			container = maps.Clone(container)
			env, _ := container["env"].([]any)
			container["env"] = append(slices.Clip(env), map[string]any{"name": "JOB_INDEX", "value": index})
			told[i] = container
		}
	}
	return told
}
