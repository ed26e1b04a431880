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

// Command indexedjob is a hook that runs an IndexedJob: a job in which every completion has an index.
//
// The whole of its logic is the function sync; pod.go makes the Pods, and serve.go puts it on the network. See README.md.
package main

import (
	"errors"
	"fmt"
)

// request is what the hook needs of what Hookplane sends: the job, and its Pods by name.
type request struct {
	Parent struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			Completions int      `json:"completions"`
			Parallelism int      `json:"parallelism"`
			Template    template `json:"template"`
		} `json:"spec"`
	} `json:"parent"`
	Children struct {
		Pods map[string]observedPod `json:"Pod.v1"`
	} `json:"children"`
}

type observedPod struct {
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

// response is the hook's answer: the Pods that should be, and the job's status.
type response struct {
	Status   status `json:"status"`
	Children []pod  `json:"children"`
}

// status counts the Pods that were observed.
type status struct {
	Active     int         `json:"active"`
	Succeeded  int         `json:"succeeded"`
	Failed     int         `json:"failed"`
	Desired    int         `json:"desired"`
	Conditions []condition `json:"conditions,omitempty"`
}

type condition struct {
	Type   string `json:"type"`
	Status string `json:"status"`
}

// sync decides which Pods a job should have now, and how far it is.
func sync(observed request) (response, error) {
	job := observed.Parent
	if job.Spec.Template.Spec == nil {
		return response{}, errors.New("spec.template.spec is missing: it has the job's containers")
	}
	name := func(index int) string { return fmt.Sprintf("%s-%d", job.Metadata.Name, index) }
	progress := status{Desired: job.Spec.Completions}
	wanted := make([]bool, max(0, job.Spec.Completions))
	room := job.Spec.Parallelism
	// First the Pods that exist: finished ones stay, failed ones go, active ones go on as long as there is room.
	for index := range wanted {
		pod, exists := observed.Children.Pods[name(index)]
		switch {
		case !exists:
		case pod.Status.Phase == "Succeeded":
			progress.Succeeded++
			wanted[index] = true
		case pod.Status.Phase == "Failed":
			progress.Failed++
		default:
			progress.Active++
			wanted[index] = room > 0
			room--
		}
	}
	// Then new ones, in the room that is left. A failed Pod is replaced when it is gone; until then its room is kept.
	room -= progress.Failed
	var desired []pod
	for index := range wanted {
		if _, exists := observed.Children.Pods[name(index)]; !exists && room > 0 {
			wanted[index] = true
			room--
		}
		if wanted[index] {
			desired = append(desired, job.Spec.Template.newPod(name(index), index))
		}
	}
	if progress.Succeeded == len(wanted) {
		progress.Conditions = []condition{{Type: "Complete", Status: "True"}}
	}
	return response{Status: progress, Children: desired}, nil
}
