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
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// notConverging returns an error unless the controller's condition HookNotConverging has the text; "" for no condition.
func notConverging(t *testing.T, controller, text string) error {
	t.Helper()
	object, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(t.Context(), controller, metav1.GetOptions{})
	if err != nil {
		return err
	}
	condition := meta.FindStatusCondition(object.Status.Conditions, "HookNotConverging")
	switch {
	case condition == nil && text == "":
		return nil
	case condition == nil || text == "" || condition.Status != metav1.ConditionTrue || !strings.Contains(condition.Message, text):
		return fmt.Errorf("its condition is %+v", condition)
	default:
		return nil
	}
}

// countUp answers one step more than the parent's status has, up to the last one.
func countUp(last float64) func(request) response {
	return func(in request) response {
		step := min(nested[float64](in.Parent, "status", "step")+1, last)
		return response{
			Status:   object{"step": step},
			Children: []object{configMap(nested[string](in.Parent, "metadata", "name"), object{"step": fmt.Sprint(step)})},
		}
	}
}

// TestStateMachine has a hook advance by what it wrote into status, at full speed.
func TestStateMachine(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "automaton")
	hook := newHook(t, countUp(50))
	newController(t, kind, hook)
	newParent(t, kind, namespace, "s", object{})
	settledOne(t, hook, "s", 51)
	if err := notConverging(t, kind.Resource, ""); err != nil {
		t.Errorf("a hook that settled is reported: %v", err)
	}
	eventuallyHas(t, configMaps, namespace, "s", "50", "data", "step")
}

// TestNotConverging has a hook count without end: it is slowed down and reported, until it settles.
func TestNotConverging(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "restless")
	var mu sync.Mutex
	var calls []time.Time
	count := countUp(1e9)
	hook := newHook(t, func(in request) response {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, time.Now())
		return count(in)
	})
	newController(t, kind, hook)
	newParent(t, kind, namespace, "c", object{})
	eventually(t, "the controller says what does not settle", func() error {
		return notConverging(t, kind.Resource, "parent "+namespace+"/c: ")
	})
	if err := notConverging(t, kind.Resource, "(ConfigMap "+namespace+"/c: data.step differs; status.step differs)"); err != nil {
		t.Error(err)
	}
	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")
	eventuallyEvent(t, namespace, "c", "HookNotConverging", "status.step differs")

	const first, last = 101, 121 // calls that were slowed down: the delays between them add up to more than six seconds
	eventually(t, "the hook is still called", func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(calls) <= last {
			return fmt.Errorf("%d calls so far", len(calls))
		}
		return nil
	})
	mu.Lock()
	took := calls[last].Sub(calls[first])
	mu.Unlock()
	if took < 5*time.Second {
		t.Errorf("calls %d to %d came within %s", first, last, took)
	}

	hook.answer(func(in request) response {
		return response{Status: object{"step": in.Parent["status"].(object)["step"]}, Children: []object{configMap("c", object{"step": "last"})}}
	})
	eventually(t, "the controller has nothing to say any more", func() error { return notConverging(t, kind.Resource, "") })
}
