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
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// parentsCounted is how many parents the counting tests use.
const parentsCounted = 10

// TestHookCalls counts hook calls exactly, as docs/protocol.md §9 promises them.
func TestHookCalls(t *testing.T) {
	dependent := func(in request) response {
		answer := threeConfigMaps(in)
		answer.Status = object{"children": float64(len(in.Children["ConfigMap.v1"]))}
		return answer
	}
	for name, tc := range map[string]struct {
		kind                           string
		sync                           func(request) response
		ignoreStatusChanges            bool
		create, touch, change, restart int
	}{
		"StatusIndependent":   {kind: "indifferent", sync: threeConfigMaps, create: 2, touch: 1, change: 2, restart: 1},
		"StatusDependent":     {kind: "watchful", sync: dependent, create: 3, touch: 1, change: 2, restart: 1},
		"IgnoreStatusChanges": {kind: "deaf", sync: dependent, ignoreStatusChanges: true, create: 2, touch: 1, change: 2, restart: 1},
	} {
		t.Run(name, func(t *testing.T) {
			namespace, kind := newNamespace(t), newKind(t, tc.kind)
			hook := newHook(t, func(in request) response {
				if !whole(in.Children["ConfigMap.v1"]) {
					t.Errorf("the hook is shown a half of what it answered: %v", in.Children)
				}
				return tc.sync(in)
			})
			newController(t, kind, hook, func(c *v1alpha1.CompositeController) {
				c.Spec.ParentResource.IgnoreStatusChanges = &tc.ignoreStatusChanges
			})
			expected := 0
			expect := func(phase string, calls int) {
				t.Helper()
				expected += calls
				settled(t, hook, func(i int) string { return fmt.Sprintf("p%d", i) }, expected, phase)
			}
			for i := range parentsCounted {
				newParent(t, kind, namespace, fmt.Sprintf("p%d", i), object{"value": "1"})
			}
			expect("creation", tc.create)
			for i := range parentsCounted {
				patchParent(t, kind, namespace, fmt.Sprintf("p%d", i), `{"metadata":{"annotations":{"touched":"1"}}}`)
			}
			expect("touch", tc.touch)
			for i := range parentsCounted {
				patchParent(t, kind, namespace, fmt.Sprintf("p%d", i), `{"spec":{"value":"2"}}`)
			}
			expect("change", tc.change)

			before := versions(t.Context(), t, kind, namespace)
			restart(t)
			expect("restart", tc.restart)
			if diff := cmp.Diff(before, versions(t.Context(), t, kind, namespace)); diff != "" {
				t.Errorf("a restart wrote something (-before +after):\n%s", diff)
			}
		})
	}
}

// whole reports whether children are all that one answer of threeConfigMaps had, or none.
func whole(children map[string]object) bool {
	values := map[string]bool{}
	for _, child := range children {
		values[nested[string](child, "data", "value")] = true
	}
	return len(children) == 0 || len(children) == 3 && len(values) == 1
}

// settled waits until each parent's hook was called that often, and sees that no further call comes.
func settled(t *testing.T, hook *hookServer, name func(int) string, want int, phase string) {
	t.Helper()
	calls := func() error {
		for i := range parentsCounted {
			if got := hook.count(name(i)); got != want {
				return fmt.Errorf("%s: %d calls for parent %d so far, want %d", phase, got, i, want)
			}
		}
		return nil
	}
	eventually(t, "every hook was called as often as promised", calls)
	never(t, "a hook is called more often than promised", calls)
}

// TestRestartInTheMiddle kills the server while it works: the next one completes the work.
func TestRestartInTheMiddle(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "phased")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook)
	for i := range 30 {
		newParent(t, kind, namespace, fmt.Sprintf("p%d", i), object{"value": "1"})
	}
	eventually(t, "the work has begun", func() error {
		if hook.count("p0") == 0 {
			return fmt.Errorf("no call yet")
		}
		return nil
	})
	if err := env.server.Kill(); err != nil {
		t.Fatal(err)
	}
	patchParent(t, kind, namespace, "p7", `{"spec":{"value":"2"}}`) // while nobody looks
	startAgain(t)
	for i := range 30 {
		want := "1"
		if i == 7 {
			want = "2"
		}
		for child := range 3 {
			eventuallyHas(t, configMaps, namespace, fmt.Sprintf("p%d-%d", i, child), want, "data", "value")
		}
		eventuallyHas(t, kind.GroupVersionResource, namespace, fmt.Sprintf("p%d", i), "Synced", "status", "phase")
	}
}
