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
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
	"github.com/hookplane/hookplane/pkg/span"
)

// report tells of a finished sync: the object's events, the counts, the metrics, the log.
func (c *controller) report(ctx context.Context, x *exchange, took time.Duration) {
	logger := klog.FromContext(ctx)
	recorder := c.config.Recorder.WithLogger(logger)
	object := x.observation.object
	reference := supervise.Reference(object)
	sync := tally.Sync{Took: took, Result: supervise.ResultOf(x.err), Writes: map[tally.Operation]int{}}
	if len(x.written) > 0 {
		sync.Writes[tally.Decorate] = 1
	}
	for _, done := range []struct {
		reason    string
		operation tally.Operation
		names     []string
	}{
		{supervise.EventDeleted, tally.Delete, c.written(x, plan.Delete)},
		{supervise.EventCreated, tally.Create, c.written(x, plan.Create)},
		{supervise.EventUpdated, tally.Update, c.written(x, plan.Update)},
	} {
		if len(done.names) > 0 {
			sync.Writes[done.operation] = len(done.names)
			recorder.Event(reference, corev1.EventTypeNormal, done.reason, supervise.Clip(done.reason+" "+supervise.Listed(done.names)))
		}
	}
	err := supervise.Reportable(x.err)
	failed := false
	if err != nil || x.called { // else the hook is still to be asked
		failed = c.census.Book(x.observation.target, err)
	}
	c.tally.Observe(sync)
	if err != nil {
		recorder.Event(reference, corev1.EventTypeWarning, supervise.EventSyncError, supervise.Clip(fmt.Sprintf(
			"Sync error: controller %s, %s %s: %v", c.object.Name, object.Kind, klog.KRef(object.Namespace, object.Name), err)))
	}
	logSync(logger, x, sync, failed)
}

// trace begins the trace of a sync.
func (c *controller) trace(ctx context.Context, object *objects.Object, why wakeup.Wakeup, start time.Time) (context.Context, span.Span) {
	return c.config.Tracer.Sync(ctx, span.Sync{
		ControllerKind: controllerKind, ControllerName: c.object.Name,
		APIVersion: object.APIVersion, Kind: object.Kind, Namespace: object.Namespace, Name: object.Name, UID: string(object.UID),
		Cause: why.Cause, Since: why.Since, Taken: start,
	})
}

// logSync writes a line for each sync, and one for each object that begins or ends to fail.
func logSync(logger klog.Logger, x *exchange, sync tally.Sync, failed bool) {
	switch {
	case sync.Result == tally.Error && !failed:
		logger.V(2).Info("Sync failed, and is repeated", "err", x.err)
	case sync.Result == tally.Success && failed:
		logger.V(2).Info("Sync succeeds again")
	}
	details := []any{"reason", x.cause.String(), "took", sync.Took, "writes", sync.Writes, "changed", x.written, "result", sync.Result}
	if x.err != nil {
		details = append(details, "err", x.err)
	}
	logger.V(4).Info("Synced", details...)
}

// written returns the attachments that the sync created, updated or deleted, as "Service default/db-0".
func (c *controller) written(x *exchange, op plan.Op) []string {
	var names []string
	for i := range x.outcomes {
		w, outcome := &x.plan.Writes[i], &x.outcomes[i]
		if outcome.Err != nil || outcome.Unchanged || operation(w, outcome) != op {
			continue
		}
		names = append(names, c.rules[w.Key.Rule].Kind+" "+klog.KRef(w.Key.Namespace, w.Key.Name).String())
	}
	return names
}
