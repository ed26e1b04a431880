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
	"cmp"
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/controller/converge"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
)

// enqueue has the target synced as soon as a worker is free; later when its hook does not settle and nothing but its own writes is
// the cause.
func (c *controller) enqueue(t target, why wakeup.Wakeup) {
	if why.Cause == wakeup.OwnWrites {
		if m, _ := c.recall(t); m.streak.Restless() {
			c.queue.AddLater(t, why, m.streak.Delay())
			return
		}
	}
	c.queue.Add(t, why)
}

// settle counts the sync in the streak of its target.
func (c *controller) settle(x *exchange) converge.Change {
	if x.err != nil || x.superseded {
		return converge.None
	}
	sync := converge.Sync{Echo: x.cause == wakeup.OwnWrites, Difference: func() string { return c.difference(x) }}
	for i := range x.writes {
		sync.Wrote = sync.Wrote || x.writes[i].Matters
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[x.observation.target]
	if m == nil || m.uid != x.observation.object.UID {
		return converge.None
	}
	return m.streak.Add(sync)
}

// difference says what the sync wrote: of one attachment, of the object, or of both.
func (c *controller) difference(x *exchange) string {
	var parts []string
	for i := range x.outcomes {
		w, outcome := &x.plan.Writes[i], &x.outcomes[i]
		if outcome.Err == nil && !outcome.Unchanged {
			parts = append(parts, fmt.Sprintf("%s %s: %s", c.rules[w.Key.Rule].Kind, klog.KRef(w.Key.Namespace, w.Key.Name), w.Reason))
			break // one says enough
		}
	}
	if len(x.written) > 0 {
		parts = append(parts, supervise.Listed(x.written)+" differs")
	}
	return strings.Join(parts, "; ")
}

// reportStreak tells of a target whose hook does not settle, and of one whose hook does again.
func (c *controller) reportStreak(ctx context.Context, o *observation, change converge.Change) {
	logger := klog.FromContext(ctx)
	switch change {
	case converge.Restless:
		m, _ := c.recall(o.target)
		c.config.Recorder.WithLogger(logger).Event(supervise.Reference(o.object), corev1.EventTypeWarning, supervise.ConditionNotConverging,
			supervise.Clip(fmt.Sprintf("Controller %s: %s", c.object.Name, describe(o.target, &m.streak))))
		logger.V(1).Info("The hook does not settle: the object is slowed down", "difference", m.streak.Difference())
	case converge.Settled:
		logger.V(1).Info("The hook has settled: the object is not slowed down any more")
	case converge.None:
	}
}

// notConverging names the targets whose hooks do not settle; "" when there is none.
func (c *controller) notConverging() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first target
	count := 0
	for t, m := range c.memory {
		if !m.streak.Restless() {
			continue
		}
		if count++; count == 1 || before(t, first) {
			first = t
		}
	}
	if count == 0 {
		return ""
	}
	message := describe(first, &c.memory[first].streak)
	if count > 1 {
		message += fmt.Sprintf(" (and objects like it: %d)", count-1)
	}
	return message
}

// before orders targets, so that a message names the same one each time.
func before(a, b target) bool {
	return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name)) < 0
}

// describe says which object it is, and what changes.
func describe(t target, streak *converge.Streak) string {
	return fmt.Sprintf("object %s: the hook answers something new each time that it sees its last answer written (%s): "+
		"its calls are slowed down, to one in %s in the end, until an answer changes nothing",
		klog.KRef(t.Namespace, t.Name), streak.Difference(), converge.LastDelay)
}
