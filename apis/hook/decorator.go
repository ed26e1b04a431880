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

package hook

import (
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// DecoratorRequest is what a decorator controller's sync and finalize hooks are sent. docs/protocol.md §2.
type DecoratorRequest struct {
	// controller is the DecoratorController that calls.
	Controller *unstructured.Unstructured `json:"controller"`

	// object is the object to decorate, as last observed.
	Object *unstructured.Unstructured `json:"object"`

	// attachments are what this controller attached to the object, as last observed, of every type in the controller's
	// attachments. Attachments that are being deleted are among them; those of other controllers are not.
	Attachments Objects `json:"attachments"`

	// related are the objects that the customize hook asked for. Empty when there is no such hook.
	Related Objects `json:"related"`

	// finalizing is true when the finalize hook is called: the object is being deleted, or not selected any more.
	Finalizing bool `json:"finalizing"`
}

// DecoratorResponse is what a decorator controller's sync and finalize hooks answer. docs/protocol.md §2.
//
// The zero value is a valid answer: no attachments, and the object is left as it is.
type DecoratorResponse struct {
	// labels are those to set on the object; null removes one. Labels that are not listed are left as they are, also when
	// an earlier answer set them.
	Labels map[string]*string `json:"labels,omitempty"`

	// annotations are those to set on the object, in the same way.
	Annotations map[string]*string `json:"annotations,omitempty"`

	// status replaces the object's status whole; a JSON object. Absent or null leaves it as it is.
	Status json.RawMessage `json:"status,omitempty"`

	// attachments are all that this controller should have attached to the object; each a JSON object with apiVersion, kind,
	// metadata.name and the fields that the hook cares about. An observed attachment that is not listed is deleted. Each type must be
	// declared in the controller's attachments. Absent, null and [] mean that there should be none.
	Attachments []json.RawMessage `json:"attachments,omitempty"`

	// resyncAfterSeconds asks for one more call after this many seconds; fractions count. Zero, absent or negative: none.
	// See [DecoratorResponse.ResyncAfter] for the limits.
	ResyncAfterSeconds float64 `json:"resyncAfterSeconds,omitempty"`

	// finalized says that the hook is done with this object, so that Hookplane may take its finalizer off.
	// Only an answer of the finalize hook should set it.
	Finalized bool `json:"finalized,omitempty"`
}

// SetLabel has a label set on the object.
func (r *DecoratorResponse) SetLabel(key, value string) { r.Labels = with(r.Labels, key, &value) }

// RemoveLabel has a label removed from the object, whoever set it.
func (r *DecoratorResponse) RemoveLabel(key string) { r.Labels = with(r.Labels, key, nil) }

// SetAnnotation has an annotation set on the object.
func (r *DecoratorResponse) SetAnnotation(key, value string) {
	r.Annotations = with(r.Annotations, key, &value)
}

// RemoveAnnotation has an annotation removed from the object, whoever set it.
func (r *DecoratorResponse) RemoveAnnotation(key string) {
	r.Annotations = with(r.Annotations, key, nil)
}

func with(members map[string]*string, key string, value *string) map[string]*string {
	if members == nil {
		members = map[string]*string{}
	}
	members[key] = value
	return members
}

// AddAttachment appends a desired attachment: anything that marshals to a JSON object, such as a typed Kubernetes object with its
// apiVersion and kind set, an *unstructured.Unstructured or a map[string]any.
func (r *DecoratorResponse) AddAttachment(attachment any) error {
	raw, err := json.Marshal(attachment)
	if err != nil {
		return fmt.Errorf("cannot marshal attachment %d: %w", len(r.Attachments), err)
	}
	r.Attachments = append(r.Attachments, raw)
	return nil
}

// SetStatus sets the desired status: anything that marshals to a JSON object. A nil status leaves the object's as it is.
func (r *DecoratorResponse) SetStatus(status any) error {
	if status == nil {
		r.Status = nil
		return nil
	}
	raw, err := json.Marshal(status)
	if err != nil {
		return fmt.Errorf("cannot marshal status: %w", err)
	}
	r.Status = raw
	return nil
}

// ResyncAfter returns resyncAfterSeconds as a duration: 0 when none is asked for, else a value from [MinResyncAfter] to
// [MaxResyncAfter].
func (r *DecoratorResponse) ResyncAfter() time.Duration {
	return resyncAfter(r.ResyncAfterSeconds)
}
