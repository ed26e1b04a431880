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
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/hook"
)

// rolloutWorld is a parent with its children and revisions over many syncs. The parent's spec is
//
//	{workers: [names], image: text, config: text}
//
// and its hook answers, in this order, a Worker of a rolling rule for each name, with that image, and, when there is a config, a
// Config that is updated in place.
type rolloutWorld struct {
	t testing.TB

	Method        Method        `json:"method"`
	Checks        []StatusCheck `json:"checks"`
	RevisionOf    []string      `json:"revisionOf"`    // members of the spec that make a revision
	ClusterScoped bool          `json:"clusterScoped"` // the parent; its Workers are in the namespace prod
	Instant       bool          `json:"instant"`       // children are ready as soon as they are written

	spec    map[string]any
	answers map[string]string // by image: what the hook does instead of answering as it should
	// deleting is for a parent whose children are left to the garbage collector, finalizing for one with a finalize hook.
	deleting, finalizing bool

	crashes  bool // the next sync ends once it has recorded revisions
	status   []byte
	latest   string
	revs     map[string]*worldRevision
	children map[string]*worldChild // by name
	settled  map[ChildKey]Settled
	version  int
}

type worldRevision struct {
	spec     map[string]any // the members of RevisionOf
	children []Members
}

type worldChild struct {
	*server
	key        ChildKey
	uid        types.UID
	version    int // raised by every change
	content    int // raised by every change but those of the status
	generation int
	observed   int // generation; 0: the child does not tell
	ready      string
	deleting   bool
}

const workerKind, configKind = 0, 1

func newWorld(t testing.TB) *rolloutWorld {
	return &rolloutWorld{
		t: t, Method: RollingInPlace, RevisionOf: []string{"image"},
		spec: map[string]any{}, answers: map[string]string{}, revs: map[string]*worldRevision{}, children: map[string]*worldChild{},
	}
}

// revisionName names a revision by what it has: image=b,workers=3.
func (w *rolloutWorld) revisionName(spec map[string]any) string {
	var parts []string
	for _, member := range slices.Sorted(slices.Values(w.RevisionOf)) {
		value := spec[member]
		if list, isList := value.([]any); isList {
			value = len(list)
		}
		parts = append(parts, fmt.Sprintf("%s=%v", member, value))
	}
	return strings.Join(parts, ",")
}

func (w *rolloutWorld) hook(spec map[string]any) *hook.CompositeResponse {
	response := &hook.CompositeResponse{Status: json.RawMessage(`{"phase":"ok"}`)}
	image := fmt.Sprint(spec["image"])
	names, _ := spec["workers"].([]any)
	for _, name := range names {
		instead := w.answers[image]
		if instead == "drops "+fmt.Sprint(name) {
			continue
		}
		metadata := map[string]any{"name": name}
		if w.ClusterScoped {
			metadata["namespace"] = "prod"
		}
		if instead == "invalid" {
			metadata["name"] = ""
		}
		response.Children = append(response.Children, encode(w.t, map[string]any{
			"apiVersion": "example.com/v1", "kind": "Worker", "metadata": metadata, "spec": map[string]any{"image": image},
		}))
	}
	if config, found := spec["config"]; found {
		response.Children = append(response.Children, encode(w.t, map[string]any{
			"apiVersion": "example.com/v1", "kind": "Config", "metadata": map[string]any{"name": "settings"}, "data": config,
		}))
	}
	if w.answers[image] == "no status" {
		response.Status = nil
	}
	if text, found := strings.CutPrefix(w.answers[image], "status "); found {
		response.Status = json.RawMessage(text)
	}
	return response
}

