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

package fake_test

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	applyv1alpha1 "github.com/hookplane/hookplane/generated/applyconfiguration/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
)

// TestFieldManagersConflict holds the fake to what the server does: a field that somebody else applied is not taken
// without force, other fields are merged, and a field that is applied no longer is removed.
func TestFieldManagersConflict(t *testing.T) {
	controllers := fake.NewClientset().MetacontrollerV1alpha1().CompositeControllers()
	apply := func(manager string, force bool, spec *applyv1alpha1.CompositeControllerSpecApplyConfiguration) (int32, error) {
		t.Helper()
		applied, err := controllers.Apply(t.Context(), applyv1alpha1.CompositeController("shops").WithSpec(spec),
			metav1.ApplyOptions{FieldManager: manager, Force: force})
		if err != nil || applied.Spec.ResyncPeriodSeconds == nil {
			return 0, err
		}
		return *applied.Spec.ResyncPeriodSeconds, nil
	}
	spec := applyv1alpha1.CompositeControllerSpec

	if got, err := apply("one", false, spec().WithResyncPeriodSeconds(60)); err != nil || got != 60 {
		t.Fatalf("the first apply: got %d, %v", got, err)
	}
	if got, err := apply("two", false, spec().WithGenerateSelector(true)); err != nil || got != 60 {
		t.Errorf("an apply of another field: got %d, %v", got, err)
	}
	if _, err := apply("two", false, spec().WithResyncPeriodSeconds(120)); !apierrors.IsConflict(err) {
		t.Errorf("an apply of another's field: got %v, want a conflict", err)
	}
	if got, err := apply("two", true, spec().WithResyncPeriodSeconds(120)); err != nil || got != 120 {
		t.Errorf("a forced apply: got %d, %v", got, err)
	}
	if got, err := apply("two", false, spec()); err != nil || got != 0 {
		t.Errorf("an apply without the field: got %d, %v", got, err)
	}
}
