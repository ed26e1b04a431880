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
	"math"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// MinResyncAfter is what a positive resyncAfterSeconds means at least.
	MinResyncAfter = time.Millisecond
	// MaxResyncAfter is what resyncAfterSeconds means at most.
	MaxResyncAfter = 365 * 24 * time.Hour
)

// CompositeRequest is what a composite controller's sync and finalize hooks are sent. docs/protocol.md §2.
type CompositeRequest struct {
	// controller is the CompositeController that calls.
	Controller *unstructured.Unstructured `json:"controller"`

	// parent is the object to act for, as last observed.
	Parent *unstructured.Unstructured `json:"parent"`

	// children are the parent's children as last observed, of every type in the controller's childResources.
	// Children that are being deleted are among them.
	Children Objects `json:"children"`

	// related are the objects that the customize hook asked for. Empty when there is no such hook.
	Related Objects `json:"related"`

	// finalizing is true when the finalize hook is called: the parent is being deleted, or not selected any more.
	Finalizing bool `json:"finalizing"`
}

// CompositeResponse is what a composite controller's sync and finalize hooks answer. docs/protocol.md §2.
//
// The zero value is a valid answer: no children, no status.
type CompositeResponse struct {
	// status replaces the parent's status whole; a JSON object. Hookplane adds observedGeneration to it.
	// Absent or null leaves the parent with observedGeneration alone.
	Status json.RawMessage `json:"status,omitempty"`

	// children are all children that the parent should have; each a JSON object with apiVersion, kind, metadata.name and
	// the fields that the hook cares about. An observed child that is not listed is deleted. Each type must be declared in
	// the controller's childResources. Absent, null and [] mean that the parent should have none.
	Children []json.RawMessage `json:"children,omitempty"`

	// resyncAfterSeconds asks for one more call after this many seconds; fractions count. Zero, absent or negative: none.
	// See [CompositeResponse.ResyncAfter] for the limits.
	ResyncAfterSeconds float64 `json:"resyncAfterSeconds,omitempty"`

	// finalized says that the hook is done with this parent, so that Hookplane may take its finalizer off.
	// Only an answer of the finalize hook should set it.
	Finalized bool `json:"finalized,omitempty"`
}

// AddChild appends a desired child: anything that marshals to a JSON object, such as a typed Kubernetes object with its
// apiVersion and kind set, an *unstructured.Unstructured or a map[string]any.
func (r *CompositeResponse) AddChild(child any) error {
	raw, err := json.Marshal(child)
	if err != nil {
		return fmt.Errorf("cannot marshal child %d: %w", len(r.Children), err)
	}
	r.Children = append(r.Children, raw)
	return nil
}

// SetStatus sets the desired status: anything that marshals to a JSON object. A nil status clears it.
func (r *CompositeResponse) SetStatus(status any) error {
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
func (r *CompositeResponse) ResyncAfter() time.Duration {
	return resyncAfter(r.ResyncAfterSeconds)
}

func resyncAfter(seconds float64) time.Duration {
	switch {
	case math.IsNaN(seconds) || seconds <= 0:
		return 0
	case seconds >= MaxResyncAfter.Seconds():
		return MaxResyncAfter
	default:
		return max(MinResyncAfter, time.Duration(seconds*float64(time.Second)))
	}
}
