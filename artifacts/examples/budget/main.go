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

// Command budget is a hook that computes the status of Budgets: what their items cost together.
//
// The whole of its logic is the function sync; serve.go puts it on the network. See README.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hookplane/hookplane/apis/hook"
)

// exceededLabel lets one find Budgets that are exceeded: kubectl get budgets -l examples.hookplane.dev/exceeded.
const exceededLabel = "examples.hookplane.dev/exceeded"

// budgetSpec is the spec of a Budget, as its CustomResourceDefinition has it.
type budgetSpec struct {
	Limit int64 `json:"limit"`
	Items []struct {
		Name string `json:"name"`
		Cost int64  `json:"cost"`
	} `json:"items"`
}

// budgetStatus is what the hook computes.
type budgetStatus struct {
	Total    int64  `json:"total"`
	Exceeded bool   `json:"exceeded"`
	Dearest  string `json:"dearest,omitempty"` // the name of the item that costs most
}

// sync answers the status of a Budget, and a label while it is exceeded.
func sync(observed *hook.DecoratorRequest) (*hook.DecoratorResponse, error) {
	if observed.Object == nil {
		return nil, errors.New("the request has no object")
	}
	spec, err := specOf(observed)
	if err != nil {
		return nil, err
	}
	var status budgetStatus
	dearest := int64(-1)
	for _, item := range spec.Items {
		status.Total += item.Cost
		if item.Cost > dearest {
			dearest, status.Dearest = item.Cost, item.Name
		}
	}
	status.Exceeded = status.Total > spec.Limit
	response := &hook.DecoratorResponse{}
	if status.Exceeded {
		response.SetLabel(exceededLabel, "true")
	} else {
		response.RemoveLabel(exceededLabel)
	}
	return response, response.SetStatus(status)
}

// specOf returns the spec of the Budget that is decorated.
func specOf(observed *hook.DecoratorRequest) (*budgetSpec, error) {
	spec := &budgetSpec{}
	raw, err := json.Marshal(observed.Object.Object["spec"])
	if err == nil {
		err = json.Unmarshal(raw, spec)
	}
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return spec, nil
}
