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

package decorator

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/pkg/controller/converge"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// memory is what a controller keeps of a target between syncs.
type memory struct {
	uid types.UID
	// settled are the attachments that were found equal to what the hook wants.
	settled map[plan.ChildKey]plan.Settled
	// settledStatus is the fingerprint of the last status write that changed nothing.
	settledStatus uint64
	// contested are wanted attachments whose names belong to objects of others.
	contested []plan.ChildKey
	// decorated says that the last sync changed the object's content: then the echo of that is none of others.
	decorated bool
	// streak tells whether the hook settles.
	streak converge.Streak
}

// remember makes an object a target, when it is none yet.
func (c *controller) remember(t target, o *objects.Object) {
	c.census.Enter(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.memory[t] == nil {
		c.memory[t] = &memory{uid: o.UID}
		c.byUID[o.UID] = t
	}
}

// forget drops all that is known of a target that is gone or not selected any more.
func (c *controller) forget(t target) {
	c.wakeups.Forget(t)
	c.queue.Forget(t)
	c.census.Leave(t)
	if c.related != nil {
		c.related.Forget(t)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.memory[t]; m != nil {
		c.hooks().Forget(m.uid)
		c.contest(t, m, nil)
		delete(c.memory, t)
		delete(c.byUID, m.uid)
	}
}

// recall returns a copy of what is kept of the target, or false when it is none (any more).
func (c *controller) recall(t target) (memory, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[t]
	if m == nil {
		return memory{}, false
	}
	return *m, true
}

// keep notes what the next sync need not find out again, and whose end the target waits for.
func (c *controller) keep(o *observation, settled map[plan.ChildKey]plan.Settled, settledStatus uint64, problems []plan.Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[o.target]
	if m == nil || m.uid != o.object.UID {
		return
	}
	m.settled, m.settledStatus = settled, settledStatus
	c.contest(o.target, m, problems)
}

// noteDecorated notes whether a sync changes the object's content. It comes before the write, whose echo may be there at once.
func (c *controller) noteDecorated(t target, decorated bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.memory[t]; m != nil {
		m.decorated = decorated
	}
}

// contest notes the attachments that others have. The caller holds mu.
func (c *controller) contest(t target, m *memory, problems []plan.Problem) {
	for _, key := range m.contested {
		delete(c.contested[key], t)
		if len(c.contested[key]) == 0 {
			delete(c.contested, key)
		}
	}
	m.contested = nil
	for _, problem := range problems {
		m.contested = append(m.contested, problem.Key)
		if c.contested[problem.Key] == nil {
			c.contested[problem.Key] = map[target]struct{}{}
		}
		c.contested[problem.Key][t] = struct{}{}
	}
}

// contenders returns the targets that want an object of attachment rule i which they could not have so far.
func (c *controller) contenders(i int, object *objects.Object) []target {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.contested[plan.ChildKey{Rule: i, Namespace: object.Namespace, Name: object.Name}]))
}

// ownerOf returns the target that an object is attached to.
func (c *controller) ownerOf(o *objects.Object) (target, bool) {
	uid := o.ControllerUID()
	if uid == "" {
		return target{}, false
	}
	c.mu.Lock()
	owner, known := c.byUID[uid]
	c.mu.Unlock()
	return owner, known && c.attached(o)
}

// numberOf returns the number by which wakeup knows a resource; one that is related only gets the next free one when it is first
// asked for.
func (c *controller) numberOf(resource objects.Resource) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	number, known := c.numbers[resource]
	if !known {
		number = len(c.numbers)
		c.numbers[resource] = number
	}
	return number
}
