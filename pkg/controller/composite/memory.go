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
	"errors"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	kjson "sigs.k8s.io/json"

	"github.com/hookplane/hookplane/pkg/controller/converge"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// memory is what a controller keeps of a parent between syncs.
type memory struct {
	uid types.UID
	// content is the digest of the parent that the selector was read from.
	content uint64
	// selector is the parent's spec.selector or the generated one; nil when selectorErr says why.
	selector    labels.Selector
	selectorErr error
	// settled are the children that were found equal to what the hook wants.
	settled map[plan.ChildKey]plan.Settled
	// contested are wanted children whose names belong to objects of others.
	contested []plan.ChildKey
	// streak tells whether the hook settles.
	streak converge.Streak
	// revisions are those older ones whose related objects are known.
	revisions []string
	// settledStatus is the fingerprint of the last status write that changed nothing.
	settledStatus uint64
}

// errNoSelector is about a parent that cannot say which children are its own, docs/protocol.md §4.
var errNoSelector = errors.New(".spec.selector must have either matchLabels, matchExpressions, or both " +
	"(or set generateSelector: true in the controller)")

// remember notes how the parent selects its children.
func (c *controller) remember(parent *objects.Object) {
	key := parent.Key()
	selector, err := c.childSelector(parent)
	if err != nil || parent.Deleting() { // which adopts nothing any more
		c.selectors.Remove(key)
	} else {
		c.selectors.Set(key, key.Namespace, selector)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[key]
	if m == nil {
		m = &memory{uid: parent.UID}
		c.memory[key] = m
		c.census.Enter(key)
	}
	m.content, m.selector, m.selectorErr = parent.ContentDigest, selector, err
}

// forget drops all that is known of a parent that is gone or not selected any more.
func (c *controller) forget(key objects.Key) {
	c.selectors.Remove(key)
	c.wakeups.Forget(key)
	c.queue.Forget(key)
	c.census.Leave(key)
	if c.related != nil {
		c.forgetRelatives(key, nil)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.memory[key]; m != nil {
		c.hooks().Forget(m.uid)
		c.contest(key, m, nil)
		delete(c.memory, key)
	}
}

// recall returns a copy of what is kept of the parent, or false when it is not (any more) a parent.
func (c *controller) recall(key objects.Key) (memory, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[key]
	if m == nil {
		return memory{}, false
	}
	return *m, true
}

// keep notes what the next sync need not find out again, and whose end the parent waits for.
func (c *controller) keep(parent *objects.Object, settled map[plan.ChildKey]plan.Settled, settledStatus uint64, problems []plan.Problem) {
	key := parent.Key()
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[key]
	if m == nil || m.uid != parent.UID {
		return
	}
	m.settled, m.settledStatus = settled, settledStatus
	c.contest(key, m, problems)
}

// contest notes the children that others have. The caller holds mu.
func (c *controller) contest(key objects.Key, m *memory, problems []plan.Problem) {
	for _, child := range m.contested {
		delete(c.contested[child], key)
		if len(c.contested[child]) == 0 {
			delete(c.contested, child)
		}
	}
	m.contested = nil
	for _, problem := range problems {
		m.contested = append(m.contested, problem.Key)
		if c.contested[problem.Key] == nil {
			c.contested[problem.Key] = map[objects.Key]struct{}{}
		}
		c.contested[problem.Key][key] = struct{}{}
	}
}

// contenders returns the parents that want an object of rule i which they could not have so far.
func (c *controller) contenders(i int, object *objects.Object) []objects.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.contested[plan.ChildKey{Rule: i, Namespace: object.Namespace, Name: object.Name}]))
}

// childSelector returns the selector of a parent's children, docs/protocol.md §4.
func (c *controller) childSelector(parent *objects.Object) (labels.Selector, error) {
	if c.generateSelector {
		return labels.SelectorFromSet(labels.Set{plan.SelectorLabel: string(parent.UID)}), nil
	}
	var content struct {
		Spec struct {
			Selector *metav1.LabelSelector `json:"selector"`
		} `json:"spec"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(parent.Raw, &content); err != nil {
		return nil, fmt.Errorf(".spec.selector is not a label selector: %w", err)
	}
	s := content.Spec.Selector
	if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return nil, errNoSelector
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil, fmt.Errorf(".spec.selector: %w", err)
	}
	return selector, nil
}
