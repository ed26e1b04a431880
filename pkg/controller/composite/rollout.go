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
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// revisionResource is the number by which wakeup knows ControllerRevisions.
const revisionResource = -2

// maxRevisionCalls is how many revisions of one parent are put to the hook at the same time.
const maxRevisionCalls = 4

// newScheme returns how the revisions of parents are made, nil when no child rule has a rolling method.
func (d *definition) newScheme(namespace string) (*revision.Scheme, error) {
	rolls := func(rule v1alpha1.ChildResourceRule) bool {
		method := updateMethod(rule.UpdateStrategy)
		return method == v1alpha1.ChildUpdateRollingInPlace || method == v1alpha1.ChildUpdateRollingRecreate
	}
	if !slices.ContainsFunc(d.object.Spec.ChildResources, rolls) {
		return nil, nil
	}
	fieldPaths := []string{"spec"}
	if history := d.object.Spec.ParentResource.RevisionHistory; history != nil && len(history.FieldPaths) > 0 {
		fieldPaths = history.FieldPaths
	}
	paths, err := revision.ParsePaths(fieldPaths)
	if err != nil {
		return nil, fmt.Errorf("spec.parentResource.revisionHistory.fieldPaths: %w", err)
	}
	return &revision.Scheme{
		Parents: d.parent.GroupResource(), Paths: paths, GenerateSelector: d.generateSelector, Namespace: namespace,
	}, nil
}

func statusChecks(strategy *v1alpha1.ChildUpdateStrategy) []plan.StatusCheck {
	if strategy == nil || strategy.StatusChecks == nil {
		return nil
	}
	checks := make([]plan.StatusCheck, 0, len(strategy.StatusChecks.Conditions))
	for _, check := range strategy.StatusChecks.Conditions {
		checks = append(checks, plan.StatusCheck{Type: check.Type, Status: check.Status, Reason: check.Reason})
	}
	return checks
}

// recorded returns the parent's revisions.
func (c *controller) recorded(parent *objects.Object) []*v1alpha1.ControllerRevision {
	if c.revisions == nil {
		return nil
	}
	return c.config.Revisions.Owned(c.revisions.NamespaceOf(parent), parent.UID)
}

// recordedVersion returns the resourceVersion in which the observation holds a revision, or "".
func (o *observation) recordedVersion(object wakeup.Object) string {
	for _, r := range o.recorded {
		if r.Name == object.Name && r.Namespace == object.Namespace {
			return r.ResourceVersion
		}
	}
	return ""
}

// resolve finds out which revision the parent is in. One whose children are left to the garbage collector has its revisions left
// to it too.
func (c *controller) resolve(x *exchange) error {
	parent := x.observation.parent
	if c.revisions == nil || leftToCollector(parent) {
		return nil
	}
	var err error
	x.revisions, err = c.revisions.Resolve(parent, x.observation.recorded)
	return err
}

