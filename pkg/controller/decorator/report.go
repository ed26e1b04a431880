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
	"time"

	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/plan"
)

// report tells of a finished sync: the object's events, the counts, the metrics, the log.
func (c *controller) report(ctx context.Context, x *exchange, took time.Duration) {
	synced := supervise.Synced{
		Controller: c.object.Name, Parent: x.observation.object, Cause: x.cause, Took: took, Err: x.err,
		Done: []supervise.Done{
			{Operation: tally.Delete, Event: supervise.EventDeleted, Names: c.written(x, plan.Delete)},
			{Operation: tally.Create, Event: supervise.EventCreated, Names: c.written(x, plan.Create)},
			{Operation: tally.Update, Event: supervise.EventUpdated, Names: c.written(x, plan.Update)},
		},
		Details: []any{"changed", x.written},
	}
	if len(x.written) > 0 {
		synced.Done = append(synced.Done, supervise.Done{Operation: tally.Decorate, Names: []string{x.observation.object.Name}})
	}
	synced.Report(ctx, c.config.Recorder, c.tally, func(err error) bool {
		if err == nil && !x.called { // the hook is still to be asked
			return false
		}
		return c.census.Book(x.observation.target, err)
	})
}

// written returns the attachments that the sync created, updated or deleted.
func (c *controller) written(x *exchange, op plan.Op) []string {
	return apply.Written(c.rules, x.plan.Writes, x.outcomes, op)
}
