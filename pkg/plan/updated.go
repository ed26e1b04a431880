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
	"slices"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// updated is the condition Updated of a parent, which tells how far a rollout is. docs/protocol.md §6.
type updated struct {
	status, reason, message string
}

func onLatest(revision string) *updated {
	return &updated{"True", "OnLatestRevision", "latest ControllerRevision: " + revision}
}

func updating(child string) *updated {
	return &updated{"False", "RolloutProgressing", "updating " + child}
}

func waitingFor(child, reason string) *updated {
	return &updated{"False", "RolloutWaiting", "waiting for " + child + ": " + reason}
}

// addUpdated puts the condition Updated into a desired status, in the place of what the hook says of it. Where nothing is
// rolled, because the parent is going, it stays as it was.
func addUpdated(in *Input, status map[string]any, progress *Progress, faults *faults) {
	if status == nil {
		return // It is at fault already.
	}
	conditions, isList := status[conditionsField].([]any)
	if !isList && status[conditionsField] != nil {
		faults.status("has conditions that are not a list: the condition " + updatedCondition + " of a rollout belongs there")
		return
	}
	observed := observedUpdated(in)
	condition := observed
	if progress != nil && progress.condition != nil {
		condition = progress.condition.encode(observed, in.Rollout.Now)
	}
	if condition == nil {
		return
	}
	conditions = slices.Clone(conditions)
	if at := slices.IndexFunc(conditions, isUpdatedCondition); at >= 0 {
		conditions[at] = condition
	} else {
		conditions = append(conditions, condition)
	}
	status[conditionsField] = conditions
}

// encode keeps the time of the last transition; also its absence, where a schema does not know it.
func (u *updated) encode(observed map[string]any, now string) map[string]any {
	condition := map[string]any{"type": updatedCondition, "status": u.status, "reason": u.reason, "message": u.message}
	transition, known := observed["lastTransitionTime"]
	switch {
	case observed["status"] != u.status:
		condition["lastTransitionTime"] = now
	case known:
		condition["lastTransitionTime"] = transition
	}
	return condition
}

// observedUpdated returns the parent's condition Updated, nil when it has none.
func observedUpdated(in *Input) map[string]any {
	var status struct {
		Conditions []any `json:"conditions"`
	}
	if err := utiljson.Unmarshal(in.Parent.Status, &status); err != nil {
		return nil // planStatus tells of a status that cannot be read; one of another shape is replaced.
	}
	at := slices.IndexFunc(status.Conditions, isUpdatedCondition)
	if at < 0 {
		return nil
	}
	condition, _ := status.Conditions[at].(map[string]any)
	return condition
}
