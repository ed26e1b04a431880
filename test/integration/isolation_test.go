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
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestHookThatHangs has a hook that answers nobody, and more parents than are synced at the same time: every worker of its
// controller waits. Not one of those calls ends before all parents of another controller are synced.
func TestHookThatHangs(t *testing.T) {
	namespace, hung, lively := newNamespace(t), newKind(t, "hanger"), newKind(t, "liver")
	dead, quick := newHook(t, nil), newHook(t, threeConfigMaps)
	var begun, ended atomic.Int32
	release := make(chan struct{})
	dead.handle(func(_ http.ResponseWriter, r *http.Request) {
		begun.Add(1)
		defer ended.Add(1)
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	newController(t, hung, dead, func(c *v1alpha1.CompositeController) { c.Spec.Hooks.Sync.Webhook.Timeout = "10m" })
	newController(t, lively, quick)
	const workers = 5 // the default of --workers
	name := func(i int) string { return fmt.Sprintf("p%d", i) }
	for i := range 2 * workers {
		newParent(t, hung, namespace, "hung-"+name(i), object{"value": "1"})
	}
	eventually(t, "all workers of the hook that hangs wait for it", func() error {
		if n := begun.Load(); n != workers {
			return fmt.Errorf("%d calls have begun", n)
		}
		return nil
	})
	for i := range parentsCounted {
		newParent(t, lively, namespace, name(i), object{"value": "1"})
	}
	settled(t, quick, name, 2, "creation")
	if begun.Load() != workers || ended.Load() != 0 {
		t.Errorf("%d calls of the hook that hangs have begun and %d have ended, want %d and none", begun.Load(), ended.Load(), workers)
	}

	dead.answer(threeConfigMaps)
	close(release)
	for i := range 2 * workers {
		eventuallyHas(t, configMaps, namespace, fmt.Sprintf("hung-p%d-2", i), "1", "data", "value")
	}
}

// TestRetriesBackOffPerParent has a hook that fails for one parent alone: it is called for that parent ever more seldom, and
// for the others, before and after, as if nothing were wrong. A parent that fails later begins its retries anew.
func TestRetriesBackOffPerParent(t *testing.T) {
	const failures = 10
	namespace, kind := newNamespace(t), newKind(t, "failer")
	hook := newHook(t, nil)
	var mu sync.Mutex
	calls := map[string][]time.Time{}
	healed := false
	hook.handle(func(w http.ResponseWriter, r *http.Request) {
		var in request
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		name := nested[string](in.Parent, "metadata", "name")
		mu.Lock()
		defer mu.Unlock()
		calls[name] = append(calls[name], time.Now())
		if name == "bad" && !healed || name == "late" && len(calls[name]) == 1 {
			http.Error(w, "not this one", http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(threeConfigMaps(in)) // the caller may be gone
	})
	called := func(name string) int {
		mu.Lock()
		defer mu.Unlock()
		return len(calls[name])
	}
	counted := func(want map[string]int) {
		t.Helper()
		check := func() error {
			for name, n := range want {
				if got := called(name); got != n {
					return fmt.Errorf("%d calls for %s, want %d", got, name, n)
				}
			}
			return nil
		}
		eventually(t, "the hook was called as often as promised", check)
		never(t, "the hook is called more often than promised", check)
	}
	newController(t, kind, hook)
	newParent(t, kind, namespace, "early", object{"value": "1"})
	newParent(t, kind, namespace, "bad", object{"value": "1"})
	eventually(t, "the bad one was tried often", func() error {
		if n := called("bad"); n < failures {
			return fmt.Errorf("%d calls", n)
		}
		return nil
	})
	newParent(t, kind, namespace, "late", object{"value": "1"})
	counted(map[string]int{"early": 2, "late": 3}) // creation, the children's sight, and one failure

	mu.Lock()
	healed = true
	tried := calls["bad"][:failures]
	mu.Unlock()
	// Retry n comes no earlier than half of 5ms·2ⁿ after the failure; a busy machine makes it later, never earlier.
	least := 5 * time.Millisecond / 2
	for i := range failures - 1 {
		if gap := tried[i+1].Sub(tried[i]); gap < least {
			t.Errorf("retry %d came after %s, want at least %s", i, gap, least)
		}
		least *= 2
	}
	patchParent(t, kind, namespace, "bad", `{"metadata":{"annotations":{"look":"again"}}}`) // no need to wait for the retry
	eventuallyHas(t, configMaps, namespace, "bad-2", "1", "data", "value")
}
