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
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
)

const (
	// colorLabel is on the Pods of each color, for the Service.
	colorLabel = "color"
	nameLabel  = "bluegreen"
	// hashAnnotation tells which template a ReplicaSet has. The template itself cannot be compared: the API server adds to it.
	hashAnnotation = "bluegreen.example.com/template"
)

// replicaSet is a ReplicaSet as it is observed, and as it should be.
type replicaSet struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       struct {
		Replicas int            `json:"replicas"`
		Selector map[string]any `json:"selector,omitempty"`
		Template map[string]any `json:"template"`
	} `json:"spec"`
	Status replicaSetStatus `json:"status,omitzero"`
}

type replicaSetStatus struct {
	ObservedGeneration int `json:"observedGeneration"`
	Replicas           int `json:"replicas"`
	ReadyReplicas      int `json:"readyReplicas"`
}

type service struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       struct {
		Selector map[string]string `json:"selector"`
		Ports    []servicePort     `json:"ports"`
	} `json:"spec"`
}

type servicePort struct {
	Port int `json:"port"`
}

type metadata struct {
	Name        string            `json:"name"`
	Generation  int               `json:"generation,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

func (r replicaSet) exists() bool { return r.Metadata.Name != "" }

func (r replicaSet) templateHash() string { return r.Metadata.Annotations[hashAnnotation] }

// readyWith reports whether so many Pods with the template of that hash are ready.
func (r replicaSet) readyWith(hash string, replicas int) bool {
	return r.templateHash() == hash && r.Status.ObservedGeneration >= r.Metadata.Generation &&
		r.Spec.Replicas == replicas && r.Status.ReadyReplicas >= replicas
}

// newReplicaSet returns a color's ReplicaSet with a template.
func newReplicaSet(name, color string, template map[string]any, replicas int) replicaSet {
	labels := map[string]any{nameLabel: name, colorLabel: color}
	r := replicaSet{
		APIVersion: "apps/v1", Kind: "ReplicaSet",
		Metadata: metadata{Name: name + "-" + color, Annotations: map[string]string{hashAnnotation: hash(template)}},
	}
	r.Spec.Replicas = replicas
	r.Spec.Selector = map[string]any{"matchLabels": labels}
	r.Spec.Template = withLabels(template, labels)
	return r
}

// withReplicas returns what an observed ReplicaSet should be so that nothing changes but the number of Pods.
func (r replicaSet) withReplicas(replicas int) replicaSet {
	kept := r
	kept.APIVersion, kept.Kind = "apps/v1", "ReplicaSet"
	kept.Metadata.Generation = 0
	kept.Metadata.Annotations = map[string]string{hashAnnotation: r.templateHash()}
	kept.Spec.Replicas = replicas
	kept.Status = replicaSetStatus{}
	return kept
}

// withLabels returns a template whose Pods have these labels too, and leaves the template alone.
func withLabels(template, labels map[string]any) map[string]any {
	template = maps.Clone(template)
	metadata, _ := template["metadata"].(map[string]any)
	own, _ := metadata["labels"].(map[string]any)
	all := map[string]any{}
	maps.Copy(all, own)
	maps.Copy(all, labels)
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["labels"] = all
	template["metadata"] = metadata
	return template
}

func newService(name, color string, port int) service {
	s := service{APIVersion: "v1", Kind: "Service", Metadata: metadata{Name: name}}
	s.Spec.Selector = map[string]string{nameLabel: name, colorLabel: color}
	s.Spec.Ports = []servicePort{{Port: port}}
	return s
}

// hash is the same for the same template: maps are encoded in the order of their keys.
func hash(template map[string]any) string {
	text, err := json.Marshal(template)
	if err != nil {
		return "" // what was decoded from JSON can be encoded
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
