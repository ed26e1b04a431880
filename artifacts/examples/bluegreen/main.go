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

// Command bluegreen is a hook that runs a BlueGreenDeployment: two ReplicaSets, of which one serves while the other one gets
// ready.
//
// The whole of its logic is the function sync; objects.go makes the objects, and serve.go puts it on the network. See README.md.
package main

import "errors"

// request is what the hook needs of what Hookplane sends: the deployment, and its children by name.
type request struct {
	Parent struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec spec `json:"spec"`
	} `json:"parent"`
	Children struct {
		ReplicaSets map[string]replicaSet `json:"ReplicaSet.apps/v1"`
		Services    map[string]service    `json:"Service.v1"`
	} `json:"children"`
}

type spec struct {
	Replicas int            `json:"replicas"`
	Port     int            `json:"port"`
	Template map[string]any `json:"template"`
}

// response is the hook's answer: the objects that should be, and the deployment's status.
type response struct {
	Status   status `json:"status"`
	Children []any  `json:"children"`
}

type status struct {
	// Active is the color that serves.
	Active string `json:"active"`
	// Progress is what happens: Serving, Draining, Preparing or Switching.
	Progress      string `json:"progress"`
	ReadyReplicas int    `json:"readyReplicas"`
}

const (
	blue  = "blue"
	green = "green"
)

// sync decides what the two ReplicaSets should be, and which of them serves. It keeps nothing: which color is active is in the
// Service, and what each color runs is in its ReplicaSet.
func sync(observed request) (response, error) {
	parent := observed.Parent
	if len(parent.Spec.Template) == 0 {
		return response{}, errors.New("spec.template is missing: it has the Pods' containers")
	}
	name := parent.Metadata.Name
	active := observed.Children.Services[name].Spec.Selector[colorLabel]
	if active == "" {
		active = blue
	}
	idle := other(active)
	serving, waiting := observed.Children.ReplicaSets[name+"-"+active], observed.Children.ReplicaSets[name+"-"+idle]
	wanted := hash(parent.Spec.Template)

	// What stays as it is, is answered as it is: with the template that the ReplicaSet has.
	serves, waits := serving.withReplicas(parent.Spec.Replicas), waiting.withReplicas(0)
	if !serving.exists() {
		serves = newReplicaSet(name, active, parent.Spec.Template, parent.Spec.Replicas)
	}
	if !waiting.exists() {
		waits = newReplicaSet(name, idle, parent.Spec.Template, 0)
	}
	progress := "Serving"
	switch {
	case serves.templateHash() == wanted: // Nothing is to change, or not any more.
	case waiting.Status.Replicas > 0 && waiting.templateHash() != wanted:
		progress = "Draining" // A template reaches new Pods only: those that are there have to go first.
	case waiting.readyWith(wanted, parent.Spec.Replicas):
		progress = "Switching"
		waits, active = waiting.withReplicas(parent.Spec.Replicas), idle
	default:
		progress = "Preparing"
		waits = newReplicaSet(name, idle, parent.Spec.Template, parent.Spec.Replicas)
	}
	return response{
		Status:   status{Active: active, Progress: progress, ReadyReplicas: observed.Children.ReplicaSets[name+"-"+active].Status.ReadyReplicas},
		Children: []any{serves, waits, newService(name, active, parent.Spec.Port)},
	}, nil
}

func other(color string) string {
	if color == blue {
		return green
	}
	return blue
}
