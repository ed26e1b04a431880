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

package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/hookplane/hookplane/pkg/plan"
)

// adoptApplied replaces a child that server-side apply wrote until now: what was applied to it becomes what was set by updates.
func (a *Applier) adoptApplied(ctx context.Context, target Target, write *plan.Write) (Outcome, error) {
	live, err := send(ctx, a.request(http.MethodGet, target))
	if err != nil {
		return Outcome{}, asReplaced(target, err)
	}
	entries, err := readManagedFields(live)
	if err != nil {
		return Outcome{}, err
	}
	if entries, err = appliesToUpdates(entries, a.fieldManager); err != nil {
		return Outcome{}, err
	}
	object, err := decodeObject(write.Body)
	if err != nil {
		return Outcome{}, err
	}
	body, err := withManagedFields(object, entries)
	if err != nil {
		return Outcome{}, err
	}
	return a.replace(ctx, target, write, body)
}

// adoptRecorded applies a child that dynamic-apply wrote until now. Where the apply changes nothing but the managed fields, a dry
// run of it tells what these are to be, so that one write does all; else the apply comes first.
func (a *Applier) adoptRecorded(ctx context.Context, target Target, write *plan.Write) (Outcome, error) {
	applied, err := a.try(ctx, target, write)
	if err != nil {
		return Outcome{}, fmt.Errorf("dry run: %w", err)
	}
	same, err := sameContent(write.Observed, applied)
	if err != nil {
		return Outcome{}, err
	}
	if !same {
		if applied, err = send(ctx, whole(a.applyRequest(target, write, true))); err != nil {
			return Outcome{}, asConflict(target, err)
		}
	}
	body, err := a.withoutRecord(applied, write.Body)
	if err != nil {
		return Outcome{}, err
	}
	return a.replace(ctx, target, write, body)
}

// withoutRecord takes from an object, as it is after the apply of a body, what dynamic-apply left on it.
func (a *Applier) withoutRecord(applied, body []byte) ([]byte, error) {
	object, err := decodeObject(applied)
	if err != nil {
		return nil, err
	}
	desired, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	entries, err := readManagedFields(applied)
	if err != nil {
		return nil, err
	}
	object, _ = plan.DropRecord(object, desired)
	return withManagedFields(object, withoutUpdates(entries, a.fieldManager))
}

func decodeObject(raw []byte) (map[string]any, error) {
	var object map[string]any
	if err := utiljson.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("cannot read the object: %w", err)
	}
	return object, nil
}

func readManagedFields(raw []byte) ([]metav1.ManagedFieldsEntry, error) {
	var object struct {
		Metadata struct {
			ManagedFields []metav1.ManagedFieldsEntry `json:"managedFields"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("cannot read the managed fields: %w", err)
	}
	return object.Metadata.ManagedFields, nil
}

func withManagedFields(object map[string]any, entries []metav1.ManagedFieldsEntry) ([]byte, error) {
	metadata, _ := object["metadata"].(map[string]any)
	if metadata == nil {
		return nil, fmt.Errorf("cannot set the managed fields of an object without metadata")
	}
	metadata["managedFields"] = entries
	return json.Marshal(object)
}
