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
	"fmt"

	"sigs.k8s.io/json"
)

// StatusCheck demands a condition of a child's status before a rollout goes on.
type StatusCheck struct {
	Type string
	// Status and Reason are the values that it must have; nil: any.
	Status, Reason *string
}

// unready returns why a rollout waits for a child of the latest revision, "" when it does not.
func (r *roller) unready(wanted *desiredChild) (string, error) {
	observed := r.owned(wanted.key)
	switch {
	case observed == nil:
		return "it does not exist", nil
	case observed.Deleting:
		return "it is being deleted", nil
	}
	if reason, err := r.trial(wanted); err != nil || reason != "" {
		return reason, err
	}
	rule := &r.in.Rules[wanted.key.Rule]
	if rule.Method != RollingInPlace && len(rule.StatusChecks) == 0 {
		return "", nil
	}
	return checkStatus(rule, observed), nil
}

// childStatus is what of a child tells how it does.
type childStatus struct {
	Metadata struct {
		Generation int64 `json:"generation"`
	} `json:"metadata"`
	Status struct {
		ObservedGeneration *int64           `json:"observedGeneration"`
		Conditions         []childCondition `json:"conditions"`
	} `json:"status"`
}

type childCondition struct {
	Type   string `json:"type"`
	Status string `json:"status"`
	Reason string `json:"reason"`
}

// checkStatus returns what is missing in a child's status. Whoever updates a child in place cannot tell from its conditions
// whether they are about the child before or after, but from the generation that they were made of.
func checkStatus(rule *Rule, observed *Child) string {
	var child childStatus
	if err := json.UnmarshalCaseSensitivePreserveInts(observed.Raw, &child); err != nil {
		return "its status.conditions or status.observedGeneration is not of the usual form"
	}
	seen := child.Status.ObservedGeneration
	if rule.Method == RollingInPlace && seen != nil && *seen < child.Metadata.Generation {
		return fmt.Sprintf("its generation %d is not observed yet", child.Metadata.Generation)
	}
	for _, check := range rule.StatusChecks {
		if reason := check.missing(child.Status.Conditions); reason != "" {
			return reason
		}
	}
	return ""
}

// missing returns what a check does not find, "" when it is passed.
func (c *StatusCheck) missing(conditions []childCondition) string {
	for _, condition := range conditions {
		switch {
		case condition.Type != c.Type:
		case c.Status != nil && *c.Status != condition.Status:
			return fmt.Sprintf("its condition %s is %s, want %s", c.Type, quote(condition.Status), quote(*c.Status))
		case c.Reason != nil && *c.Reason != condition.Reason:
			return fmt.Sprintf("its condition %s has the reason %s, want %s", c.Type, quote(condition.Reason), quote(*c.Reason))
		default:
			return ""
		}
	}
	return "it has no condition " + c.Type
}
