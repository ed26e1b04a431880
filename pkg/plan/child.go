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
	"errors"
	"fmt"
	"maps"
	"slices"
)

// planner decides about children one by one.
type planner struct {
	in       *Input
	rules    *ruleIndex
	observed map[ChildKey]*Child
	faults   *faults
	result   Result
}

func planChildren(in *Input, rules *ruleIndex, wanted []desiredChild, faults *faults) (Result, error) {
	p := &planner{in: in, rules: rules, faults: faults, observed: make(map[ChildKey]*Child, len(in.Children))}
	p.result.Settled = make(map[ChildKey]Settled, len(wanted))
	for i := range in.Children {
		child := &in.Children[i]
		p.observed[child.key()] = child
	}
	p.deleteUnwanted(wanted)
	if in.Rollout != nil {
		var err error
		if wanted, err = p.roll(wanted); err != nil {
			return Result{}, err
		}
	}
	for i := range wanted {
		if err := p.child(&wanted[i]); err != nil {
			return Result{}, err
		}
	}
	return p.result, nil
}

func (c *Child) key() ChildKey {
	return ChildKey{Rule: c.Rule, Namespace: c.Namespace, Name: c.Name}
}

// deleteUnwanted plans the deletes of the children that the answer does not list.
func (p *planner) deleteUnwanted(wanted []desiredChild) {
	keep := make(map[ChildKey]struct{}, len(wanted))
	for i := range wanted {
		keep[p.rules.identity(wanted[i].key)] = struct{}{}
	}
	unwanted := slices.SortedFunc(maps.Values(p.observed), func(a, b *Child) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for _, child := range unwanted {
		identity := p.rules.identity(child.key())
		if _, kept := keep[identity]; kept || child.Deleting {
			continue
		}
		keep[identity] = struct{}{} // Observed in another version too, it is deleted once.
		p.result.Writes = append(p.result.Writes, Write{
			Op: Delete, Key: child.key(), Reason: "not wanted any more", UID: child.UID, ResourceVersion: child.ResourceVersion,
		})
	}
}

// child decides about one desired child.
func (p *planner) child(wanted *desiredChild) error {
	observed, found := p.observed[wanted.key]
	if !found {
		other, exists := p.in.Lookup(wanted.key.Rule, wanted.key.Namespace, wanted.key.Name)
		if !exists {
			return p.create(wanted)
		}
		if other.ControllerUID != p.in.Parent.UID {
			p.taken(wanted, &other)
			return nil
		}
		observed = &other
	}
	if observed.Deleting || wanted.held {
		return nil // It is created again when it is gone.
	}
	method := p.in.Rules[wanted.key.Rule].Method.once()
	if method == OnDelete {
		return nil
	}
	if p.settled(wanted, observed) {
		return nil
	}
	return p.update(wanted, observed, method)
}

// settled tells whether an earlier sync found the child to need no write, and nothing changed since.
func (p *planner) settled(wanted *desiredChild, observed *Child) bool {
	known, found := p.in.Settled[wanted.key]
	if !found || known.DesiredHash != wanted.hash {
		return false
	}
	if !known.describes(observed) {
		return false
	}
	p.settle(wanted, observed, known.BodyHash)
	return true
}

// describes tells whether the child is still the one that was found settled.
func (s Settled) describes(observed *Child) bool {
	if s.ResourceVersion != "" {
		return s.ResourceVersion == observed.ResourceVersion
	}
	return s.ContentDigest == observed.ContentDigest
}

func (p *planner) settle(wanted *desiredChild, observed *Child, bodyHash uint64) {
	p.result.Settled[wanted.key] = Settled{
		DesiredHash: wanted.hash, BodyHash: bodyHash, ContentDigest: observed.ContentDigest,
	}
}

func (p *planner) create(wanted *desiredChild) error {
	object, ok := p.decode(wanted)
	if !ok {
		return nil
	}
	body, err := createBody(p.in, object)
	if err != nil {
		return p.failed(wanted, "encode", err)
	}
	p.result.Writes = append(p.result.Writes, Write{
		Op: Create, Strategy: p.in.Strategy, Key: wanted.key, Reason: "does not exist", Body: body,
		desiredHash: wanted.hash, bodyHash: hashBytes(body),
	})
	return nil
}

func (p *planner) update(wanted *desiredChild, observed *Child, method Method) error {
	object, ok := p.decode(wanted)
	if !ok {
		return nil
	}
	change, err := compareChild(p.in, object, observed)
	if err != nil {
		return p.failed(wanted, "compare", err)
	}
	if change == nil {
		p.settle(wanted, observed, 0)
		return nil
	}
	known := p.in.Settled[wanted.key]
	if known.BodyHash == change.bodyHash && known.describes(observed) {
		p.settle(wanted, observed, change.bodyHash)
		return nil
	}
	write := Write{
		Op: Update, Strategy: p.in.Strategy, Key: wanted.key, Reason: change.reason,
		UID: observed.UID, ResourceVersion: observed.ResourceVersion,
		Body: change.body, Adopts: change.adopts, bookkeeping: change.bookkeeping,
		desiredHash: wanted.hash, bodyHash: change.bodyHash, contentDigest: observed.ContentDigest,
	}
	if method == Recreate && !change.bookkeeping {
		write.Op = Delete
	}
	if write.Op == Delete || write.Adopts {
		write.Observed = observed.Raw
	}
	p.result.Writes = append(p.result.Writes, write)
	return nil
}

// decode decodes a desired child; false when that showed that it is at fault.
func (p *planner) decode(wanted *desiredChild) (map[string]any, bool) {
	object, err := desiredObject(p.in, wanted)
	if err != nil {
		p.fault(wanted, err)
		return nil, false
	}
	return object, true
}

// failed returns an error that is not the hook's fault, and notes one that is.
func (p *planner) failed(wanted *desiredChild, verb string, err error) error {
	if fault, isFault := errors.AsType[childError](err); isFault {
		p.fault(wanted, fault)
		return nil
	}
	return fmt.Errorf("cannot %s %s: %w", verb, p.rules.describe(wanted.key), err)
}

func (p *planner) fault(wanted *desiredChild, err error) {
	e := &envelope{Kind: p.in.Rules[wanted.key.Rule].Kind}
	e.Metadata.Name = wanted.key.Name
	p.faults.child(wanted.index, e, "%s", clip(err.Error()))
}

// taken reports a desired child whose name belongs to an object that is not the parent's.
func (p *planner) taken(wanted *desiredChild, other *Child) {
	message := p.rules.describe(wanted.key) + " exists and "
	parent := &p.in.Parent
	switch {
	case other.Deleting:
		message += "is being deleted"
	case other.ControllerUID != "" && other.ControllerName == parent.Kind+" "+parent.Name:
		message += "belongs to an earlier " + other.ControllerName + ": it waits for garbage collection"
	case other.ControllerUID != "":
		message += "is controlled by " + other.ControllerName
	default:
		message += "is controlled by nobody: its labels must match the parent's selector for it to be adopted"
	}
	p.result.Problems = append(p.result.Problems, Problem{Key: wanted.key, Message: message})
}
