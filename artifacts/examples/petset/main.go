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

// Command petset is a hook that runs a PetSet: Pods with names that last, as a StatefulSet has them.
//
// The whole of its logic is the function sync; pod.go makes the Pods, and serve.go puts it on the network. See README.md.
package main

import (
	"errors"
	"fmt"
	"slices"
)

// request is what the hook needs of what Hookplane sends: the set, and its Pods by name.
type request struct {
	Parent struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			Replicas int      `json:"replicas"`
			Template template `json:"template"`
		} `json:"spec"`
	} `json:"parent"`
	Children struct {
		Pods map[string]observedPod `json:"Pod.v1"`
	} `json:"children"`
}

type observedPod struct {
	Metadata struct {
		DeletionTimestamp string `json:"deletionTimestamp"`
	} `json:"metadata"`
	Status struct {
		Conditions []condition `json:"conditions"`
	} `json:"status"`
}

type condition struct {
	Type   string `json:"type"`
	Status string `json:"status"`
}

// response is the hook's answer: the objects that should be, and the set's status.
type response struct {
	Status   status   `json:"status"`
	Children []object `json:"children"`
}

type status struct {
	Replicas      int `json:"replicas"`
	ReadyReplicas int `json:"readyReplicas"`
}

// sync decides which Pods a set should have now. Updates are not its business: Hookplane calls it for the template as it is
// and for the one before, and brings the Pods from one to the other in the order of the answer, the highest ordinal first.
func sync(observed request) (response, error) {
	set := observed.Parent
	if set.Spec.Template.Spec == nil {
		return response{}, errors.New("spec.template.spec is missing: it has the set's containers")
	}
	name := func(ordinal int) string { return fmt.Sprintf("%s-%d", set.Metadata.Name, ordinal) }
	pods := observed.Children.Pods
	answer := response{Status: status{Replicas: len(pods)}}
	for _, pod := range pods {
		if pod.ready() {
			answer.Status.ReadyReplicas++
		}
	}

	var wanted []string
	waiting := false
	for ordinal := range set.Spec.Replicas {
		pod, exists := pods[name(ordinal)]
		if exists || !waiting { // A new Pod comes when all those before it are ready.
			wanted = append(wanted, name(ordinal))
		}
		waiting = waiting || !pod.ready()
	}
	for ordinal := set.Spec.Replicas; exists(pods, name(ordinal)) && exists(pods, name(ordinal+1)); ordinal++ {
		wanted = append(wanted, name(ordinal)) // Of those that are too many, the last one goes.
	}
	for _, name := range slices.Backward(wanted) {
		answer.Children = append(answer.Children, set.Spec.Template.newPod(name, set.Metadata.Name))
	}
	answer.Children = append(answer.Children, newService(set.Metadata.Name))
	return answer, nil
}

func exists(pods map[string]observedPod, name string) bool {
	_, exists := pods[name]
	return exists
}

func (p observedPod) ready() bool {
	for _, condition := range p.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True" && p.Metadata.DeletionTimestamp == ""
		}
	}
	return false
}
