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
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Claim is an object whose owners are to change, as it was observed.
type Claim struct {
	Target
	UID             types.UID
	ResourceVersion string
	OwnerReferences []metav1.OwnerReference
}

// Adopt makes owner an owner of an object and returns the object's resourceVersion afterwards. When the object has changed
// since it was observed, that is a conflict.
func (a *Applier) Adopt(ctx context.Context, claim Claim, owner metav1.OwnerReference) (string, error) {
	owners := slices.DeleteFunc(slices.Clone(claim.OwnerReferences), hasUID(owner.UID))
	version, err := a.setOwners(ctx, claim, append(owners, owner))
	if err != nil {
		return "", fmt.Errorf("cannot adopt %s: %w", claim.Target, err)
	}
	return version, nil
}

// Release removes the owner with this UID from an object and returns the object's resourceVersion afterwards. When the object
// has changed since it was observed, that is a conflict.
func (a *Applier) Release(ctx context.Context, claim Claim, owner types.UID) (string, error) {
	owners := slices.DeleteFunc(slices.Clone(claim.OwnerReferences), hasUID(owner))
	version, err := a.setOwners(ctx, claim, owners)
	if err != nil {
		return "", fmt.Errorf("cannot release %s: %w", claim.Target, err)
	}
	return version, nil
}

func hasUID(uid types.UID) func(metav1.OwnerReference) bool {
	return func(reference metav1.OwnerReference) bool { return reference.UID == uid }
}

// setOwners replaces the owners of an object. It is no apply: the object is not ours to have desired fields for, and giving
// up a field that one has applied is another thing than removing it.
func (a *Applier) setOwners(ctx context.Context, claim Claim, owners []metav1.OwnerReference) (string, error) {
	return a.patchMetadata(ctx, claim.Target, map[string]any{
		"uid": claim.UID, "resourceVersion": claim.ResourceVersion, "ownerReferences": owners,
	})
}

// patchMetadata merges changes into an object's metadata. Their uid and resourceVersion are preconditions.
func (a *Applier) patchMetadata(ctx context.Context, target Target, changes map[string]any) (string, error) {
	return a.merge(ctx, target, a.fieldManager, map[string]any{"metadata": changes})
}
