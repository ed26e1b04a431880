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
	"context"
	"errors"
	"slices"
	"time"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/schedule"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/plan"
	"github.com/hookplane/hookplane/pkg/span"
)

// exchange is all that one sync did: what the hook was shown and answered, what followed from it, and
// how that went. Events, metrics and logs are made of it.
type exchange struct {
	cause       wakeup.Cause // why the sync ran
	observation *observation
	called      bool
	answer      *hookapi.DecoratorResponse
	plan        plan.DecoratorResult
	outcomes    []apply.Outcome // of plan.Writes
	written     []string        // what of the object itself was changed, by path
	superseded  bool            // the target went before anything was done
	writes      []wakeup.Write  // what changed in the cluster
	err         error           // why the sync failed, or nil
}

// syncTarget runs one sync and decides when the next one is due.
func (c *controller) syncTarget(ctx context.Context, t target, why wakeup.Wakeup) {
	if !c.wakeups.Begin(t, why) {
		return // enqueued again when the last sync's writes were seen
	}
	c.noteDecorated(t, false)
	observation, ok := c.observe(t)
	if !ok { // no target any more; what came in the meantime may say that it is one again
		c.wakeups.End(t, func(wakeup.Object) string { return "" }, nil)
		return
	}
	start := c.config.Clock.Now()
	x := &exchange{cause: why.Cause, observation: observation}
	ctx, trace := supervise.Trace(ctx, c.config.Tracer, controllerKind, c.object.Name, observation.object, why, start)
	defer func() { trace.End(supervise.Reportable(x.err)) }()
	x.err = c.syncOnce(ctx, x)
	if ctx.Err() != nil {
		return // stopped: whatever failed, failed for that
	}
	shown := func(object wakeup.Object) string { return c.shown(observation, object) }
	if errors.Is(x.err, related.ErrNotReady) {
		c.wakeups.End(t, shown, nil)
		return
	}
	if x.err != nil {
		for i := range x.writes {
			x.writes[i].Matters = false // the retry calls the hook
		}
	}
	change := c.settle(x)
	if _, known := c.recall(t); known { // else forget was first, and does not come again
		next, cause := c.nextSync(x)
		c.queue.SetTimer(t, next, cause)
	}
	c.wakeups.End(t, shown, x.writes)
	c.report(ctx, x, c.config.Clock.Since(start))
	c.reportStreak(ctx, observation, change)
}

// nextSync returns when the sync is due that no event will cause, and why it will be; 0 for never.
func (c *controller) nextSync(x *exchange) (time.Duration, wakeup.Cause) {
	retry := c.retryIn(x)
	next := retry
	if x.answer != nil {
		next = schedule.Earlier(next, x.answer.ResyncAfter())
	}
	if c.resyncPeriod > 0 {
		next = schedule.Earlier(next, schedule.UntilResync(x.observation.object.UID, c.resyncPeriod, c.config.Clock.Now()))
	}
	if next == retry {
		return next, wakeup.Retry
	}
	return next, wakeup.Resync
}

// retryIn returns when a failed sync is repeated; 0 when it is not.
func (c *controller) retryIn(x *exchange) time.Duration {
	if later, ok := errors.AsType[*hook.RetryAfterError](x.err); ok {
		return later.After
	}
	if x.err == nil {
		c.queue.Succeeded(x.observation.target)
		return 0
	}
	return c.queue.Backoff(x.observation.target)
}

