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

package integration

import (
	"context"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// compareCounts looks whether each controller itself takes all its parents for synced, so that no retry is to come.
func (s *soak) compareCounts(ctx context.Context) error {
	for i := range s.kinds {
		k := &s.kinds[i]
		if k.plain {
			continue
		}
		controller, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(ctx, k.Resource, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if err := compareParents(k.Resource, s.parents, controller.Status.Parents); err != nil {
			return err
		}
	}
	for i := range s.decorators {
		d := &s.decorators[i]
		controller, err := env.controllers.MetacontrollerV1alpha1().DecoratorControllers().Get(ctx, d.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		selected, err := s.countSelected(ctx, d)
		if err != nil {
			return err
		}
		if err := compareParents(d.name, selected, controller.Status.Parents); err != nil {
			return err
		}
	}
	return nil
}

func (s *soak) countSelected(ctx context.Context, d *soakDecorator) (int, error) {
	selected := 0
	for _, resource := range d.resources {
		list, err := env.dynamic.Resource(resource).List(ctx, metav1.ListOptions{})
		if err != nil {
			return 0, err
		}
		for i := range list.Items {
			if d.selected(&list.Items[i]) {
				selected++
			}
		}
	}
	return selected, nil
}

func compareParents(controller string, count int, got *v1alpha1.ParentsStatus) error {
	want := &v1alpha1.ParentsStatus{Total: int32(count), Synced: int32(count)}
	if diff := cmp.Diff(want, got); diff != "" {
		return discrepancy(controller, "status.parents of the controller (-want +got):\n%s", diff)
	}
	return nil
}