// call asks the hook what should exist: for the parent as it is, and as it is in each older revision that has children.
func (c *controller) call(ctx context.Context, x *exchange) error {
	caller, request, uid := c.callerFor(x.observation), c.request(x.observation), x.observation.parent.UID
	x.request = request.AppendJSON(nil)
	if x.revisions == nil || len(x.revisions.Older) == 0 {
		var err error
		x.response, x.answer, err = c.ask(ctx, caller, uid, x.request)
		return err
	}
	older := x.revisions.Older
	x.older = make([]*hookapi.CompositeResponse, len(older))
	errs := make([]error, 1+len(older))
	var group errgroup.Group // Without its context: what the first failure says must not depend on who was faster.
	group.SetLimit(maxRevisionCalls)
	group.Go(func() error {
		x.response, x.answer, errs[0] = c.ask(ctx, caller, uid, x.request)
		return nil
	})
	for i := range older {
		request := *request
		request.Parent = older[i].Parent
		if c.related != nil {
			request.Related = x.observation.relatedBefore[i].Groups()
		}
		group.Go(func() error {
			var err error
			_, x.older[i], err = c.ask(ctx, caller, revisionUID(uid, older[i].Name), request.AppendJSON(nil))
			if err != nil {
				errs[i+1] = fmt.Errorf("for ControllerRevision %q: %w", older[i].Name, err)
			}
			return nil
		})
	}
	_ = group.Wait() // Errors are in errs.
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// revisionUID is what tells a parent in an older revision from the parent as it is, for what a hook keeps about parents.
func revisionUID(parent types.UID, revision string) types.UID {
	return parent + types.UID("/"+revision)
}

// ask calls the hook once.
func (c *controller) ask(ctx context.Context, caller *supervise.Caller, uid types.UID, request []byte) (hook.Response, *hookapi.CompositeResponse, error) {
	response, err := caller.Call(ctx, hook.Request{ParentUID: uid, Body: request})
	c.census.Called(err)
	if err != nil {
		return response, nil, err
	}
	answer, err := hook.DecodeComposite(response.Body, caller.Mode)
	return response, answer, response.Hide(err)
}

// rollout puts the revisions and what the hook answered for them into the words of the plan; nil without a rolling method.
func (c *controller) rollout(x *exchange) *plan.Rollout {
	switch {
	case c.revisions == nil:
		return nil
	case x.revisions == nil: // The plan keeps the condition Updated as it is.
		return &plan.Rollout{}
	}
	rollout := x.revisions.Rollout()
	rollout.Hold = x.observation.parent.Deleting()
	rollout.Now = c.config.Clock.Now().UTC().Format(time.RFC3339)
	for i := range rollout.Older {
		rollout.Older[i].Response = x.older[i]
	}
	return rollout
}

// record writes which children are in which revision. Whoever comes after a crash finds in it what was about to happen. Of a
// parent that is being deleted nothing is recorded: no child moves, and in a namespace that goes too nothing could be created.
func (c *controller) record(ctx context.Context, x *exchange) error {
	if x.plan.Progress == nil || x.observation.parent.Deleting() {
		return nil
	}
	written, err := c.config.Revisions.Write(ctx, x.revisions.Changes(x.plan.Progress))
	for _, w := range written {
		if w.ResourceVersion == "" {
			c.hooks().Forget(revisionUID(x.observation.parent.UID, w.Name))
		}
		x.writes = append(x.writes, wakeup.Write{
			Object:          wakeup.Object{Resource: revisionResource, Namespace: w.Namespace, Name: w.Name},
			ResourceVersion: w.ResourceVersion,
			Deletes:         w.ResourceVersion == "",
		})
	}
	if apierrors.IsNotFound(err) && x.observation.parent.Namespace == "" {
		return fmt.Errorf("%w: revisions of cluster-scoped parents are kept in the namespace of --apiservice-service, which must exist", err)
	}
	return err
}

// stalls reports whether a rollout waits for a change that is none: the cluster took a child for what it was to become. No watch
// will tell, and the next sync knows that child to be as desired.
func (x *exchange) stalls() bool {
	return x.unchanged && x.plan.Progress != nil && !x.plan.Progress.Done
}

// revisionChanged takes a change of a ControllerRevision in, of whichever controller.
func (c *controller) revisionChanged(e revision.Event) {
	owner := metav1.GetControllerOfNoCopy(e.Revision)
	if owner == nil {
		return
	}
	key := objects.Key{Name: owner.Name}
	if c.parent.Namespaced {
		key.Namespace = e.Revision.Namespace
	}
	if m, known := c.recall(key); !known || m.uid != owner.UID {
		return
	}
	c.wakeups.Changed(key, wakeup.Change{
		Object:          wakeup.Object{Resource: revisionResource, Namespace: e.Revision.Namespace, Name: e.Revision.Name},
		ResourceVersion: e.Revision.ResourceVersion,
		Gone:            e.Gone,
		Matters:         e.Changed,
		Cause:           wakeup.RevisionChanged,
	})
}
