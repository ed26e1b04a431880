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

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// change is why and how an existing child is to be written.
type change struct {
	reason string
	body   []byte
	// bodyHash is of what the hook wants, whatever the order of its members.
	bodyHash uint64
	// adopts says that the other strategy wrote the child until now.
	adopts bool
	// bookkeeping says that the child itself is as desired: only what tells which fields are the hook's is not.
	bookkeeping bool
}

// compareChild returns the change that an observed child needs, or nil when it needs none.
func compareChild(in *Input, desired map[string]any, observed *Child) (*change, error) {
	var object map[string]any
	if err := utiljson.Unmarshal(observed.Raw, &object); err != nil {
		return nil, fmt.Errorf("cannot read the observed object: %w", err)
	}
	applied, err := parseFields(observed.AppliedFields)
	if err != nil {
		return nil, err
	}
	if in.Strategy == DynamicApply {
		return mergedChange(in, desired, object, applied, observed)
	}
	return appliedChange(desired, object, applied, observed)
}

// appliedChange is compareChild for server-side apply.
func appliedChange(desired, object map[string]any, applied fieldSet, observed *Child) (*change, error) {
	difference := compareObjects(desired, object, applied)
	if difference == nil {
		difference = removedFields(desired, applied)
	}
	c := &change{}
	if readRecord(object) != nil {
		c.adopts, c.reason = true, "was written by dynamic-apply"
		_, more := DropRecord(object, desired)
		c.bookkeeping = difference == nil && !more
	}
	if difference != nil {
		c.reason = difference.String()
	}
	if c.reason == "" {
		return nil, nil
	}
	var err error
	if c.body, err = applyBody(desired, string(observed.UID)); err != nil {
		return nil, err
	}
	c.bodyHash = hashBytes(c.body)
	return c, nil
}

// mergedChange is compareChild for dynamic-apply.
func mergedChange(in *Input, desired, object map[string]any, applied fieldSet, observed *Child) (*change, error) {
	c := &change{adopts: observed.AppliedFields != ""}
	record := recordOf(desired, &in.Parent)
	last := completeRecord(readRecord(object), record, &in.Rules[observed.Rule])
	recorded := equalValues(last, record)
	if len(applied) > 0 {
		part := asObject(appliedPart(object, applied))
		_ = stripIgnored(part) // An annotation that is no object is not known to be applied.
		last = mergeObjects(part, nil, last)
	}
	merged := mergeChild(object, last, desired)
	difference := firstDifference(merged, object)
	switch {
	case difference != nil:
		c.reason = difference.String()
	case c.adopts:
		c.reason = "was written by server-side apply"
	case last == nil:
		c.reason = "has no record of what is applied"
	case !recorded:
		c.reason = "has an outdated record of what is applied"
	default:
		return nil, nil
	}
	c.bookkeeping = difference == nil
	return c, c.encode(merged, record, recorded, observed)
}

// encode makes the body of a merged object: what replaces the observed one in just this state.
func (c *change) encode(merged, record map[string]any, recorded bool, observed *Child) error {
	if !recorded {
		var err error
		if merged, err = withRecord(merged, record); err != nil {
			return err
		}
	}
	metadata := asObject(merged["metadata"])
	metadata["uid"], metadata["resourceVersion"] = string(observed.UID), observed.ResourceVersion
	text, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("cannot encode what is applied: %w", err)
	}
	c.bodyHash = hashBytes(text)
	c.body, err = json.Marshal(merged)
	return err
}
