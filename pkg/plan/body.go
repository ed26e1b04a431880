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
	"errors"
	"fmt"
	"slices"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// ignoredMetadata are the members of a desired child's metadata that only the server may set. docs/protocol.md §5.
var ignoredMetadata = []string{
	"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
	"managedFields", "selfLink",
}

// desiredObject decodes a desired child into what is applied: without what is ignored, with what the plan adds.
// The error says what is wrong with the child.
func desiredObject(in *Input, child *desiredChild) (map[string]any, error) {
	var object map[string]any
	if err := utiljson.Unmarshal(child.raw, &object); err != nil {
		return nil, err
	}
	if err := stripIgnored(object); err != nil {
		return nil, err
	}
	canonicalise(object, &in.Rules[child.key.Rule])
	metadata := object["metadata"].(map[string]any) // The envelope had a name in it.
	metadata["name"] = child.key.Name
	if child.key.Namespace == "" {
		delete(metadata, "namespace")
	} else {
		metadata["namespace"] = child.key.Namespace
	}
	if in.GenerateSelector {
		addSelectorLabel(metadata, in)
	}
	if in.Decorator != "" {
		markAttachment(metadata, in.Decorator)
	}
	return object, addOwner(metadata, &in.Parent)
}

// stripIgnored removes from a desired object what only the server may set, and what says nothing.
func stripIgnored(object map[string]any) error {
	pruneNulls(object)
	delete(object, "status")
	metadata := asObject(object["metadata"])
	for _, name := range ignoredMetadata {
		delete(metadata, name)
	}
	if !isTexts(metadata["finalizers"]) {
		return errors.New("metadata.finalizers must be a list of strings")
	}
	err := trimAnnotations(metadata)
	dropEmpty(metadata, "labels")
	dropEmpty(metadata, "annotations")
	return err
}

// isTexts tells of a list of strings, or of none.
func isTexts(value any) bool {
	list, isList := value.([]any)
	notText := func(item any) bool { _, isText := item.(string); return !isText }
	return value == nil || isList && !slices.ContainsFunc(list, notText)
}

// createBody encodes a desired object that does not exist.
func createBody(in *Input, object map[string]any) ([]byte, error) {
	if in.Strategy == DynamicApply {
		var err error
		if object, err = withRecord(object, recordOf(object, &in.Parent)); err != nil {
			return nil, err
		}
	}
	return json.Marshal(object)
}

// applyBody encodes a desired object for server-side apply. The uid makes the server refuse to create the object, or to change a
// successor of it.
func applyBody(object map[string]any, uid string) ([]byte, error) {
	metadata := asObject(object["metadata"])
	metadata["uid"] = uid
	defer delete(metadata, "uid")
	return json.Marshal(object)
}

func addSelectorLabel(metadata map[string]any, in *Input) {
	labels, ok := metadata["labels"].(map[string]any)
	if !ok {
		labels = map[string]any{}
		metadata["labels"] = labels
	}
	if _, given := labels[SelectorLabel]; !given {
		labels[SelectorLabel] = string(in.Parent.UID)
	}
}

func trimAnnotations(metadata map[string]any) error {
	switch annotations := metadata["annotations"].(type) {
	case nil:
		return nil
	case map[string]any:
		delete(annotations, LastAppliedAnnotation)
		return nil
	default:
		return errors.New("metadata.annotations must be an object")
	}
}

// addOwner makes the parent the child's controller, beside the owners that the hook names. An entry of the hook's for the
// parent is completed: a child that does not say controller: true would be lost as soon as it is created.
func addOwner(metadata map[string]any, parent *Parent) error {
	owner := map[string]any{
		"apiVersion": parent.APIVersion, "kind": parent.Kind, "name": parent.Name, "uid": string(parent.UID),
		"controller": true, "blockOwnerDeletion": true,
	}
	given, isList := metadata["ownerReferences"].([]any)
	if !isList && metadata["ownerReferences"] != nil {
		return errors.New("metadata.ownerReferences must be a list")
	}
	owners := make([]any, 0, len(given)+1)
	for i, item := range given {
		entry, ok := item.(map[string]any)
		if !ok {
			return fmt.Errorf("metadata.ownerReferences[%d] must be an object", i)
		}
		if entry["uid"] != owner["uid"] {
			owners = append(owners, entry)
			continue
		}
		if block, given := entry["blockOwnerDeletion"].(bool); given {
			owner["blockOwnerDeletion"] = block
		}
	}
	metadata["ownerReferences"] = append(owners, owner)
	return nil
}

func dropEmpty(metadata map[string]any, name string) {
	if members, ok := metadata[name].(map[string]any); ok && len(members) == 0 {
		delete(metadata, name)
	}
}

// pruneNulls removes the members that are null, at any depth: null means not set.
func pruneNulls(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if member == nil {
				delete(value, name)
			} else {
				pruneNulls(member)
			}
		}
	case []any:
		for _, item := range value {
			pruneNulls(item)
		}
	}
}
