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
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestRolloutRelated has a customize hook ask for another object in each revision: each call of the hook is shown those of its revision.
func TestRolloutRelated(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "reader")
	for _, name := range []string{"conf-1", "conf-2"} {
		if _, err := newConfigMap(t.Context(), namespace, name, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	shown := map[string]int{} // by the value in spec and the related objects
	hook := newHook(t, func(in request) response {
		mu.Lock()
		shown[nested[string](in.Parent, "spec", "value")+" "+fmt.Sprint(slices.Sorted(maps.Keys(in.Related["ConfigMap.v1"])))]++
		mu.Unlock()
		return threeConfigMaps(in)
	})
	customize := newHook(t, nil)
	customize.answerAny(func(in request) any {
		return object{"relatedResources": []object{{
			"apiVersion": "v1", "resource": "configmaps", "names": []string{"conf-" + nested[string](in.Parent, "spec", "value")},
		}}}
	})
	newController(t, kind, hook, withMethod(v1alpha1.ChildUpdateRollingInPlace), func(c *v1alpha1.CompositeController) {
		c.Spec.Hooks.Customize = &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: customize.URL()}}
	})
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	settledOne(t, hook, "p", 2)
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
	settledOne(t, hook, "p", 2+3*2+1)

	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(map[string]int{"1 [conf-1]": 2 + 3, "2 [conf-2]": 3 + 1}, shown); diff != "" {
		t.Errorf("what the hook was shown differs (-want +got):\n%s", diff)
	}
	if calls := customize.count("p"); calls != 3 {
		t.Errorf("the customize hook was called %d times, want once for each state of the parent: with 1, with 2, and with 2 as in the older revision", calls)
	}
}
