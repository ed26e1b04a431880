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
	"maps"
	"slices"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// LastAppliedAnnotation holds the record of the dynamic-apply strategy: the desired child as it was applied last. A hook that answers
// what it was shown repeats it.
const LastAppliedAnnotation = "metacontroller.k8s.io/last-applied-configuration"

// maxAnnotations is how many bytes of annotations API servers accept.
const maxAnnotations = 256 << 10

// recordOf returns what dynamic-apply records of a desired child: all that the hook said, so not the parent as owner.
func recordOf(desired map[string]any, parent *Parent) map[string]any {
	record := maps.Clone(desired)
	metadata := maps.Clone(asObject(desired["metadata"]))
	isParent := func(owner any) bool { return asObject(owner)["uid"] == string(parent.UID) }
	owners := slices.DeleteFunc(slices.Clone(asList(metadata["ownerReferences"])), isParent)
	if len(owners) == 0 {
		delete(metadata, "ownerReferences")
	} else {
		metadata["ownerReferences"] = owners
	}
	record["metadata"] = metadata
	return record
}

// withRecord returns the object with the annotation that holds the record.
func withRecord(object, record map[string]any) (map[string]any, error) {
	text, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("cannot encode what is applied: %w", err)
	}
	object = maps.Clone(object)
	metadata := maps.Clone(asObject(object["metadata"]))
	annotations := maps.Clone(asObject(metadata["annotations"]))
	if annotations == nil {
		annotations = map[string]any{}
	}
	annotations[LastAppliedAnnotation] = string(text)
	object["metadata"], metadata["annotations"] = metadata, annotations
	if size := sizeOf(annotations); size > maxAnnotations {
		return nil, childError(fmt.Sprintf("is too large for dynamic-apply: with the record of what is applied its annotations have "+
			"%d bytes, and API servers accept %d: run the server with --apply-strategy=server-side-apply", size, maxAnnotations))
	}
	return object, nil
}

// sizeOf counts annotations as API servers do.
func sizeOf(annotations map[string]any) int {
	size := 0
	for name, value := range annotations {
		text, _ := value.(string)
		size += len(name) + len(text)
	}
	return size
}

// readRecord returns what dynamic-apply recorded on an observed object, without what a desired child may not set. It is nil when
// there is no record, and empty when somebody made it unreadable: nothing is known then of what was applied, and it is written anew.
func readRecord(object map[string]any) map[string]any {
	text, found := asObject(asObject(object["metadata"])["annotations"])[LastAppliedAnnotation].(string)
	if !found {
		return nil
	}
	var record map[string]any
	if err := utiljson.Unmarshal([]byte(text), &record); err != nil || stripIgnored(record) != nil || record == nil {
		return map[string]any{}
	}
	return record
}

// completeRecord brings a record that Metacontroller may have written into the form of ours, so that none is written anew that says
// the same: it repeats the hook word for word, and lacks the namespace that the hook left out.
func completeRecord(read, ours map[string]any, rule *Rule) map[string]any {
	metadata, isObject := read["metadata"].(map[string]any)
	if !isObject {
		return read
	}
	canonicalise(read, rule)
	if namespace := asObject(ours["metadata"])["namespace"]; metadata["namespace"] == nil && namespace != nil {
		metadata["namespace"] = namespace
	}
	return read
}

// DropRecord turns an object that dynamic-apply kept into one that server-side apply keeps, where desired is what is applied to it
// from now on: the record goes, and with it whatever it has and desired lacks. It reports whether more than the record went.
// Nothing is modified.
func DropRecord(object, desired map[string]any) (dropped map[string]any, more bool) {
	bare := maps.Clone(object)
	metadata := maps.Clone(asObject(object["metadata"]))
	annotations := maps.Clone(asObject(metadata["annotations"]))
	delete(annotations, LastAppliedAnnotation)
	bare["metadata"], metadata["annotations"] = metadata, annotations
	dropEmpty(metadata, "annotations")
	dropped = mergeChild(bare, readRecord(object), desired)
	return dropped, !equalValues(dropped, bare)
}
