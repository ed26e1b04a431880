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
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/hookplane/hookplane/apis/hook"
)

// Rollout is what is known of the revisions of a parent whose controller has a rolling update method. docs/protocol.md §6.
type Rollout struct {
	// Latest is the revision that the parent is in. What the hook answered for it is Input.Response.
	Latest Revision
	// Older are the other revisions that have children, in any order.
	Older []Revision
	// Hold says that no child is moved, because the parent is being deleted. The condition Updated stays as it is.
	Hold bool
	// Now is the time of this sync as RFC 3339 writes it, for the condition Updated.
	Now string
}

// Revision is one state of the parent.
type Revision struct {
	// Name is that of the ControllerRevision.
	Name string
	// Children are the children that are in the revision, as recorded.
	Children []Members
	// Response is what the hook answered for the parent in this state. Nil for the latest revision.
	Response *hook.CompositeResponse
}

// Members names the children of one kind that are in a revision: by name, or by namespace/name where a cluster-scoped parent
// has children in namespaces.
type Members struct {
	APIGroup, Kind string
	Names          []string
}

// Progress is how a rollout goes on. What it says of revisions is to be recorded before children are written: then whoever
// comes after a crash knows which children were about to change.
type Progress struct {
	// Latest are the children that are in the latest revision now, sorted.
	Latest []Members
	// Older are those in each of Rollout.Older. A revision without children has served its time: it is to be deleted.
	Older [][]Members
	// Done says that no child is to be moved to the latest revision any more.
	Done bool

	condition *updated // nil: it stays as it is
}

// Numbers of revisions: the latest is 0, Rollout.Older[i] is i+1.
const (
	latest = 0
	// nowhere is for children that exist, differ from the latest revision and are in none: adopted, or of a revision that
	// somebody deleted. They are left alone until it is their turn.
	nowhere = -1
)

// roller decides which children are in which revision.
type roller struct {
	*planner
	// recorded has the revision of each child, by identity.
	recorded map[ChildKey]int
	// older has what each older revision wants, by identity.
	older []map[ChildKey]*desiredChild
}

func (p *planner) newRoller() (*roller, error) {
	r := &roller{planner: p, recorded: map[ChildKey]int{}}
	for i := range p.in.Rollout.Older {
		desired, err := p.desiredBy(&p.in.Rollout.Older[i])
		if err != nil {
			return nil, err
		}
		r.older = append(r.older, desired)
	}
	// A crash between two records leaves a child in two revisions: it was on its way to the first of these.
	r.record(latest, &p.in.Rollout.Latest)
	order := make([]int, len(p.in.Rollout.Older))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p.in.Rollout.Older[a].Name, p.in.Rollout.Older[b].Name) })
	for _, i := range order {
		r.record(i+1, &p.in.Rollout.Older[i])
	}
	return r, nil
}

// desiredBy returns what a revision wants, by identity.
func (p *planner) desiredBy(revision *Revision) (map[ChildKey]*desiredChild, error) {
	in := *p.in
	in.Response = revision.Response
	var faults faults
	wanted := checkChildren(&in, p.rules, &faults)
	if err := faults.asError(p.in); err != nil {
		return nil, ofRevision(revision.Name, err)
	}
	desired := make(map[ChildKey]*desiredChild, len(wanted))
	for i := range wanted {
		desired[p.rules.identity(wanted[i].key)] = &wanted[i]
	}
	return desired, nil
}

// record takes over which children are in a revision.
func (r *roller) record(number int, revision *Revision) {
	for _, members := range revision.Children {
		family, declared := r.rules.familyOf(members.APIGroup, members.Kind)
		if !declared {
			continue
		}
		for _, name := range members.Names {
			key := ChildKey{Rule: family, Namespace: r.in.Parent.Namespace, Name: name}
			if namespace, rest, found := strings.Cut(name, "/"); found {
				key.Namespace, key.Name = namespace, rest
			}
			if _, found := r.recorded[key]; !found {
				r.recorded[key] = number
			}
		}
	}
}

// roll finds out which child is in which revision, moves the next one to the latest when it is time, and returns the
// children as the revisions that they are in want them.
func (p *planner) roll(wanted []desiredChild) ([]desiredChild, error) {
	r, err := p.newRoller()
	if err != nil {
		return nil, err
	}
	places := make([]int, len(wanted))
	for i := range wanted {
		if places[i], err = r.place(&wanted[i]); err != nil {
			return nil, err
		}
	}
	condition, err := r.moveNext(wanted, places)
	if err != nil {
		return nil, err
	}
	p.result.Progress = r.progress(wanted, places, condition)
	return r.desired(wanted, places), nil
}

