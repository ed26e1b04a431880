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
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// end takes everything away: finalizers with their controllers, children with their parents.
func (s *soak) end() {
	s.t.Helper()
	s.deleteControllers()
	for i := range s.kinds {
		k := &s.kinds[i]
		for n := range s.parents {
			if err := env.dynamic.Resource(k.GroupVersionResource).Namespace(s.parentNamespace(k, n)).Delete(s.t.Context(), k.parentName(n), metav1.DeleteOptions{}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	s.within("parents and children are gone", func() error {
		for i := range s.kinds {
			list, err := env.dynamic.Resource(s.kinds[i].GroupVersionResource).List(s.t.Context(), metav1.ListOptions{})
			if err != nil {
				return err
			}
			for _, parent := range list.Items {
				return discrepancy(parent.GetName(), "it is still there; its finalizers are %q", parent.GetFinalizers())
			}
		}
		children, _, err := s.children(s.t.Context())
		for key := range children {
			return fmt.Errorf("%s is still there", key)
		}
		if err != nil {
			return err
		}
		revisions, err := s.listRevisions(s.t.Context())
		for _, list := range revisions {
			return fmt.Errorf("ControllerRevision %s is still there", list[0].Name)
		}
		return err
	})
}

// deleteControllers deletes some of the controllers that have finalizers on objects: they take them along. The others' hooks
// must say that their parents may go.
func (s *soak) deleteControllers() {
	s.t.Helper()
	controllers := env.controllers.MetacontrollerV1alpha1()
	deleted := []string{"metacontroller.io/decoratorcontroller-soakclerk"}
	if err := controllers.DecoratorControllers().Delete(s.t.Context(), "soakclerk", metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
	ender := s.kindNamed("soakender")
	if err := controllers.CompositeControllers().Delete(s.t.Context(), ender.Resource, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
	deleted = append(deleted, finalizerOf(ender.kind))
	s.within("no finalizer of a controller that is gone is left", func() error {
		for i := range s.kinds {
			list, err := env.dynamic.Resource(s.kinds[i].GroupVersionResource).List(s.t.Context(), metav1.ListOptions{})
			if err != nil {
				return err
			}
			for _, parent := range list.Items {
				if slices.ContainsFunc(parent.GetFinalizers(), func(f string) bool { return slices.Contains(deleted, f) }) {
					return discrepancy(parent.GetName(), "its finalizers are %s", strings.Join(parent.GetFinalizers(), ", "))
				}
			}
		}
		return nil
	})
}
