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

package supervise

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/objects"
)

// Synced is a sync that has ended.
type Synced struct {
	// Controller is the controller's name.
	Controller string
	Parent     *objects.Object
	// Cause is why the parent was synced.
	Cause fmt.Stringer
	Took  time.Duration
	// Err is why it failed, or nil.
	Err  error
	Done []Done
	// Details are more for the log, as keys and values.
	Details []any
}

// Done is what a sync did of one sort.
type Done struct {
	Operation tally.Operation
	// Event is the reason of the event that names the objects; empty: there is none.
	Event string
	Names []string
}

// Report tells of a sync: the parent's events, the metrics, the log. Book notes how it ended and reports whether the one before failed.
func (s *Synced) Report(ctx context.Context, recorder record.EventRecorderLogger, counts *tally.Controller, book func(error) (failed bool)) {
	logger := klog.FromContext(ctx)
	recorder = recorder.WithLogger(logger)
	reference := Reference(s.Parent)
	sync := tally.Sync{Took: s.Took, Result: ResultOf(s.Err), Writes: map[tally.Operation]int{}}
	for _, done := range s.Done {
		if len(done.Names) == 0 {
			continue
		}
		sync.Writes[done.Operation] = len(done.Names)
		if done.Event != "" {
			recorder.Event(reference, corev1.EventTypeNormal, done.Event, Clip(done.Event+" "+Listed(done.Names)))
		}
	}
	err := Reportable(s.Err)
	failed := book(err)
	counts.Observe(sync)
	if err != nil {
		recorder.Event(reference, corev1.EventTypeWarning, EventSyncError, Clip(fmt.Sprintf(
			"Sync error: controller %s, %s %s: %v", s.Controller, s.Parent.Kind, klog.KRef(s.Parent.Namespace, s.Parent.Name), err)))
	}
	s.log(logger, &sync, failed)
}

// log writes a line for each sync, and one for each parent that begins or ends to fail.
func (s *Synced) log(logger klog.Logger, sync *tally.Sync, failed bool) {
	switch {
	case sync.Result == tally.Error && !failed:
		logger.V(2).Info("Sync failed, and is repeated", "err", s.Err)
	case sync.Result == tally.Success && failed:
		logger.V(2).Info("Sync succeeds again")
	}
	details := append([]any{"reason", s.Cause.String(), "took", sync.Took, "writes", sync.Writes}, s.Details...)
	details = append(details, "result", sync.Result)
	if s.Err != nil {
		details = append(details, "err", s.Err)
	}
	logger.V(4).Info("Synced", details...)
}
