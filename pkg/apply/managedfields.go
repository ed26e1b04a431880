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
	"bytes"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// withoutUpdates returns the managed fields without those that manager set by creates and updates of the main resource.
func withoutUpdates(entries []metav1.ManagedFieldsEntry, manager string) []metav1.ManagedFieldsEntry {
	return slices.DeleteFunc(slices.Clone(entries), func(e metav1.ManagedFieldsEntry) bool {
		return isEntry(e, manager, metav1.ManagedFieldsOperationUpdate)
	})
}

// appliesToUpdates returns the managed fields with those that manager applied to the main resource as if it had set them by an update.
func appliesToUpdates(entries []metav1.ManagedFieldsEntry, manager string) ([]metav1.ManagedFieldsEntry, error) {
	position := slices.IndexFunc(entries, func(e metav1.ManagedFieldsEntry) bool {
		return isEntry(e, manager, metav1.ManagedFieldsOperationApply)
	})
	if position < 0 {
		return entries, nil
	}
	moved := entries[position]
	moved.Operation = metav1.ManagedFieldsOperationUpdate
	kept := slices.Delete(slices.Clone(entries), position, position+1)
	for i := range kept {
		if isEntry(kept[i], manager, moved.Operation) && kept[i].APIVersion == moved.APIVersion {
			fields, err := union(kept[i].FieldsV1, moved.FieldsV1)
			if err != nil {
				return nil, err
			}
			kept[i].FieldsV1 = fields
			return kept, nil
		}
	}
	return append(kept, moved), nil
}

func isEntry(e metav1.ManagedFieldsEntry, manager string, operation metav1.ManagedFieldsOperationType) bool {
	return e.Manager == manager && e.Operation == operation && e.Subresource == ""
}

func union(a, b *metav1.FieldsV1) (*metav1.FieldsV1, error) {
	fields := &fieldpath.Set{}
	for _, part := range []*metav1.FieldsV1{a, b} {
		if part == nil {
			continue
		}
		var set fieldpath.Set
		if err := set.FromJSON(bytes.NewReader(part.GetRawBytes())); err != nil {
			return nil, fmt.Errorf("cannot read managed fields: %w", err)
		}
		fields = fields.Union(&set)
	}
	text, err := fields.ToJSON()
	if err != nil {
		return nil, fmt.Errorf("cannot encode managed fields: %w", err)
	}
	return metav1.NewFieldsV1(string(text)), nil
}
