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

package decorator

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/pkg/objects"
)

// phase is what a controller has to do with an object of a target's type.
type phase int8

const (
	// foreign objects are not selected, or are being deleted and hold nothing of ours: the garbage
	// collector has their attachments. No hook is called for them and nothing is written.
	foreign phase = iota
	// syncing objects are what the sync hook is called for.
	syncing
	// finalizing objects carry our finalizer and are being deleted or not selected any more: the
	// finalize hook is called for them.
	finalizing
	// releasing objects carry our finalizer for a finalize hook that there is no more.
	releasing
)

// phaseOf tells the phase of an object of the resource of that number.
func (d *definition) phaseOf(number int, o *objects.Object) phase {
	marked := slices.Contains(o.Finalizers, d.finalizer)
	switch {
	case marked && d.finalize == nil:
		return releasing
	case !o.Deleting() && d.selects(number, o):
		return syncing
	case marked:
		return finalizing
	}
	return foreign
}

// leftToCollector reports whether the garbage collector is about to delete or to orphan the object's
// attachments, so that nobody else should touch them.
func leftToCollector(o *objects.Object) bool {
	return o.Deleting() && (slices.Contains(o.Finalizers, metav1.FinalizerDeleteDependents) ||
		slices.Contains(o.Finalizers, metav1.FinalizerOrphanDependents))
}
