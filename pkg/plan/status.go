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

package plan

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

const (
	observedGenerationField = "observedGeneration"
	conditionsField         = "conditions"
	// updatedCondition is the type of the condition that reports rollouts. docs/protocol.md §6.
	updatedCondition = "Updated"
)

// StatusWrite is the write of the parent's status.
type StatusWrite struct {
	// Status is the whole desired status as JSON.
	Status []byte
	// BookkeepingOnly says that nothing differs but what Hookplane itself maintains: observedGeneration and the condition
	// Updated. Such a write wakes nobody. docs/protocol.md §9.
	BookkeepingOnly bool
	// Reason says what else differs, in a few words and without values: "status.phase differs".
	Reason string
	// Fingerprint identifies this write on this observed status. When the write turned out to change nothing, because the
	// server drops or rewrites what it is sent, remember it as Input.SettledStatus: it is not planned again.
	Fingerprint uint64
}

// desiredStatus returns the status that the parent should have: what the hook says, with the generation that it saw.
func desiredStatus(in *Input, faults *faults) map[string]any {
	status := map[string]any{}
	raw := in.Response.Status
	if fault := tooLarge(raw); fault != "" {
		faults.status(fault)
		return nil
	}
	if !absent(raw) {
		if kind := jsonType(raw); kind != "an object" {
			faults.status("is " + kind + ", not an object")
			return nil
		}
		if err := utiljson.Unmarshal(raw, &status); err != nil {
			faults.status("cannot be read: " + clip(err.Error()))
			return nil
		}
	}
	if in.Decorator == "" { // which decides over the status of others as it is
		status[observedGenerationField] = in.Parent.Generation
	}
	return status
}

// absent reports whether an optional member of the answer says nothing.
func absent(raw json.RawMessage) bool {
	return len(raw) == 0 || jsonType(raw) == "null"
}

// planStatus returns nil when the observed status is the desired one, or not the hook's to decide over.
func planStatus(in *Input, desired map[string]any) (*StatusWrite, error) {
	if in.Parent.KeepStatus && absent(in.Response.Status) {
		return nil, nil
	}
	var observed any
	if len(in.Parent.Status) > 0 {
		if err := utiljson.Unmarshal(in.Parent.Status, &observed); err != nil {
			return nil, fmt.Errorf("cannot read the observed status of %s %q: %w", in.Parent.Kind, in.Parent.Name, err)
		}
	}
	if equalValues(desired, observed) {
		return nil, nil
	}
	body, err := json.Marshal(desired)
	if err != nil {
		return nil, fmt.Errorf("cannot encode the status of %s %q: %w", in.Parent.Kind, in.Parent.Name, err)
	}
	fingerprint := maphash.Comparable(seed, [...]uint64{hashBytes(in.Parent.Status), hashBytes(body)})
	if fingerprint == in.SettledStatus {
		return nil, nil
	}
	write := &StatusWrite{Status: body, Fingerprint: fingerprint}
	wanted, found := withoutBookkeeping(desired), withoutBookkeeping(observed)
	if write.BookkeepingOnly = equalValues(wanted, found); !write.BookkeepingOnly {
		write.Reason = differenceOf(wanted, found).under("status").String()
	}
	return write, nil
}

// withoutBookkeeping returns what of a status is the hook's. An absent status is an empty one.
func withoutBookkeeping(status any) any {
	object, isObject := status.(map[string]any)
	if !isObject && status != nil {
		return status
	}
	rest := maps.Clone(object)
	if rest == nil {
		rest = map[string]any{}
	}
	delete(rest, observedGenerationField)
	if conditions, ok := rest[conditionsField].([]any); ok {
		others := slices.DeleteFunc(slices.Clone(conditions), isUpdatedCondition)
		if len(others) == 0 && len(conditions) > 0 {
			delete(rest, conditionsField)
		} else {
			rest[conditionsField] = others
		}
	}
	return rest
}

func isUpdatedCondition(condition any) bool {
	object, _ := condition.(map[string]any)
	return object["type"] == updatedCondition
}
