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
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/hookplane/hookplane/pkg/plan"
)

// deleteIfDifferent deletes a child so that it can be created anew, unless a dry run shows that it already is as desired.
// The plan compares texts: to it a child whose values the server rewrote always looks different, and deleting it for that
// would never end.
func (a *Applier) deleteIfDifferent(ctx context.Context, target Target, write *plan.Write) (Outcome, error) {
	tried, err := a.try(ctx, target, write)
	switch {
	case apierrors.IsInvalid(err):
		return a.delete(ctx, target, write) // It differs in a field that cannot be updated.
	case err != nil:
		return Outcome{}, fmt.Errorf("dry run: %w", err)
	}
	same, err := sameContent(write.Observed, tried)
	if err != nil {
		return Outcome{}, err
	}
	if same && write.Adopts && write.Strategy != plan.DynamicApply {
		return a.adoptOrDelete(ctx, target, write, tried)
	}
	switch {
	case !same:
		return a.delete(ctx, target, write)
	case write.Strategy == plan.DynamicApply:
		return kept(a.update(ctx, target, write)) // For the record of what is applied.
	default:
		return Outcome{ResourceVersion: write.ResourceVersion, Unchanged: true}, nil
	}
}

// adoptOrDelete ends deleteIfDifferent for a child that dynamic-apply wrote until now, and that an apply does not change: the hook
// may have stopped sending a field.
func (a *Applier) adoptOrDelete(ctx context.Context, target Target, write *plan.Write, applied []byte) (Outcome, error) {
	body, err := a.withoutRecord(applied, write.Body)
	if err != nil {
		return Outcome{}, err
	}
	tried, err := send(ctx, dryRun(a.replaceRequest(target, body)))
	switch {
	case apierrors.IsInvalid(err):
		return a.delete(ctx, target, write)
	case err != nil:
		return Outcome{}, fmt.Errorf("dry run: %w", asReplaced(target, err))
	}
	same, err := sameContent(write.Observed, tried)
	switch {
	case err != nil:
		return Outcome{}, err
	case !same:
		return a.delete(ctx, target, write)
	default:
		return kept(a.replace(ctx, target, write, body))
	}
}

func kept(outcome Outcome, err error) (Outcome, error) {
	outcome.Kept = true
	return outcome, err
}

// sameContent tells whether two states of an object differ in nothing but status, what the server counts on every write, and the
// record of what dynamic-apply applied.
func sameContent(observed, applied []byte) (bool, error) {
	before, err := readContent(observed)
	if err != nil {
		return false, fmt.Errorf("cannot read the observed object: %w", err)
	}
	after, err := readContent(applied)
	if err != nil {
		return false, fmt.Errorf("cannot read the API server's answer: %w", err)
	}
	return equality.Semantic.DeepEqual(before, after), nil
}

func readContent(raw []byte) (map[string]any, error) {
	var object map[string]any
	if err := utiljson.Unmarshal(raw, &object); err != nil {
		return nil, err
	}
	delete(object, "status")
	metadata, _ := object["metadata"].(map[string]any)
	maps.DeleteFunc(metadata, func(name string, _ any) bool {
		return name == "managedFields" || name == "resourceVersion" || name == "generation"
	})
	annotations, _ := metadata["annotations"].(map[string]any)
	if delete(annotations, plan.LastAppliedAnnotation); len(annotations) == 0 {
		delete(metadata, "annotations")
	}
	return object, nil
}
