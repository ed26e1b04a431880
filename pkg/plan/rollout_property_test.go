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

package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPropertyRolloutsEnd lets users, children, crashes and others do at random what they can do to a rollout. Whatever
// happened, the rollout ends as soon as children get well, and no sync takes more than one child that is well away.
func TestPropertyRolloutsEnd(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			w := newWorld(t)
			w.Method = []Method{RollingInPlace, RollingRecreate}[r.IntN(2)]
			w.RevisionOf = [][]string{{"image"}, {"workers", "image", "config"}}[r.IntN(2)]
			ready := "True"
			w.Checks = []StatusCheck{{Type: "Ready", Status: &ready}}
			w.ClusterScoped = r.IntN(4) == 0
			w.step("apply", map[string]any{"workers": randomWorkers(r), "image": "one"})
			watch := newDisruptions(w)
			for range 25 {
				w.settle(watch.check)
				w.randomStep(r)
				watch.look()
			}
			w.finish(watch)
		})
	}
}

// finish lets children get well until nothing happens any more, and checks where that led to.
func (w *rolloutWorld) finish(watch *disruptions) {
	w.t.Helper()
	for range 15 {
		for _, name := range slices.Sorted(maps.Keys(w.children)) {
			if child := w.children[name]; child.deleting {
				delete(w.children, name)
			} else {
				w.setReady(child)
			}
		}
		watch.look()
		w.settle(watch.check)
	}
	if condition := conditionOf(w.t, w.status); condition != "True, OnLatestRevision: latest ControllerRevision: "+w.latest {
		w.t.Errorf("Updated is %s", condition)
	}
	if names := slices.Collect(maps.Keys(w.revs)); len(names) != 1 || names[0] != w.latest {
		w.t.Errorf("revisions: %v, want %s alone", names, w.latest)
	}
	var want []string
	for _, name := range w.spec["workers"].([]any) {
		want = append(want, fmt.Sprint(name, " ", w.spec["image"]))
	}
	var got []string
	for name, child := range w.children {
		got = append(got, name+" "+imageOf(w.t, child))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		w.t.Errorf("children: %v, want %v", got, want)
	}
}

func imageOf(t testing.TB, child *worldChild) string {
	t.Helper()
	spec, _ := decodeObject(t, child.object(t)).Object["spec"].(map[string]any)
	return fmt.Sprint(spec["image"])
}

func (w *rolloutWorld) randomStep(r *rand.Rand) {
	w.t.Helper()
	var name string
	if names := slices.Sorted(maps.Keys(w.children)); len(names) > 0 {
		name = names[r.IntN(len(names))]
	}
	switch step := r.IntN(14); {
	case step == 0:
		w.step("apply", map[string]any{"image": []any{"one", "two", "three"}[r.IntN(3)]})
	case step == 1:
		w.step("apply", map[string]any{"workers": randomWorkers(r)})
	case step == 2:
		w.step("restart", true)
	case step == 3:
		w.step("crash", true)
	case step == 4 && len(w.revs) > 0:
		w.happen("forget", slices.Sorted(maps.Keys(w.revs))[r.IntN(len(w.revs))])
	case name == "":
	case step == 5:
		w.happen("gone", name)
	case step == 6:
		w.happen("going", name)
	case step == 7:
		w.happen("unready", name)
	case step == 8:
		w.happen("unobserved", name)
	case step == 9 && !w.child(name).deleting:
		w.step("drift", map[string]any{name: []any{"one", "two", "odd"}[r.IntN(3)]})
	default:
		w.happen("ready", name)
	}
}

func randomWorkers(r *rand.Rand) []any {
	return append(someOf(r, "a", "b", "c", "d"), "z")
}

// disruptions watches what syncs do to children that are well.
type disruptions struct {
	w    *rolloutWorld
	well map[string]string // the image of each child that is ready and wanted
	last map[string]int    // content by child, as it was before the sync
}

func newDisruptions(w *rolloutWorld) *disruptions {
	d := &disruptions{w: w}
	d.look()
	return d
}

// look notes how children are before a sync.
func (d *disruptions) look() {
	d.well, d.last = map[string]string{}, map[string]int{}
	for name, child := range d.w.children {
		d.last[name] = child.content
		image := imageOf(d.w.t, child)
		if child.ready == "True" && !child.deleting && image != "odd" {
			d.well[name] = image
		}
	}
}

// check counts the children that were well before the sync, are still wanted, and were changed by it.
func (d *disruptions) check() {
	d.w.t.Helper()
	var changed []string
	for name := range d.well {
		child := d.w.children[name]
		wanted := slices.Contains(d.w.spec["workers"].([]any), any(name))
		if wanted && (child == nil || child.content != d.last[name]) {
			changed = append(changed, name)
		}
	}
	if len(changed) > 1 {
		d.w.t.Errorf("one sync took away %v", changed)
	}
	d.look()
}
