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
	"strings"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// statusPeriod is how often the statuses are compared with the truth: one object is written at most
// this often, and a change shows within it.
const statusPeriod = time.Second

// catchUpTime is how long a controller that starts may take to sync all parents before it tells how far it is.
const catchUpTime = 10 * time.Second

// maxConditionMessage is what metav1.Condition accepts.
const maxConditionMessage = 32768

// conditionReady is True while the controller works: its objects are watched and its hook answers.
const conditionReady = "Ready"

// Reasons of the condition Ready, docs/protocol.md §8.
const (
	reasonRunning         = "Running"
	reasonParentNotFound  = "ParentResourceNotFound"
	reasonChildNotFound   = "ChildResourceNotFound"
	reasonParentScope     = "ParentScopeMismatch"
	reasonNoStatus        = "ParentStatusMissing"
	reasonNotSupported    = "NotSupported"
	reasonInvalidSpec     = "InvalidSpec"
	reasonHookUnreachable = "HookUnreachable"
	reasonForbidden       = "Forbidden"
	reasonSyncFailing     = "SyncFailing"
	reasonFinalizersLeft  = "FinalizersLeft"
	reasonTerminating     = "Terminating"
	reasonWatchFailing    = "WatchFailing"
	reasonLookupFailing   = "LookupFailing"
)

// reportStatuses keeps the status of every CompositeController true until the context ends.
func (s *Supervisor) reportStatuses(ctx context.Context) {
	ticker := s.Clock.NewTicker(statusPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
		all, err := s.lister.List(labels.Everything())
		if err != nil {
			continue // a lister of an index never fails
		}
		for _, object := range all {
			if err := s.reportStatus(ctx, object); err != nil && ctx.Err() == nil {
				klog.FromContext(ctx).Error(err, "Cannot write the status of a CompositeController", "controller", object.Name)
			}
		}
	}
}

// reportStatus writes one object's status when it is not true any more.
func (s *Supervisor) reportStatus(ctx context.Context, object *v1alpha1.CompositeController) error {
	status, known := s.status(object)
	if !known || apiequality.Semantic.DeepEqual(object.Status, status) {
		return nil
	}
	update := object.DeepCopy()
	update.Status = status
	_, err := s.Client.CompositeControllers().UpdateStatus(ctx, update, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // the lister is about to tell more; the next period looks again
	}
	if err != nil {
		return err
	}
	was, is := meta.FindStatusCondition(object.Status.Conditions, conditionReady), meta.FindStatusCondition(status.Conditions, conditionReady)
	if was == nil || was.Status != is.Status || was.Reason != is.Reason {
		klog.FromContext(ctx).V(1).Info("Controller changed its condition Ready",
			"controller", object.Name, "status", is.Status, "reason", is.Reason, "message", is.Message)
	}
	return nil
}

// status returns what is true of an object now. It answers false while that is not known yet.
func (s *Supervisor) status(object *v1alpha1.CompositeController) (v1alpha1.CompositeControllerStatus, bool) {
	s.mu.Lock()
	current := s.running[object.Name]
	refused, isRefused := s.refused[object.Name]
	s.mu.Unlock()
	status := *object.Status.DeepCopy()
	var ready metav1.Condition
	notConverging := ""
	switch {
	case isRefused && refused.uid == object.UID && refused.generation == object.Generation:
		ready = condition(metav1.ConditionFalse, refused.reason, refused.message)
		status.Parents = nil
	case current != nil && current.object.Generation == object.Generation:
		health := current.health()
		if !health.known {
			return status, false
		}
		ready, status.Parents, notConverging = health.ready, health.parents, current.notConverging()
	default:
		return status, false
	}
	status.ObservedGeneration = object.Generation
	ready.ObservedGeneration = object.Generation
	meta.SetStatusCondition(&status.Conditions, ready)
	if notConverging == "" {
		meta.RemoveStatusCondition(&status.Conditions, conditionNotConverging)
		return status, true
	}
	restless := condition(metav1.ConditionTrue, reasonNeverSettles, notConverging)
	restless.Type, restless.ObservedGeneration = conditionNotConverging, object.Generation
	meta.SetStatusCondition(&status.Conditions, restless)
	return status, true
}

// health is how a running controller does.
type health struct {
	// known is false while parents and children are read and synced for the first time and nothing is
	// wrong yet: then the last status stands for a while, so that a restart changes none.
	known   bool
	ready   metav1.Condition
	parents *v1alpha1.ParentsStatus // nil until the parents are known
}

// health looks once at everything that tells how the controller does.
func (c *controller) health() health {
	resource, storeErr := c.storeError()
	counts, startedAt, hookErr, failure := c.count()
	var h health
	if !startedAt.IsZero() {
		h.parents = &counts
		caughtUp := counts.Synced+counts.Failing == counts.Total
		h.known = caughtUp || hookErr != nil || c.clock.Since(startedAt) > catchUpTime
	}
	unavailable, _ := errors.AsType[*hook.UnavailableError](c.hooks().Err())
	h.known = h.known || storeErr != nil || unavailable != nil
	h.ready = c.readyCondition(resource, storeErr, unavailable, hookErr, failure)
	return h
}

// readyCondition says whether the controller works, in the words of the thing that is wrong.
func (c *controller) readyCondition(resource objects.Resource, storeErr error, unavailable *hook.UnavailableError, hookErr, failure error) metav1.Condition {
	switch {
	case apierrors.IsForbidden(storeErr):
		return condition(metav1.ConditionFalse, reasonForbidden, fmt.Sprintf("cannot watch %s: %v", resource.GroupResource(), storeErr))
	case storeErr != nil:
		return condition(metav1.ConditionFalse, reasonWatchFailing, fmt.Sprintf("cannot watch %s: %v", resource.GroupResource(), storeErr))
	case unavailable != nil:
		return condition(metav1.ConditionFalse, unavailable.Reason, unavailable.Message)
	case hookErr != nil:
		return condition(metav1.ConditionFalse, reasonHookUnreachable, hookErr.Error())
	case failure != nil:
		return condition(metav1.ConditionFalse, reasonSyncFailing, "no parent could be synced: "+failure.Error())
	}
	return condition(metav1.ConditionTrue, reasonRunning, fmt.Sprintf("watching %s of %s", c.parent.GroupResource(), c.parent.APIVersion()))
}

func condition(status metav1.ConditionStatus, reason, message string) metav1.Condition {
	if len(message) > maxConditionMessage {
		message = strings.ToValidUTF8(message[:maxConditionMessage], "")
	}
	return metav1.Condition{Type: conditionReady, Status: status, Reason: reason, Message: message}
}
