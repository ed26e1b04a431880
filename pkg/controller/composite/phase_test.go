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
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/objects"
)

func TestPhaseOf(t *testing.T) {
	const ours, other = "metacontroller.io/compositecontroller-c", "example.com/other"
	tests := map[string]struct {
		finalizers []string
		deleting   bool
		unselected bool
		want       phase // with a finalize hook
		wantNoHook phase // without
	}{
		"New":              {want: syncing, wantNoHook: syncing},
		"NewOfOthers":      {finalizers: []string{other}, want: syncing, wantNoHook: syncing},
		"Marked":           {finalizers: []string{other, ours}, want: syncing, wantNoHook: releasing},
		"Deleting":         {finalizers: []string{ours}, deleting: true, want: finalizing, wantNoHook: releasing},
		"DeletingUnmarked": {finalizers: []string{other}, deleting: true, want: foreign, wantNoHook: foreign},
		"Unselected":       {unselected: true, want: foreign, wantNoHook: foreign},
		"UnselectedMarked": {finalizers: []string{ours}, unselected: true, want: finalizing, wantNoHook: releasing},
		"UnselectedGoing":  {finalizers: []string{ours}, unselected: true, deleting: true, want: finalizing, wantNoHook: releasing},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			o := &objects.Object{Finalizers: tc.finalizers, Labels: map[string]string{"managed": "yes"}}
			if tc.deleting {
				o.DeletionTimestamp = &metav1.Time{}
			}
			if tc.unselected {
				o.Labels = nil
			}
			d := &definition{selector: labels.SelectorFromSet(labels.Set{"managed": "yes"}), finalizer: ours}
			if got := d.phaseOf(o); got != tc.wantNoHook {
				t.Errorf("without a finalize hook: phase %d, want %d", got, tc.wantNoHook)
			}
			d.finalize = &supervise.Caller{}
			if got := d.phaseOf(o); got != tc.want {
				t.Errorf("with a finalize hook: phase %d, want %d", got, tc.want)
			}
		})
	}
}

func TestLeftToCollector(t *testing.T) {
	tests := map[string]struct {
		finalizers []string
		deleting   bool
		want       bool
	}{
		"Background": {finalizers: []string{"example.com/other"}, deleting: true},
		"Foreground": {finalizers: []string{"example.com/other", "foregroundDeletion"}, deleting: true, want: true},
		"Orphan":     {finalizers: []string{"orphan"}, deleting: true, want: true},
		"Live":       {finalizers: []string{"foregroundDeletion"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			o := &objects.Object{Finalizers: tc.finalizers}
			if tc.deleting {
				o.DeletionTimestamp = &metav1.Time{}
			}
			if got := leftToCollector(o); got != tc.want {
				t.Errorf("leftToCollector() = %t, want %t", got, tc.want)
			}
		})
	}
}
