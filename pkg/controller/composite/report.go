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
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// Reasons of events, docs/protocol.md §8.
const (
	eventSyncError   = "SyncError"
	eventCreateError = "CreateError"
	eventStarting    = "Starting"
	eventStarted     = "Started"
	eventStopping    = "Stopping"
	eventStopped     = "Stopped"
	eventCreated     = "Created"
	eventUpdated     = "Updated"
	eventDeleted     = "Deleted"
	eventAdopted     = "Adopted"
	eventReleased    = "Released"
)

const (
	// maxNamed is how many children one event names before it counts the others.
	maxNamed = 10
	// maxEventMessage is what the events API accepts.
	maxEventMessage = 1024
)

type eventRecorder = record.EventRecorderLogger

// report tells of a finished sync: the parent's events, the metrics, the log.
func (c *controller) report(ctx context.Context, x *exchange, took time.Duration) {
	logger := klog.FromContext(ctx)
	parent := x.observation.parent
	reference := objectReference(parent)
	sync := tally.Sync{Took: took, Result: resultOf(x.err), Writes: map[tally.Operation]int{}}
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
		{eventDeleted, tally.Delete, c.written(x, plan.Delete)},
		{eventCreated, tally.Create, c.written(x, plan.Create)},
		{eventUpdated, tally.Update, c.written(x, plan.Update)},
	} {
		if len(done.names) > 0 {
			sync.Writes[done.operation] = len(done.names)
			c.recorder.WithLogger(logger).Event(reference, corev1.EventTypeNormal, done.reason, clip(done.reason+" "+listed(done.names)))
		}
	}
	err := reportable(x.err)
	var before result
	if err != nil || x.request != nil { // else the hook is still to be asked
		before = c.book(parent, err)
	}
	c.tally.Observe(sync)
	if err != nil {
		c.recorder.WithLogger(logger).Event(reference, corev1.EventTypeWarning, eventSyncError,
			clip(fmt.Sprintf("Sync error: controller %s, %s %s: %v", c.object.Name, parent.Kind, klog.KRef(parent.Namespace, parent.Name), err)))
	}
	logSync(logger, x, sync, before)
}

// logSync writes a line for each sync, and one for each parent that begins or ends to fail.
func logSync(logger klog.Logger, x *exchange, sync tally.Sync, before result) {
	switch {
	case sync.Result == tally.Error && before != failing:
		logger.V(2).Info("Sync failed, and is repeated", "err", x.err)
	case sync.Result == tally.Success && before == failing:
		logger.V(2).Info("Sync succeeds again")
	}
	details := []any{"reason", x.cause.String(), "took", sync.Took, "writes", sync.Writes, "result", sync.Result}
	if x.err != nil {
		details = append(details, "err", x.err)
	}
	logger.V(4).Info("Synced", details...)
}

// resultOf returns how a sync ended.
func resultOf(err error) tally.Result {
	switch {
	case err == nil:
		return tally.Success
	case reportable(err) == nil:
		return tally.Retry
	default:
		return tally.Error
	}
}

// reportable drops what is no failure: a hook that asks for patience, and a write that came too late
// and is repeated on fresher objects.
func reportable(err error) error {
	var later *hook.RetryAfterError
	if errors.As(err, &later) || onlyConflicts(err) {
		return nil
	}
	return err
}

// onlyConflicts looks at each of joined errors: none may hide another.
func onlyConflicts(err error) bool {
	if err == nil {
		return false
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(joined.Unwrap(), func(e error) bool { return !onlyConflicts(e) })
	}
	return apierrors.IsConflict(err)
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

func listed(names []string) string {
	if more := len(names) - maxNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), more)
	}
	return strings.Join(names, ", ")
}

// clip shortens a message to what an event can hold.
func clip(message string) string {
	if len(message) <= maxEventMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxEventMessage-len("…")], "") + "…"
}

func objectReference(o *objects.Object) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, UID: o.UID, ResourceVersion: o.ResourceVersion,
	}
}
