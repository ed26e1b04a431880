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

package standing

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/testutil"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
)

func TestCollector(t *testing.T) {
	registry := metrics.NewKubeRegistry()
	collector := &Collector{}
	if err := registry.CustomRegister(collector); err != nil {
		t.Fatal(err)
	}
	exposes := func(what, want string) {
		t.Helper()
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "hookplane_controller_condition", "hookplane_controller_parents", "hookplane_controller_pending_objects"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	exposes("before there are controllers", "")

	factory := externalversions.NewSharedInformerFactory(fake.NewClientset(), 0)
	known := factory.Metacontroller().V1alpha1()
	for _, add := range []error{
		known.CompositeControllers().Informer().GetStore().Add(&v1alpha1.CompositeController{
			ObjectMeta: metav1.ObjectMeta{Name: "c"},
			Status: v1alpha1.CompositeControllerStatus{
				Conditions: []metav1.Condition{
					{Type: "Ready", Status: metav1.ConditionFalse, Reason: "HookUnreachable"},
					{Type: "HookNotConverging", Status: metav1.ConditionTrue, Reason: "AnswersKeepChanging"},
				},
				Parents: &v1alpha1.ParentsStatus{Total: 6, Synced: 1, Failing: 2},
			},
		}),
		known.DecoratorControllers().Informer().GetStore().Add(&v1alpha1.DecoratorController{ObjectMeta: metav1.ObjectMeta{Name: "new"}}),
		known.InitializerControllers().Informer().GetStore().Add(&v1alpha1.InitializerController{
			ObjectMeta: metav1.ObjectMeta{Name: "i"},
			Status: v1alpha1.InitializerControllerStatus{
				Conditions: []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Running"}},
				Objects:    &v1alpha1.InitializedObjectsStatus{Completed: 7, Pending: 4},
			},
		}),
	} {
		if add != nil {
			t.Fatal(add)
		}
	}
	collector.Show(Of(known))
	exposes("with controllers", `
# HELP hookplane_controller_condition [ALPHA] Whether a condition of a controller is True (1) or not (0), with its reason. Ready has the reason Unreported until somebody has looked at the controller.
# TYPE hookplane_controller_condition gauge
hookplane_controller_condition{condition="HookNotConverging",controller_name="c",controller_type="CompositeController",reason="AnswersKeepChanging"} 1
hookplane_controller_condition{condition="Ready",controller_name="c",controller_type="CompositeController",reason="HookUnreachable"} 0
hookplane_controller_condition{condition="Ready",controller_name="i",controller_type="InitializerController",reason="Running"} 1
hookplane_controller_condition{condition="Ready",controller_name="new",controller_type="DecoratorController",reason="Unreported"} 0
# HELP hookplane_controller_parents [ALPHA] Objects that a controller has a hook called for, by how their last sync ended: synced, failing, or waiting for the first one.
# TYPE hookplane_controller_parents gauge
hookplane_controller_parents{controller_name="c",controller_type="CompositeController",state="failing"} 2
hookplane_controller_parents{controller_name="c",controller_type="CompositeController",state="synced"} 1
hookplane_controller_parents{controller_name="c",controller_type="CompositeController",state="waiting"} 3
# HELP hookplane_controller_pending_objects [ALPHA] Objects that were created while the hook of an initializer failed, and wait for it.
# TYPE hookplane_controller_pending_objects gauge
hookplane_controller_pending_objects{controller_name="i",controller_type="InitializerController"} 4
`)
	collector.Show(nil)
	exposes("when they are somebody else's", "")
}
