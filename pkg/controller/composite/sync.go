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
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
	"github.com/hookplane/hookplane/pkg/span"
)

// exchange is all that one sync did: what the hook was shown and answered, what followed from it, and
// how that went. Events, metrics and logs are made of it.
type exchange struct {
	cause       wakeup.Cause // why the sync ran
	observation *observation
	request     []byte
	response    hook.Response
	answer      *hookapi.CompositeResponse
	revisions   *revision.Set                // nil without a rolling method
	older       []*hookapi.CompositeResponse // what the hook answered for revisions.Older
	plan        plan.Result
	outcomes    []apply.Outcome // of plan.Writes
	adopted     []string        // children adopted and released, as "Pod default/solr"
	released    []string
	// statusWritten says that the parent's status was changed.
	statusWritten bool
	superseded    bool           // the parent went before anything was done
	unchanged     bool           // the cluster found nothing to change in a child
	writes        []wakeup.Write // what changed in the cluster
	err           error          // why the sync failed, or nil
}

// syncParent runs one sync and decides when the next one is due.
func (c *controller) syncParent(ctx context.Context, key objects.Key, why wakeup.Wakeup) {
	if !c.wakeups.Begin(key, why) {
		return // enqueued again when the last sync's writes were seen
	}
	observation, ok := c.observe(key)
	if !ok { // no parent any more; what came in the meantime may say that it is one again
		c.queue.Succeeded(key)
		c.wakeups.End(key, func(wakeup.Object) string { return "" }, nil)
		return
	}
	start := c.config.Clock.Now()
	x := &exchange{cause: why.Cause, observation: observation}
	ctx, trace := supervise.Trace(ctx, c.config.Tracer, controllerKind, c.object.Name, observation.parent, why, start)
	defer func() { trace.End(supervise.Reportable(x.err)) }()
	x.err = c.sync(ctx, x)
	if ctx.Err() != nil {
		return // stopped: whatever failed, failed for that
	}
	shown := func(object wakeup.Object) string { return c.shown(observation, object) }
	if errors.Is(x.err, related.ErrNotReady) {
		c.wakeups.End(key, shown, nil)
		return
	}
	if x.err != nil {
		for i := range x.writes {
			x.writes[i].Matters = false // the retry calls the hook
		}
	}
	change := c.settle(x)
	if _, known := c.recall(key); known { // else forget was first, and does not come again
		next, cause := c.nextSync(key, x)
		c.queue.SetTimer(key, next, cause)
	}
	c.wakeups.End(key, shown, x.writes)
	c.report(ctx, x, c.config.Clock.Since(start))
	c.reportStreak(ctx, observation.parent, change)
}

// sync is one pass: mark → claim → relate → resolve → call → plan → apply.
func (c *controller) sync(ctx context.Context, x *exchange) error {
	o := x.observation
	if o.phase == releasing {
		return c.unmark(ctx, x)
	}
	if err := o.blocked(); err != nil {
		return err
	}
	if c.needsMark(o) {
		return c.mark(ctx, x)
	}
	if len(o.adopt)+len(o.release) > 0 {
		if err := c.claim(ctx, x); err != nil || x.superseded || len(x.writes) > 0 {
			return err // the hook is called when the new owners are seen
		}
	}
	if err := c.relate(ctx, x); err != nil {
		return err
	}
	if err := c.resolve(x); err != nil {
		return err
	}
	if err := c.relateBefore(ctx, x); err != nil {
		return err
	}
	if err := c.call(ctx, x); err != nil {
		return err
	}
	if x.superseded = c.superseded(o); x.superseded {
		return nil
	}
	if err := c.plan(ctx, x); err != nil {
		return err
	}
	return c.apply(ctx, x)
}

// plan finds out what to write.
func (c *controller) plan(ctx context.Context, x *exchange) error {
	_, step := span.Start(ctx, "plan")
	var err error
	x.plan, err = plan.Composite(c.planInput(x))
	step.Int("hookplane.writes", len(x.plan.Writes))
	step.End(err)
	return err
}

// callerFor returns the hook to call for a parent.
func (c *controller) callerFor(o *observation) *supervise.Caller {
	if o.phase == finalizing {
		return c.finalize
	}
	return c.definition.sync
}

