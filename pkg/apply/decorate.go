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

	"k8s.io/apimachinery/pkg/types"
)

// Decoration is a change of an object that somebody else owns.
type Decoration struct {
	Target
	UID types.UID
	// ResourceVersion is the state that the object must be in. Empty: any.
	ResourceVersion string
	// FieldManager is in whose name the change is made, at most 128 characters.
	FieldManager string
	// Labels and Annotations are set, or removed where nil. All others stay.
	Labels, Annotations map[string]*string
	// Finalizers are all that the object should have. Nil leaves them as they are.
	Finalizers []string
	// Status is a JSON merge patch of the status of a type without the status subresource. Nil leaves it as it is.
	Status json.RawMessage
}

// Decorate makes the change in one write and returns the object's resourceVersion afterwards. It is a merge patch: an apply would take
// back what it does not repeat, and cannot remove what others have set.
func (a *Applier) Decorate(ctx context.Context, d Decoration) (string, error) {
	metadata := map[string]any{"uid": d.UID}
	if d.ResourceVersion != "" {
		metadata["resourceVersion"] = d.ResourceVersion
	}
	if len(d.Labels) > 0 {
		metadata["labels"] = d.Labels
	}
	if len(d.Annotations) > 0 {
		metadata["annotations"] = d.Annotations
	}
	if d.Finalizers != nil {
		metadata["finalizers"] = d.Finalizers
	}
	change := map[string]any{"metadata": metadata}
	if d.Status != nil {
		change["status"] = d.Status
	}
	version, err := a.merge(ctx, d.Target, d.FieldManager, change)
	if err != nil {
		return "", fmt.Errorf("cannot decorate %s: %w", d.Target, err)
	}
	return version, nil
}

// merge sends a merge patch in a field manager's name. The metadata's uid and resourceVersion are preconditions.
func (a *Applier) merge(ctx context.Context, target Target, manager string, change map[string]any) (version string, err error) {
	ctx, step := begin(ctx, target)
	defer func() { end(step, "patch", target, err) }()
	patch, err := json.Marshal(change)
	if err != nil {
		return "", fmt.Errorf("cannot encode the change: %w", err)
	}
	body, err := send(ctx, a.patchAs(manager, types.MergePatchType, target, patch))
	if err != nil {
		return "", asConflict(target, err)
	}
	object, err := readAnswer(body)
	if err != nil {
		return "", err
	}
	return object.Metadata.ResourceVersion, nil
}
