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

// Reasons of events that other kinds do not have, docs/protocol.md §8.
const (
	eventAdopted  = "Adopted"
	eventReleased = "Released"
)

// report tells of a finished sync: the parent's events, the metrics, the log.
func (c *controller) report(ctx context.Context, x *exchange, took time.Duration) {
	logger := klog.FromContext(ctx)
	parent := x.observation.parent
	reference := supervise.Reference(parent)
	sync := tally.Sync{Took: took, Result: supervise.ResultOf(x.err), Writes: map[tally.Operation]int{}}
	if x.statusWritten {
		sync.Writes[tally.Status] = 1
	}
	for _, done := range []struct {
		reason    string
		operation tally.Operation
		names     []string
	}{
		{eventReleased, tally.Release, x.released},
		{eventAdopted, tally.Adopt, x.adopted},
		{supervise.EventDeleted, tally.Delete, c.written(x, plan.Delete)},
		{supervise.EventCreated, tally.Create, c.written(x, plan.Create)},
		{supervise.EventUpdated, tally.Update, c.written(x, plan.Update)},
	} {
		if len(done.names) > 0 {
			sync.Writes[done.operation] = len(done.names)
			c.config.Recorder.WithLogger(logger).Event(reference, corev1.EventTypeNormal, done.reason, supervise.Clip(done.reason+" "+supervise.Listed(done.names)))
		}
	}
	err := supervise.Reportable(x.err)
	failed := false
	if err != nil || x.request != nil { // else the hook is still to be asked
		failed = c.census.Book(parent.Key(), err)
	}
	c.tally.Observe(sync)
	if err != nil {
		c.config.Recorder.WithLogger(logger).Event(reference, corev1.EventTypeWarning, supervise.EventSyncError,
			supervise.Clip(fmt.Sprintf("Sync error: controller %s, %s %s: %v", c.object.Name, parent.Kind, klog.KRef(parent.Namespace, parent.Name), err)))
	}
	logSync(logger, x, sync, failed)
}

// trace begins the trace of a sync.
func (c *controller) trace(ctx context.Context, parent *objects.Object, why wakeup.Wakeup, start time.Time) (context.Context, span.Span) {
	return c.config.Tracer.Sync(ctx, span.Sync{
		ControllerKind: controllerKind, ControllerName: c.object.Name,
		APIVersion: parent.APIVersion, Kind: parent.Kind, Namespace: parent.Namespace, Name: parent.Name, UID: string(parent.UID),
		Cause: why.Cause, Since: why.Since, Taken: start,
	})
}

// logSync writes a line for each sync, and one for each parent that begins or ends to fail.
func logSync(logger klog.Logger, x *exchange, sync tally.Sync, failed bool) {
	switch {
	case sync.Result == tally.Error && !failed:
		logger.V(2).Info("Sync failed, and is repeated", "err", x.err)
	case sync.Result == tally.Success && failed:
		logger.V(2).Info("Sync succeeds again")
	}
	details := []any{"reason", x.cause.String(), "took", sync.Took, "writes", sync.Writes, "result", sync.Result}
	if x.err != nil {
		details = append(details, "err", x.err)
	}
	logger.V(4).Info("Synced", details...)
}

// written returns the children that the sync created, updated or deleted, as "Pod default/solr".
func (c *controller) written(x *exchange, op plan.Op) []string {
	var names []string
	for i := range x.outcomes {
		w, outcome := &x.plan.Writes[i], &x.outcomes[i]
		if outcome.Err != nil || outcome.Unchanged || operation(w, outcome) != op {
			continue
		}
		names = append(names, c.resources[w.Key.Rule].Kind+" "+klog.KRef(w.Key.Namespace, w.Key.Name).String())
	}
	return names
}