// superseded reports whether the parent went, began to go, or came to another phase since its hook was
// called: the answer was about a world that is no more.
func (c *controller) superseded(o *observation) bool {
	parent := o.parent
	now := c.parents.Get(parent.Namespace, parent.Name)
	_, known := c.recall(parent.Key())
	return now == nil || now.UID != parent.UID || !known || c.phaseOf(now) != o.phase ||
		now.Deleting() != parent.Deleting() || leftToCollector(now) != leftToCollector(parent)
}

// apply writes the plan: revisions, children side by side, then the parent, whatever became of the children.
func (c *controller) apply(ctx context.Context, x *exchange) error {
	if err := c.record(ctx, x); err != nil {
		return err
	}
	childErr := c.applyChildren(ctx, x)
	errs := make([]error, 0, len(x.plan.Problems)+2)
	for i := range x.plan.Problems {
		errs = append(errs, errors.New(x.plan.Problems[i].Message))
	}
	errs = append(errs, childErr)
	if x.finalized() && childErr == nil { // problems of children that cannot be had must not keep the parent
		if err := c.unmark(ctx, x); err != nil || x.observation.gone() {
			return errors.Join(append(errs, err)...)
		}
	}
	settledStatus := x.observation.memory.settledStatus
	if x.plan.Status != nil {
		unchanged, err := c.writeStatus(ctx, x)
		if unchanged {
			settledStatus = x.plan.Status.Fingerprint
		}
		errs = append(errs, err)
	}
	c.keep(x.observation.parent, x.plan.Settled, settledStatus, x.plan.Problems)
	return errors.Join(errs...)
}

// applyChildren writes the children, and notes in the plan which of them are settled now.
func (c *controller) applyChildren(ctx context.Context, x *exchange) error {
	var errs []error
	x.outcomes = c.config.Applier.Children(ctx, c.rules, x.plan.Writes)
	for i := range x.outcomes {
		w, outcome := &x.plan.Writes[i], &x.outcomes[i]
		if outcome.Err != nil {
			errs = append(errs, outcome.Err)
			continue
		}
		x.wrote(w, outcome)
		switch {
		case outcome.Unchanged:
			x.unchanged = true
			x.plan.Settled[w.Key] = w.Settle(w.ResourceVersion)
		case outcome.Op(w) != plan.Delete:
			x.plan.Settled[w.Key] = w.Settle(outcome.ResourceVersion)
		}
	}
	return errors.Join(errs...)
}

// wrote notes a child's write, so that its echo is recognised.
func (x *exchange) wrote(w *plan.Write, outcome *apply.Outcome) {
	if outcome.Unchanged {
		return
	}
	x.writes = append(x.writes, wakeup.Write{
		Object:          wakeup.Object{Resource: w.Key.Rule + 1, Namespace: w.Key.Namespace, Name: w.Key.Name},
		ResourceVersion: outcome.ResourceVersion,
		Deletes:         outcome.Op(w) == plan.Delete,
		Matters:         true,
	})
}

// writeStatus writes the parent's status and reports whether the server found nothing to change.
func (c *controller) writeStatus(ctx context.Context, x *exchange) (unchanged bool, err error) {
	parent := x.observation.parent
	version, err := c.config.Applier.Status(ctx, c.parentTarget(parent), parent.UID, x.plan.Status.Status)
	if apierrors.IsNotFound(err) {
		return false, nil // the parent is gone; the watch will tell
	}
	if err != nil {
		return false, err
	}
	x.writes = append(x.writes, wakeup.Write{
		Object:          parentObject(parent.Key()),
		ResourceVersion: version,
		Matters:         !x.plan.Status.BookkeepingOnly && !c.ignoreStatusChanges,
	})
	x.statusWritten = version != parent.ResourceVersion
	return !x.statusWritten, nil
}

func (c *controller) parentTarget(parent *objects.Object) apply.Target {
	return apply.Target{
		GroupVersionResource: c.parent.GroupVersionResource, Kind: c.parent.Kind, Namespace: parent.Namespace, Name: parent.Name,
	}
}
