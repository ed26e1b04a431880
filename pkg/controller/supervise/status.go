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
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// statusPeriod is how often the statuses are compared with the truth: one object is written at most
// this often, and a change shows within it.
const statusPeriod = time.Second

// reportStatuses keeps the status of every object true until the context ends.
func (s *Supervisor[T]) reportStatuses(ctx context.Context) {
	ticker := s.Clock.NewTicker(statusPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
		all, err := s.Kind.List(labels.Everything())
		if err != nil {
			continue // a lister of an index never fails
		}
		for _, object := range all {
			if err := s.reportStatus(ctx, object); err != nil && ctx.Err() == nil {
				klog.FromContext(ctx).Error(err, "Cannot write the status of a controller", "kind", s.Kind.Name, "controller", object.GetName())
			}
		}
	}
}

// reportStatus writes one object's status when it is not true any more.
func (s *Supervisor[T]) reportStatus(ctx context.Context, object T) error {
	status, known := s.status(object)
	if !known || apiequality.Semantic.DeepEqual(s.Kind.Status(object), status) {
		return nil
	}
	update, _ := object.DeepCopyObject().(T) // a copy has the type of the original
	*s.Kind.Status(update) = *status
	_, err := s.Kind.UpdateStatus(ctx, update, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // the lister is about to tell more; the next period looks again
	}
	if err != nil {
		return err
	}
	was, is := meta.FindStatusCondition(s.Kind.Status(object).Conditions, conditionReady), meta.FindStatusCondition(status.Conditions, conditionReady)
	if was == nil || was.Status != is.Status || was.Reason != is.Reason {
		klog.FromContext(ctx).V(1).Info("Controller changed its condition Ready", "kind", s.Kind.Name,
			"controller", object.GetName(), "status", is.Status, "reason", is.Reason, "message", is.Message)
	}
	return nil
}

// status returns what is true of an object now. It answers false while that is not known yet.
func (s *Supervisor[T]) status(object T) (*v1alpha1.CompositeControllerStatus, bool) {
	s.mu.Lock()
	current := s.running[object.GetName()]
	refused, isRefused := s.refused[object.GetName()]
	s.mu.Unlock()
	status := s.Kind.Status(object).DeepCopy()
	var ready metav1.Condition
	notConverging := ""
	switch {
	case isRefused && refused.uid == object.GetUID() && refused.generation == object.GetGeneration():
		ready = condition(metav1.ConditionFalse, refused.Reason, refused.Message)
		status.Parents = nil
	case current != nil && current.reference.UID == object.GetUID() && current.Generation() == object.GetGeneration():
		health := current.Health()
		if !health.Known {
			return status, false
		}
		ready, status.Parents, notConverging = health.Ready, health.Parents, health.NotConverging
	default:
		return status, false
	}
	status.ObservedGeneration = object.GetGeneration()
	ready.ObservedGeneration = object.GetGeneration()
	meta.SetStatusCondition(&status.Conditions, ready)
	if notConverging == "" {
		meta.RemoveStatusCondition(&status.Conditions, ConditionNotConverging)
		return status, true
	}
	restless := condition(metav1.ConditionTrue, reasonNeverSettles, notConverging)
	restless.Type, restless.ObservedGeneration = ConditionNotConverging, object.GetGeneration()
	meta.SetStatusCondition(&status.Conditions, restless)
	return status, true
}