func (w *rolloutWorld) input() Input {
	in := Input{
		Parent: Parent{
			APIVersion: "example.com/v1", Kind: "Crew", Namespace: "default", Name: "crew", UID: "crew-uid", Generation: 1,
			LeaveChildren: w.deleting, Status: w.status,
		},
		Rules: []Rule{
			{APIVersion: "example.com/v1", Kind: "Worker", Resource: "workers", Namespaced: true, Method: w.Method, StatusChecks: w.Checks},
			{APIVersion: "example.com/v1", Kind: "Config", Resource: "configs", Namespaced: true, Method: InPlace},
		},
		Response: w.hook(w.spec),
		Settled:  w.settled,
	}
	if w.ClusterScoped {
		in.Parent.Namespace = ""
		in.Rules[configKind].Namespaced = false
	}
	cluster := map[ChildKey]Child{}
	for _, name := range slices.Sorted(maps.Keys(w.children)) {
		child := w.children[name].observe(w)
		cluster[child.key()] = child
		in.Children = append(in.Children, child)
	}
	in.Lookup = func(rule int, namespace, name string) (Child, bool) {
		child, found := cluster[ChildKey{rule, namespace, name}]
		return child, found
	}
	w.latest = w.revisionName(w.spec)
	in.Rollout = &Rollout{Latest: Revision{Name: w.latest}, Hold: w.finalizing, Now: "2026-01-01T00:00:00Z"}
	if known := w.revs[w.latest]; known != nil {
		in.Rollout.Latest.Children = known.children
	}
	for _, name := range w.older() {
		spec := maps.Clone(w.spec)
		maps.Copy(spec, w.revs[name].spec)
		in.Rollout.Older = append(in.Rollout.Older, Revision{Name: name, Children: w.revs[name].children, Response: w.hook(spec)})
	}
	return in
}

func (w *rolloutWorld) older() []string {
	names := slices.Sorted(maps.Keys(w.revs))
	return slices.DeleteFunc(names, func(name string) bool { return name == w.latest })
}

func (c *worldChild) observe(w *rolloutWorld) Child {
	object := decodeObject(w.t, c.object(w.t))
	object.SetGeneration(int64(c.generation))
	if c.ready != "" {
		status := map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": c.ready, "reason": "Tested"}}}
		if c.observed > 0 {
			status["observedGeneration"] = int64(c.observed)
		}
		object.Object["status"] = status
	}
	return Child{
		Rule: c.key.Rule, Namespace: c.key.Namespace, Name: c.key.Name, ResourceVersion: fmt.Sprint(c.version), UID: c.uid,
		Deleting: c.deleting, ControllerUID: "crew-uid", Raw: encode(w.t, object.Object), AppliedFields: c.appliedFields(w.t),
		ContentDigest: uint64(c.content),
	}
}

// touched notes a change of a child.
func (w *rolloutWorld) touched(c *worldChild, content bool) {
	w.version++
	c.version = w.version
	if content {
		c.content = w.version
		c.generation++
	}
}

// sync runs one sync and returns what it did, and whether the parent is woken by that.
func (w *rolloutWorld) sync() (did []string, woken bool) {
	in := w.input()
	result, err := Composite(in)
	if err != nil {
		return []string{"error: " + err.Error()}, false
	}
	w.checkIndependence(in, result)
	if result.Progress != nil && !w.finalizing { // Nothing is recorded any more of a parent that goes.
		did = append(did, w.recordRevisions(result.Progress)...)
	}
	if w.crashes {
		w.crashes = false
		w.settled = nil
		return append(did, "crash"), true
	}
	w.settled = result.Settled
	rules := &ruleIndex{rules: in.Rules}
	for i := range result.Writes {
		write := &result.Writes[i]
		did = append(did, strings.ToLower(string(write.Op))+" "+rules.describe(write.Key)+": "+write.Reason)
		w.carryOut(write)
	}
	if result.Status != nil {
		did = append(did, w.describeStatus(result.Status)...)
		w.status = result.Status.Status
		woken = !result.Status.BookkeepingOnly
	}
	return did, woken || len(result.Writes) > 0
}

