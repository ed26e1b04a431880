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

	"github.com/hookplane/hookplane/apis/hook"
)

// DecoratorAnnotation names the DecoratorController of an attachment. docs/protocol.md §4.
const DecoratorAnnotation = "metacontroller.k8s.io/decorator-controller"

// DecoratorInput is what a plan for a decorated object is made from. Nothing in it is modified.
type DecoratorInput struct {
	// Name is the DecoratorController's.
	Name string
	// Object has the decorated object as Parent, and its attachments as Children. Its Response, Selector, GenerateSelector and
	// Rollout are not used.
	Object Input
	// Labels and Annotations are the object's as the hook saw them.
	Labels, Annotations map[string]string
	// StatusSubresource says that the object's status is written apart from the rest.
	StatusSubresource bool
	// Response is the hook's answer.
	Response *hook.DecoratorResponse
}

// DecoratorResult is what one sync of a decorated object is to write.
type DecoratorResult struct {
	// Result is about attachments, and the status as it should be.
	Result
	// Labels and Annotations are what of the object's differs from the answer: nil where a key is to be removed.
	Labels, Annotations map[string]*string
	// StatusPatch is the merge patch that makes the observed status the desired one, when it is written with the rest of the object.
	// Nil when there is nothing to write that way.
	StatusPatch []byte
}

// Decorator plans one sync of an object that a decorator controller selects. Errors are as those of [Composite].
func Decorator(in DecoratorInput) (DecoratorResult, error) {
	object := in.Object
	object.Decorator = in.Name
	object.Parent.KeepStatus = true
	object.Response = &hook.CompositeResponse{Status: in.Response.Status, Children: in.Response.Attachments}
	object.Selector, object.GenerateSelector, object.Rollout = nil, false, nil
	planned, err := Composite(object)
	if err != nil {
		return DecoratorResult{}, err
	}
	result := DecoratorResult{
		Result: planned,
		Labels: changedKeys(in.Response.Labels, in.Labels), Annotations: changedKeys(in.Response.Annotations, in.Annotations),
	}
	if planned.Status != nil && !in.StatusSubresource {
		result.StatusPatch, err = mergePatch(object.Parent.Status, planned.Status.Status)
	}
	return result, err
}

// changedKeys returns what of the desired members differs from the observed ones; nil when nothing does.
func changedKeys(desired map[string]*string, observed map[string]string) map[string]*string {
	var changed map[string]*string
	for key, want := range desired {
		have, found := observed[key]
		if want == nil && !found || want != nil && found && *want == have {
			continue
		}
		if changed == nil {
			changed = map[string]*string{}
		}
		changed[key] = want
	}
	return changed
}

// mergePatch returns the JSON merge patch (RFC 7396) that turns one status into another. The observed one may be absent.
func mergePatch(observed, desired []byte) ([]byte, error) {
	var from, to any
	if len(observed) > 0 {
		if err := utiljson.Unmarshal(observed, &from); err != nil {
			return nil, fmt.Errorf("cannot read the observed status: %w", err)
		}
	}
	if err := utiljson.Unmarshal(desired, &to); err != nil {
		return nil, fmt.Errorf("cannot read the desired status: %w", err)
	}
	patch, err := json.Marshal(mergeDifference(asObject(from), asObject(to)))
	if err != nil {
		return nil, fmt.Errorf("cannot encode the status: %w", err)
	}
	return patch, nil
}

func mergeDifference(from, to map[string]any) map[string]any {
	patch := map[string]any{}
	for name := range from {
		if _, kept := to[name]; !kept {
			patch[name] = nil
		}
	}
	for name, want := range to {
		have, found := from[name]
		haveObject, wasObject := have.(map[string]any)
		wantObject, isObject := want.(map[string]any)
		switch {
		case found && equalValues(have, want):
		case wasObject && isObject:
			patch[name] = mergeDifference(haveObject, wantObject)
		default:
			patch[name] = want
		}
	}
	return patch
}

// markAttachment says on a desired attachment whose it is.
func markAttachment(metadata map[string]any, decorator string) {
	annotations := asObject(metadata["annotations"])
	if annotations == nil {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	annotations[DecoratorAnnotation] = decorator
}

// listName is the field of the answer that lists what is desired.
func (in *Input) listName() string {
	if in.Decorator != "" {
		return "attachments"
	}
	return "children"
}

// ruleName is what declares a type.
func (in *Input) ruleName() string {
	if in.Decorator != "" {
		return "attachment rule"
	}
	return "child rule"
}

// rulesField is the field of the controller with all of them.
func (in *Input) rulesField() string {
	if in.Decorator != "" {
		return "spec.attachments"
	}
	return "spec.childResources"
}
