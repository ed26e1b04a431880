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
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/controller/converge"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// settle counts the sync in the streak of its parent.
func (c *controller) settle(x *exchange) converge.Change {
	if x.err != nil || x.superseded {
		return converge.None
	}
	sync := converge.Sync{
		Echo: x.cause == wakeup.OwnWrites, Excused: c.movedByRollout(x), Difference: func() string { return c.difference(x) },
	}
	for i := range x.writes {
		sync.Wrote = sync.Wrote || x.writes[i].Matters
	}
	parent := x.observation.parent
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[parent.Key()]
	if m == nil || m.uid != parent.UID {
		return converge.None
	}
	return m.streak.Add(sync)
}

// movedByRollout reports whether the sync changed a child whose turn it was: a rollout takes a sync for each of them.
func (c *controller) movedByRollout(x *exchange) bool {
	for i := range x.outcomes {
		if x.outcomes[i].Err != nil || x.outcomes[i].Unchanged {
			continue
		}
		switch c.rules[x.plan.Writes[i].Key.Rule].Method {
		case plan.RollingInPlace, plan.RollingRecreate:
			return true
		default:
		}
	}
	return false
}

// difference says what the sync wrote: the path of a child, of the status, or of both.
func (c *controller) difference(x *exchange) string {
	var parts []string
	for i := range x.outcomes {
		w, outcome := &x.plan.Writes[i], &x.outcomes[i]
		if outcome.Err == nil && !outcome.Unchanged {
			parts = append(parts, fmt.Sprintf("%s %s: %s", c.resources[w.Key.Rule].Kind, klog.KRef(w.Key.Namespace, w.Key.Name), w.Reason))
			break // one says enough
		}
	}
	if x.statusWritten && x.plan.Status.Reason != "" {
		parts = append(parts, x.plan.Status.Reason)
	}
	return strings.Join(parts, "; ")
}

// reportStreak tells of a parent whose hook does not settle, and of one whose hook does again.
func (c *controller) reportStreak(ctx context.Context, parent *objects.Object, change converge.Change) {
	logger := klog.FromContext(ctx)
	switch change {
	case converge.Restless:
		m, _ := c.recall(parent.Key())
		c.config.Recorder.WithLogger(logger).Event(supervise.Reference(parent), corev1.EventTypeWarning, supervise.ConditionNotConverging,
			supervise.Clip(fmt.Sprintf("Controller %s: %s", c.object.Name, describe(parent.Key(), &m.streak))))
		logger.V(1).Info("The hook does not settle: the parent is slowed down", "difference", m.streak.Difference())
	case converge.Settled:
		logger.V(1).Info("The hook has settled: the parent is not slowed down any more")
	case converge.None:
	}
}

// notConverging names the parents whose hooks do not settle; "" when there is none.
func (c *controller) notConverging() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first objects.Key
	count := 0
	for key, m := range c.memory {
		if !m.streak.Restless() {
			continue
		}
		if count++; count == 1 || key.Namespace < first.Namespace || key.Namespace == first.Namespace && key.Name < first.Name {
			first = key
		}
	}
	if count == 0 {
		return ""
	}
	message := describe(first, &c.memory[first].streak)
	if count > 1 {
		message += fmt.Sprintf(" (and parents like it: %d)", count-1)
	}
	return message
}

// describe says which parent it is, and what changes.
func describe(parent objects.Key, streak *converge.Streak) string {
	return fmt.Sprintf("parent %s: the hook answers something new each time that it sees its last answer written (%s): "+
		"its calls are slowed down, to one in %s in the end, until an answer changes nothing",
		klog.KRef(parent.Namespace, parent.Name), streak.Difference(), converge.LastDelay)
}