func (w *rolloutWorld) recordRevisions(progress *Progress) (did []string) {
	record := func(name string, spec map[string]any, members []Members) {
		switch known := w.revs[name]; {
		case known == nil:
			did = append(did, "new revision "+name+": "+describeMembers(members))
			w.revs[name] = &worldRevision{spec: spec, children: members}
		case !cmp.Equal(known.children, members):
			did = append(did, "revision "+name+": "+describeMembers(members))
			known.children = members
		}
	}
	older := w.older()
	spec := map[string]any{}
	for _, member := range w.RevisionOf {
		spec[member] = w.spec[member]
	}
	record(w.latest, spec, progress.Latest)
	for i, name := range older {
		if len(progress.Older[i]) > 0 {
			record(name, nil, progress.Older[i])
			continue
		}
		did = append(did, "delete revision "+name)
		delete(w.revs, name)
	}
	return did
}

func describeMembers(members []Members) string {
	names := []string{}
	for _, m := range members {
		names = append(names, m.Names...)
	}
	return fmt.Sprint(names)
}

func (w *rolloutWorld) describeStatus(write *StatusWrite) (did []string) {
	before, after := conditionOf(w.t, w.status), conditionOf(w.t, write.Status)
	if !write.BookkeepingOnly {
		did = append(did, "status")
	}
	if before != after {
		did = append(did, "Updated is "+after)
	}
	return did
}

func conditionOf(t testing.TB, status []byte) string {
	t.Helper()
	in := Input{Parent: Parent{Status: status}}
	c := observedUpdated(&in)
	if c == nil {
		return "absent"
	}
	return fmt.Sprintf("%v, %v: %v", c["status"], c["reason"], c["message"])
}

func (w *rolloutWorld) carryOut(write *Write) {
	name := write.Key.Name
	if write.Op == Delete {
		delete(w.children, name)
		delete(w.settled, write.Key)
		return
	}
	child := w.children[name]
	if write.Op == Create {
		kind := []string{"Worker", "Config"}[write.Key.Rule]
		child = &worldChild{server: newServer(w.t, "example.com/v1", kind), key: write.Key, uid: types.UID(fmt.Sprintf("%s-uid-%d", name, w.version))}
		w.children[name] = child
	}
	child.apply(w.t, write.Body)
	w.touched(child, true)
	w.settled[write.Key] = write.Settle(fmt.Sprint(child.version))
	if w.Instant {
		w.setReady(child)
	}
}

func (w *rolloutWorld) setReady(c *worldChild) {
	c.ready, c.observed = "True", c.generation
	w.touched(c, false)
}

// settle syncs until nothing wakes the parent any more, and returns what each sync did.
func (w *rolloutWorld) settle(visit func()) (syncs [][]string) {
	for range 100 {
		did, woken := w.sync()
		if visit != nil {
			visit()
		}
		if len(did) > 0 {
			syncs = append(syncs, did)
		}
		if !woken {
			return syncs
		}
	}
	w.t.Fatalf("the parent is synced for ever: %v", syncs[len(syncs)-3:])
	return nil
}

// checkIndependence checks that the order of children and of revisions does not matter.
func (w *rolloutWorld) checkIndependence(in Input, want Result) {
	w.t.Helper()
	shuffle := rand.New(rand.NewPCG(uint64(w.version), 0))
	shuffle.Shuffle(len(in.Children), func(i, j int) { in.Children[i], in.Children[j] = in.Children[j], in.Children[i] })
	rollout := *in.Rollout
	order := shuffle.Perm(len(rollout.Older))
	rollout.Older = nil
	for _, i := range order {
		rollout.Older = append(rollout.Older, in.Rollout.Older[i])
	}
	in.Rollout = &rollout
	got, err := Composite(in)
	if err != nil {
		w.t.Fatalf("in another order: %v", err)
	}
	if want.Progress != nil {
		older := make([][]Members, len(order))
		for position, i := range order {
			older[i] = got.Progress.Older[position]
		}
		got.Progress.Older = older
		if len(order) == 0 {
			got.Progress.Older = want.Progress.Older
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Write{}, Progress{}, updated{})); diff != "" {
		w.t.Errorf("children and revisions in another order give another result (-first +second):\n%s", diff)
	}
}
