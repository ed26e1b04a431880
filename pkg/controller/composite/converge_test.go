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
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/converge"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// counted is a sync that wrote what its hook counted up.
func counted(parent *objects.Object) *exchange {
	return &exchange{
		cause: wakeup.OwnWrites, observation: &observation{parent: parent}, writes: []wakeup.Write{{Matters: false}, {Matters: true}},
		statusWritten: true, plan: plan.Result{Status: &plan.StatusWrite{Reason: "status.count differs"}},
	}
}

// makeRestless plays syncs of a parent until its hook is known not to settle.
func makeRestless(t *testing.T, c *controller, parent *objects.Object) {
	t.Helper()
	for i := 1; ; i++ {
		change := c.settle(counted(parent))
		if (change == converge.Restless) != (i == converge.Patience) {
			t.Fatalf("settle() = %d after %d syncs", change, i)
		}
		if i == converge.Patience {
			return
		}
	}
}

func TestSlowedDown(t *testing.T) {
	c, key, now := newScheduled(t)
	parent := &objects.Object{Namespace: key.Namespace, Name: key.Name, UID: "uid-t"}
	due := func(what string, want wakeup.Cause) {
		t.Helper()
		if got, is := c.queue.Take(key); got.Cause != want || is != (want != 0) {
			t.Errorf("%s: Take() = %s, %t, want %s", what, got.Cause, is, want)
		}
	}
	c.enqueue(key, wakeup.Wakeup{Cause: wakeup.OwnWrites})
	due("own writes of a parent that settles", wakeup.OwnWrites)

	makeRestless(t, c, parent)
	c.enqueue(key, wakeup.Wakeup{Cause: wakeup.OwnWrites})
	due("own writes", 0)
	now.Step(time.Second)
	due("own writes after a while", wakeup.OwnWrites)

	c.enqueue(key, wakeup.Wakeup{Cause: wakeup.OwnWrites})
	c.enqueue(key, wakeup.Wakeup{Cause: wakeup.ParentChanged})
	due("a change that somebody made in the meantime", wakeup.OwnWrites|wakeup.ParentChanged)

	c.queue.SetTimer(key, time.Millisecond, wakeup.Resync)
	c.enqueue(key, wakeup.Wakeup{Cause: wakeup.OwnWrites})
	now.Step(time.Millisecond)
	due("a resync that is due before", wakeup.OwnWrites|wakeup.Resync)

	settled := counted(parent)
	settled.writes = settled.writes[:1]
	if got := c.settle(settled); got != converge.Settled {
		t.Errorf("settle() = %d of a sync that wrote nothing that matters", got)
	}
	c.enqueue(key, wakeup.Wakeup{Cause: wakeup.OwnWrites})
	due("own writes of a parent that has settled", wakeup.OwnWrites)
}

func TestSettle(t *testing.T) {
	c, key, _ := newScheduled(t)
	c.rules = []plan.Rule{{Method: plan.InPlace}, {Method: plan.RollingInPlace}}
	parent := &objects.Object{Namespace: key.Namespace, Name: key.Name, UID: "uid-t"}
	for name, mod := range map[string]func(*exchange){
		"Failed":     func(x *exchange) { x.err = errNoSelector },
		"Superseded": func(x *exchange) { x.superseded = true },
		"Woken":      func(x *exchange) { x.cause |= wakeup.ChildChanged },
		"Successor": func(x *exchange) {
			x.observation.parent = &objects.Object{Namespace: key.Namespace, Name: key.Name, UID: "other"}
		},
		"Rollout": func(x *exchange) {
			x.plan.Writes = []plan.Write{{Key: plan.ChildKey{Rule: 0}}, {Key: plan.ChildKey{Rule: 1}}}
			x.outcomes = []apply.Outcome{{Unchanged: true}, {}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 * converge.Patience {
				x := counted(parent)
				mod(x)
				if got := c.settle(x); got != converge.None {
					t.Fatalf("settle() = %d", got)
				}
			}
			if c.memory[key].streak.Delay() > 0 {
				t.Error("the parent is slowed down")
			}
		})
	}
}

func TestDifference(t *testing.T) {
	c := newFamily()
	c.resources = []objects.Resource{{Kind: "ConfigMap"}}
	write := func(name, reason string) plan.Write {
		return plan.Write{Key: plan.ChildKey{Namespace: "n", Name: name}, Reason: reason}
	}
	x := counted(&objects.Object{})
	x.plan.Writes = []plan.Write{write("a", "data.a differs"), write("b", "data.b differs"), write("c", "data.c differs")}
	x.outcomes = []apply.Outcome{{Unchanged: true}, {}, {}}
	if diff := cmp.Diff("ConfigMap n/b: data.b differs; status.count differs", c.difference(x)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestNotConverging(t *testing.T) {
	const described = "the hook answers something new each time that it sees its last answer written (status.count differs): " +
		"its calls are slowed down, to one in 30s in the end, until an answer changes nothing"
	c := newFamily()
	if got := c.notConverging(); got != "" {
		t.Errorf("notConverging() = %q of hooks that settle", got)
	}
	makeRestless(t, c, &objects.Object{Namespace: "n", Name: "b", UID: "uid-b"})
	if diff := cmp.Diff("parent n/b: "+described, c.notConverging()); diff != "" {
		t.Errorf("one parent: -want, +got:\n%s", diff)
	}
	makeRestless(t, c, &objects.Object{Namespace: "n", Name: "a", UID: "uid-a"})
	if diff := cmp.Diff("parent n/a: "+described+" (and parents like it: 1)", c.notConverging()); diff != "" {
		t.Errorf("two parents: -want, +got:\n%s", diff)
	}
}
