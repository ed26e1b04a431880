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
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/objects"
)

func TestPhase(t *testing.T) {
	const finalizer = finalizerPrefix + "test"
	selected := map[string]string{"a": "1"}
	for name, tc := range map[string]struct {
		labels                    map[string]string
		finalizers                []string
		deleting, withoutFinalize bool
		want                      phase
	}{
		"Selected":             {labels: selected, want: syncing},
		"Marked":               {labels: selected, finalizers: []string{finalizer}, want: syncing},
		"Other":                {want: foreign},
		"OtherMarked":          {finalizers: []string{finalizer}, want: finalizing},
		"Deleting":             {labels: selected, deleting: true, want: foreign},
		"DeletingForOthers":    {labels: selected, deleting: true, finalizers: []string{"example.com/other"}, want: foreign},
		"DeletingMarked":       {labels: selected, deleting: true, finalizers: []string{finalizer}, want: finalizing},
		"MarkedWithoutHook":    {labels: selected, finalizers: []string{finalizer}, withoutFinalize: true, want: releasing},
		"DeletingWithoutHook":  {deleting: true, finalizers: []string{finalizer}, withoutFinalize: true, want: releasing},
		"SelectedWithoutAHook": {labels: selected, withoutFinalize: true, want: syncing},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := newSelection(&v1alpha1.DecoratorResourceRule{LabelSelector: &metav1.LabelSelector{MatchLabels: selected}})
			if err != nil {
				t.Fatal(err)
			}
			d := &definition{selections: [][]selection{{s}}, finalizer: finalizer, finalize: &supervise.Caller{}}
			if tc.withoutFinalize {
				d.finalize = nil
			}
			o := &objects.Object{Labels: tc.labels, Finalizers: tc.finalizers}
			if tc.deleting {
				o.DeletionTimestamp = &metav1.Time{}
			}
			if got := d.phaseOf(0, o); got != tc.want {
				t.Errorf("phaseOf() = %d, want %d", got, tc.want)
			}
		})
	}
}
