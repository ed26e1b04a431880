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
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
)

// needsMark reports whether our finalizer must be put on the parent before anything else is written.
func (c *controller) needsMark(o *observation) bool {
	return c.finalize != nil && o.phase == syncing && !c.marked(o.parent)
}

// mark puts our finalizer on the parent. The hook is called when that has been seen.
func (c *controller) mark(ctx context.Context, x *exchange) error {
	return c.setFinalizers(ctx, x, append(slices.Clone(x.observation.parent.Finalizers), c.finalizer))
}

// unmark takes our finalizer off the parent.
func (c *controller) unmark(ctx context.Context, x *exchange) error {
	return c.setFinalizers(ctx, x, without(x.observation.parent.Finalizers, c.finalizer))
}

func (c *controller) setFinalizers(ctx context.Context, x *exchange, finalizers []string) error {
	parent := x.observation.parent
	version, err := c.config.Applier.SetFinalizers(ctx, c.parentTarget(parent), parent.UID, parent.ResourceVersion, finalizers)
	if apierrors.IsNotFound(err) {
		return nil // the parent is gone; the watch will tell
	}
	if err != nil {
		return err
	}
	x.writes = append(x.writes, wakeup.Write{Object: parentObject(parent.Key()), ResourceVersion: version, Matters: true})
	return nil
}

// finalized reports whether the hook has said that the parent may go, for each of its revisions.
func (x *exchange) finalized() bool {
	return x.observation.phase == finalizing && x.answer.Finalized &&
		!slices.ContainsFunc(x.older, func(older *hookapi.CompositeResponse) bool { return !older.Finalized })
}

// gone reports whether nothing is left of the parent when our finalizer is taken off.
func (o *observation) gone() bool {
	return o.parent.Deleting() && len(o.parent.Finalizers) == 1
}

// without returns the finalizers but one, never nil.
func without(finalizers []string, finalizer string) []string {
	kept := make([]string, 0, len(finalizers))
	for _, f := range finalizers {
		if f != finalizer {
			kept = append(kept, f)
		}
	}
	return kept
}
