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

package initializer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/initialization"
)

// result is what became of an object at one initializer.
type result string

const (
	completed result = "completed"
	refused   result = "refused" // by the hook's result
	failed    result = "failed"  // and refused because of that
	ignored   result = "ignored"
	deferred  result = "deferred"
)

// step is one initializer that matched, and what it did.
type step struct {
	*initialization.Initializer
	result result
	took   time.Duration
	called bool
	err    error // why it did not complete the object; nil for one that was deferred behind another
}

// chain is the way of one object through the initializers.
type chain struct {
	reviewer *Reviewer
	snapshot *initialization.Snapshot
	request  *admissionv1.AdmissionRequest
	info     hookapi.InitializeRequestInfo

	// admitted is the object as it came, without managed fields; marked says that it had marks.
	admitted initialization.Tree
	marked   bool
	// first is the object without marks, object as the last initializer left it.
	first, object *initialization.Object
	steps         []step
	pending       []string
	gate          bool
	refusal       *metav1.Status // ends the chain
}

func newChain(r *Reviewer, snapshot *initialization.Snapshot, request *admissionv1.AdmissionRequest, admitted initialization.Tree) (*chain, error) {
	initialization.DropManagedFields(admitted)
	c := &chain{
		reviewer: r, snapshot: snapshot, request: request, info: infoOf(request),
		admitted: admitted, marked: initialization.Marked(admitted),
	}
	unmarked := admitted
	if c.marked {
		unmarked = initialization.Copy(admitted)
		initialization.MarkPending(unmarked, nil, false)
	}
	var err error
	c.object, err = initialization.NewObject(unmarked)
	c.first = c.object
	return c, err
}

// run takes the object through all initializers that match it, in order, until one refuses it.
func (c *chain) run(ctx context.Context) {
	candidates := c.reviewer.candidates(ctx, c)
	if len(candidates) > maxInitializers {
		c.refusal = failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, fmt.Sprintf(
			"%d initializers match the object, at most %d are possible: narrow their selectors", len(candidates), maxInitializers))
		return
	}
	for n, candidate := range candidates {
		err := candidate.err
		if err == nil {
			var matches bool
			if matches, err = c.reviewer.matches(ctx, c, candidate.Initializer); err == nil && !matches {
				continue
			}
		}
		c.step(ctx, candidate.Initializer, len(candidates)-n, err)
		if c.refusal != nil {
			return
		}
	}
}

// result is what became of the object. The marks are ours alone: what a user, a hook, or an earlier round of this admission has
// put there counts for nothing.
func (c *chain) result() (initialization.Tree, error) {
	if c.object == c.first && !c.marked && len(c.pending) == 0 {
		return c.admitted, nil
	}
	object, err := c.object.Tree()
	if err != nil {
		return nil, err
	}
	if initialization.Marked(object) {
		initialization.MarkPending(object, nil, false)
	}
	if len(c.pending) > 0 {
		initialization.MarkPending(object, c.pending, c.gate)
	}
	return object, nil
}

// step takes the object through one initializer. The time that is left is shared fairly with those to come: what one does
// not use is there for the others.
func (c *chain) step(ctx context.Context, i *initialization.Initializer, toCome int, unmatched error) {
	s := step{Initializer: i, err: unmatched}
	defer func() { c.steps = append(c.steps, s) }()
	switch {
	case s.err != nil:
	case len(c.pending) > 0 && i.Policy() == v1alpha1.InitializerDefer:
		// It comes after one that is deferred, and is to see what that one makes of the object.
		s.result = deferred
		c.deferTo(i)
		return
	default:
		c.call(ctx, &s, c.reviewer.remaining(ctx)/time.Duration(toCome))
	}
	if s.err != nil {
		s.result = c.fail(i, s.err, unmatched != nil)
	}
}

// call calls the hook, which has a share of the time; at most half of it is spent waiting.
func (c *chain) call(ctx context.Context, s *step, share time.Duration) {
	ctx, cancel := context.WithTimeoutCause(ctx, share, errShare)
	defer cancel()
	leave, err := c.reviewer.limiter.enter(ctx, s.Name(), share/2)
	if err != nil {
		s.err = err
		return
	}
	defer leave()
	s.called = true
	start := c.reviewer.Clock.Now()
	var object *initialization.Object
	if object, s.err = s.Complete(ctx, c.object, c.info); s.err == nil {
		s.result, c.object = completed, object
	}
	s.took = c.reviewer.Clock.Since(start)
}

// errShare ends a call whose hook would have had more time, were there no others to call.
var errShare = fmt.Errorf("no answer within its share of the time for the create: %w", context.DeadlineExceeded)

// fail decides what becomes of the object when an initializer did not complete it.
func (c *chain) fail(i *initialization.Initializer, err error, unmatched bool) result {
	if refusal, ok := errors.AsType[*initialization.RefusedError](err); ok {
		c.refusal = refusal.Status
		return refused
	}
	policy := i.Policy()
	switch {
	case policy == v1alpha1.InitializerIgnore:
		return ignored
	case policy == v1alpha1.InitializerDefer && !unmatched: // a condition that cannot be evaluated now never can
		c.deferTo(i)
		return deferred
	case errors.Is(err, errOverloaded):
		c.refusal = failure(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, explain(i, err))
		c.refusal.Details = &metav1.StatusDetails{RetryAfterSeconds: 1}
		return failed
	default:
		c.refusal = failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, explain(i, err))
		return failed
	}
}

func (c *chain) deferTo(i *initialization.Initializer) {
	c.pending = append(c.pending, i.Name())
	c.gate = c.gate || i.Gates()
}

// explain says to whoever creates the object which initializer did not complete it, and why.
func explain(i *initialization.Initializer, err error) string {
	return fmt.Sprintf("initializer %s of InitializerController %q: %v", i.Name(), i.Object.Name, err)
}

func failure(code int32, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
}

func infoOf(request *admissionv1.AdmissionRequest) hookapi.InitializeRequestInfo {
	user := &hookapi.UserInfo{Username: request.UserInfo.Username, UID: request.UserInfo.UID, Groups: request.UserInfo.Groups}
	for key, values := range request.UserInfo.Extra {
		if user.Extra == nil {
			user.Extra = map[string][]string{}
		}
		user.Extra[key] = values
	}
	return hookapi.InitializeRequestInfo{
		UID: request.UID, Operation: string(request.Operation), Namespace: request.Namespace,
		DryRun: isDryRun(request), UserInfo: user,
	}
}

func isDryRun(request *admissionv1.AdmissionRequest) bool {
	return request.DryRun != nil && *request.DryRun
}
