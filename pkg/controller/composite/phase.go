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

package composite

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/pkg/objects"
)

// finalizerPrefix precedes the controller's name in the finalizer of its parents, docs/protocol.md §8.
const finalizerPrefix = "metacontroller.io/compositecontroller-"

// phase is what a controller has to do with an object of its parent resource.
type phase int8

const (
	// foreign objects are not selected, or are being deleted and hold nothing of ours: the garbage
	// collector has their children. No hook is called for them and nothing is written.
	foreign phase = iota
	// syncing parents are what the sync hook is called for.
	syncing
	// finalizing parents carry our finalizer and are being deleted or not selected any more: the
	// finalize hook is called for them.
	finalizing
	// releasing parents carry our finalizer for a finalize hook that there is no more.
	releasing
)

// phaseOf tells the phase of an object of the parent resource.
func (d *definition) phaseOf(o *objects.Object) phase {
	marked := d.marked(o)
	switch {
	case marked && d.finalize == nil:
		return releasing
	case !o.Deleting() && d.selector.Matches(labels.Set(o.Labels)):
		return syncing
	case marked:
		return finalizing
	}
	return foreign
}

// marked reports whether the object carries our finalizer.
func (d *definition) marked(o *objects.Object) bool {
	return slices.Contains(o.Finalizers, d.finalizer)
}

// leftToCollector reports whether the garbage collector is about to delete or to orphan the parent's
// children, so that nobody else should touch them.
func leftToCollector(parent *objects.Object) bool {
	return parent.Deleting() && (slices.Contains(parent.Finalizers, metav1.FinalizerDeleteDependents) ||
		slices.Contains(parent.Finalizers, metav1.FinalizerOrphanDependents))
}
