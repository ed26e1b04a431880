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

package initialization

import (
	"slices"
	"strings"
)

const (
	// PendingAnnotation has the names of the initializers that an object still waits for, in order and comma-separated.
	// docs/protocol.md §7.
	PendingAnnotation = "initializers.metacontroller.k8s.io/pending"
	// SuspendedAnnotation says that a Job is suspended because of that, and by nobody else.
	SuspendedAnnotation = "initializers.metacontroller.k8s.io/suspended"
	// Gate is the scheduling gate of a Pod that waits.
	Gate = "initializers.metacontroller.k8s.io/pending"
)

// Pending returns the names of the initializers that an annotation lists.
func Pending(annotation string) []string {
	var names []string
	for name := range strings.SplitSeq(annotation, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// PendingOf returns the names of the initializers that an object waits for.
func PendingOf(object Tree) []string {
	return Pending(String(object, "metadata", "annotations", PendingAnnotation))
}

// MarkPending records in an object that it waits for initializers. With gate, a Pod is not scheduled and a Job not started
// until then. No names take all marks off, and let the object go.
func MarkPending(object Tree, names []string, gate bool) {
	annotations := annotationsOf(object)
	if len(names) == 0 {
		release(object, annotations)
		return
	}
	annotations[PendingAnnotation] = strings.Join(names, ",")
	if gate {
		hold(object, annotations)
	}
}

// Marked reports whether an object has any mark of MarkPending.
func Marked(object Tree) bool {
	metadata, _ := object["metadata"].(Tree)
	annotations, _ := metadata["annotations"].(Tree)
	_, pending := annotations[PendingAnnotation]
	_, suspended := annotations[SuspendedAnnotation]
	spec, _ := object["spec"].(Tree)
	gates, _ := spec["schedulingGates"].([]any)
	return pending || suspended || isPod(object) && slices.ContainsFunc(gates, isGate)
}

// Gated reports whether MarkPending holds the object back.
func Gated(object Tree) bool {
	spec, _ := object["spec"].(Tree)
	gates, _ := spec["schedulingGates"].([]any)
	return isPod(object) && slices.ContainsFunc(gates, isGate) ||
		String(object, "metadata", "annotations", SuspendedAnnotation) == "true"
}

// annotationsOf returns the annotations of an object, which has some afterwards.
func annotationsOf(object Tree) Tree {
	return child(child(object, "metadata"), "annotations")
}

func child(tree Tree, name string) Tree {
	found, ok := tree[name].(Tree)
	if !ok {
		found = Tree{}
		tree[name] = found
	}
	return found
}

func isPod(object Tree) bool { return object["apiVersion"] == "v1" && object["kind"] == "Pod" }

func isJob(object Tree) bool {
	apiVersion, _ := object["apiVersion"].(string)
	return strings.HasPrefix(apiVersion, "batch/") && object["kind"] == "Job"
}

func isGate(item any) bool {
	gate, _ := item.(Tree)
	return gate["name"] == Gate
}

func hold(object, annotations Tree) {
	switch {
	case isPod(object):
		spec := child(object, "spec")
		gates, _ := spec["schedulingGates"].([]any)
		if !slices.ContainsFunc(gates, isGate) {
			spec["schedulingGates"] = append(gates, Tree{"name": Gate})
		}
	case isJob(object):
		spec := child(object, "spec")
		if spec["suspend"] != true { // else it is somebody's who will start it
			spec["suspend"] = true
			annotations[SuspendedAnnotation] = "true"
		}
	}
}

func release(object, annotations Tree) {
	spec, _ := object["spec"].(Tree)
	switch {
	case isPod(object):
		if gates, ok := spec["schedulingGates"].([]any); ok {
			if gates = slices.DeleteFunc(gates, isGate); len(gates) > 0 {
				spec["schedulingGates"] = gates
			} else {
				delete(spec, "schedulingGates")
			}
		}
	case isJob(object) && annotations[SuspendedAnnotation] == "true" && spec != nil:
		spec["suspend"] = false
	}
	delete(annotations, PendingAnnotation)
	delete(annotations, SuspendedAnnotation)
	if len(annotations) == 0 {
		delete(object["metadata"].(Tree), "annotations")
	}
}