// place returns the revision that a child of the latest answer is in.
func (r *roller) place(wanted *desiredChild) (int, error) {
	if !r.in.Rules[wanted.key.Rule].Method.rolls() {
		return latest, nil
	}
	identity := r.rules.identity(wanted.key)
	number, recorded := r.recorded[identity]
	if !recorded {
		number = nowhere
	}
	if number == latest {
		return latest, nil
	}
	observed, older := r.owned(wanted.key), r.wantedBy(number, identity)
	switch {
	case observed == nil && older == nil:
		return latest, nil // New.
	case older != nil && older.key == wanted.key && older.hash == wanted.hash:
		return latest, nil // The two revisions want the same of it.
	case observed == nil || observed.Deleting:
		return number, nil // It comes back as it was.
	}
	if reason, err := r.trial(wanted); err != nil || reason != "" {
		return number, err
	}
	return latest, nil // It already is as the latest revision wants it.
}

// moveNext moves the first child that is not in the latest revision there, if all those that are there are well.
func (r *roller) moveNext(wanted []desiredChild, places []int) (*updated, error) {
	if r.in.Rollout.Hold {
		return nil, nil
	}
	next := slices.IndexFunc(places, func(place int) bool { return place != latest })
	if next < 0 {
		return onLatest(r.in.Rollout.Latest.Name), nil
	}
	for i := range wanted {
		if places[i] != latest || !r.in.Rules[wanted[i].key.Rule].Method.rolls() {
			continue
		}
		if reason, err := r.unready(&wanted[i]); err != nil || reason != "" {
			return waitingFor(r.rules.describe(wanted[i].key), reason), err
		}
	}
	places[next] = latest
	return updating(r.rules.describe(wanted[next].key)), nil
}

// progress sorts the children by revision.
func (r *roller) progress(wanted []desiredChild, places []int, condition *updated) *Progress {
	names := make([]map[childType][]string, 1+len(r.older))
	for i := range wanted {
		rule := &r.in.Rules[wanted[i].key.Rule]
		if places[i] == nowhere || !rule.Method.rolls() {
			continue
		}
		if names[places[i]] == nil {
			names[places[i]] = map[childType][]string{}
		}
		kind := childType{group(rule.APIVersion), rule.Kind}
		names[places[i]][kind] = append(names[places[i]][kind], r.memberName(wanted[i].key))
	}
	progress := &Progress{Latest: sortedMembers(names[latest]), Done: condition == nil || condition.status == "True", condition: condition}
	for i := range r.older {
		progress.Older = append(progress.Older, sortedMembers(names[i+1]))
	}
	return progress
}

func (r *roller) memberName(key ChildKey) string {
	if r.in.Parent.Namespace == "" && key.Namespace != "" {
		return key.Namespace + "/" + key.Name
	}
	return key.Name
}

func sortedMembers(names map[childType][]string) []Members {
	var all []Members
	for kind := range maps.Keys(names) {
		all = append(all, Members{APIGroup: kind.apiVersion, Kind: kind.kind, Names: slices.Sorted(slices.Values(names[kind]))})
	}
	slices.SortFunc(all, func(a, b Members) int {
		return cmp.Or(cmp.Compare(a.APIGroup, b.APIGroup), cmp.Compare(a.Kind, b.Kind))
	})
	return all
}

// desired returns the children as the revisions that they are in want them.
func (r *roller) desired(wanted []desiredChild, places []int) []desiredChild {
	desired := slices.Clone(wanted)
	for i := range desired {
		if places[i] == latest {
			continue
		}
		older := r.wantedBy(places[i], r.rules.identity(wanted[i].key))
		if older == nil {
			desired[i].held = true // Nobody knows any more what it should be.
		} else {
			desired[i] = *older
		}
	}
	return desired
}

// wantedBy returns what an older revision wants of a child; nil when it is not an older revision, or does not want the child.
func (r *roller) wantedBy(number int, identity ChildKey) *desiredChild {
	if number < 1 {
		return nil
	}
	return r.older[number-1][identity]
}

// owned returns the observed child of that name, nil when the parent has none.
func (p *planner) owned(key ChildKey) *Child {
	if child, found := p.observed[key]; found {
		return child
	}
	if other, exists := p.in.Lookup(key.Rule, key.Namespace, key.Name); exists && other.ControllerUID == p.in.Parent.UID {
		return &other
	}
	return nil
}

// trial returns why an existing child would be written if it were to be as wanted; "" when it need not be, or only for the record
// of what is applied.
func (p *planner) trial(wanted *desiredChild) (string, error) {
	scratch := &planner{in: p.in, rules: p.rules, observed: p.observed, faults: &faults{}}
	scratch.result.Settled = map[ChildKey]Settled{}
	if err := scratch.child(wanted); err != nil || len(scratch.result.Writes) == 0 || scratch.result.Writes[0].bookkeeping {
		return "", err
	}
	return scratch.result.Writes[0].Reason, nil
}
