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
	"slices"

	"github.com/hookplane/hookplane/pkg/controller/related"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/objects"
)

// relative is whose related objects are asked for: a parent as it is, or as it was in an older revision, which may ask for others.
type relative struct {
	objects.Key
	revision string // the ControllerRevision's name; empty: as it is
}

// addParents adds the parents that relatives are of.
func addParents(parents map[objects.Key]struct{}, relatives map[relative]struct{}) {
	for r := range relatives {
		parents[r.Key] = struct{}{}
	}
}

// relateBefore finds the related objects of the parent as it was in each older revision that its hook is asked about.
func (c *controller) relateBefore(ctx context.Context, x *exchange) error {
	if c.related == nil || c.revisions == nil {
		return nil
	}
	var older []revision.Older
	if x.revisions != nil {
		older = x.revisions.Older
	}
	parent := x.observation.parent
	names := make([]string, len(older))
	for i := range older {
		names[i] = older[i].Name
	}
	c.forgetRelatives(parent.Key(), names)
	before := make([]*related.Objects, len(older))
	for i := range older {
		was := *parent
		was.Raw, was.UID = older[i].Parent, revisionUID(parent.UID, older[i].Name)
		var err error
		if before[i], err = c.findRelated(ctx, relative{parent.Key(), older[i].Name}, &was); err != nil {
			return fmt.Errorf("for ControllerRevision %q: %w", older[i].Name, err)
		}
	}
	x.observation.relatedBefore = before
	return nil
}

// forgetRelatives drops what is known of related objects in the parent's older revisions but those in kept, which it notes.
// Nil is for a parent that is gone: then nothing is kept.
func (c *controller) forgetRelatives(key objects.Key, kept []string) {
	c.mu.Lock()
	var known []string
	if m := c.memory[key]; m != nil {
		known, m.revisions = m.revisions, kept
	}
	c.mu.Unlock()
	for _, name := range known {
		if !slices.Contains(kept, name) {
			c.related.Forget(relative{key, name})
		}
	}
	if kept == nil {
		c.related.Forget(relative{Key: key})
	}
}