// syncOnce is one pass: mark → relate → call → plan → apply.
func (c *controller) syncOnce(ctx context.Context, x *exchange) error {
	o := x.observation
	if o.phase == releasing {
		return c.setFinalizers(ctx, x, c.unmarked(o))
	}
	if o.phase == syncing && c.finalize != nil && !slices.Contains(o.object.Finalizers, c.finalizer) {
		// The hook is called when our finalizer has been seen.
		return c.setFinalizers(ctx, x, append(slices.Clone(o.object.Finalizers), c.finalizer))
	}
	if err := c.relate(ctx, x); err != nil {
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

// relate finds the target's related objects. Related objects that are still being read wake the target when they are known.
func (c *controller) relate(ctx context.Context, x *exchange) error {
	if c.related == nil {
		return nil
	}
	t := x.observation.target
	var err error
	x.observation.related, err = c.related.Find(ctx, t, x.observation.object)
	if _, known := c.recall(t); !known { // else forget was first, and does not come again
		c.related.Forget(t)
	}
	if _, failed := errors.AsType[*hook.CallError](err); failed {
		c.census.Called(err)
	}
	return err
}

// call asks the hook what should be.
func (c *controller) call(ctx context.Context, x *exchange) error {
	caller := c.callerFor(x.observation)
	x.called = true
	response, err := caller.Call(ctx, hook.Request{
		ParentUID: x.observation.object.UID, Body: c.request(x.observation).AppendJSON(nil),
	})
	c.census.Called(err)
	if err != nil {
		return err
	}
	x.answer, err = hook.DecodeDecorator(response.Body, caller.Mode)
	return response.Hide(err)
}

// plan finds out what to write.
func (c *controller) plan(ctx context.Context, x *exchange) error {
	_, step := span.Start(ctx, "plan")
	var err error
	x.plan, err = plan.Decorator(c.planInput(x.observation, x.answer))
	step.Int("hookplane.writes", len(x.plan.Writes))
	step.End(err)
	return err
}

// superseded reports whether the target went, began to go, or came to another phase since its hook was
// called: the answer was about a world that is no more.
func (c *controller) superseded(o *observation) bool {
	now := c.stores[o.target.number].Get(o.target.Namespace, o.target.Name)
	_, known := c.recall(o.target)
	return now == nil || now.UID != o.object.UID || !known || c.phaseOf(o.target.number, now) != o.phase ||
		now.Deleting() != o.object.Deleting() || leftToCollector(now) != leftToCollector(o.object)
}

// apply writes the plan: attachments side by side, then the object, whatever became of the attachments.
func (c *controller) apply(ctx context.Context, x *exchange) error {
	attachmentErr := c.applyAttachments(ctx, x)
	errs := make([]error, 0, len(x.plan.Problems)+2)
	for i := range x.plan.Problems {
		errs = append(errs, errors.New(x.plan.Problems[i].Message))
	}
	finalized := x.observation.phase == finalizing && x.answer.Finalized && attachmentErr == nil
	settledStatus, err := c.applyObject(ctx, x, finalized)
	c.keep(x.observation, x.plan.Settled, settledStatus, x.plan.Problems)
	return errors.Join(append(errs, attachmentErr, err)...)
}

// applyAttachments writes the attachments, and notes in the plan which of them are settled now.
func (c *controller) applyAttachments(ctx context.Context, x *exchange) error {
	var errs []error
	x.outcomes = c.config.Applier.Children(ctx, c.rules, x.plan.Writes)
	for i := range x.outcomes {
		w, outcome := &x.plan.Writes[i], &x.outcomes[i]
		switch {
		case outcome.Err != nil:
			errs = append(errs, outcome.Err)
			continue
		case outcome.Unchanged:
			x.plan.Settled[w.Key] = w.Settle(w.ResourceVersion)
			continue
		case outcome.Op(w) != plan.Delete:
			x.plan.Settled[w.Key] = w.Settle(outcome.ResourceVersion)
		}
		x.writes = append(x.writes, wakeup.Write{
			Object:          wakeup.Object{Resource: c.attachments[w.Key.Rule], Namespace: w.Key.Namespace, Name: w.Key.Name},
			ResourceVersion: outcome.ResourceVersion,
			Deletes:         outcome.Op(w) == plan.Delete,
			Matters:         true,
		})
	}
	return errors.Join(errs...)
}
