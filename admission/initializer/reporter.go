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
	"strings"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	clientset "github.com/hookplane/hookplane/generated/clientset/versioned/typed/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/initialization"
)

// statusPeriod is how often the statuses are compared with the truth: one object is written at most this often.
const statusPeriod = time.Second

// maxConditionMessage is what metav1.Condition accepts.
const maxConditionMessage = 32768

// conditionReady is True while new objects are being completed.
const conditionReady = "Ready"

// Reasons of the condition Ready, docs/protocol.md §8.
const (
	reasonRunning         = "Running"
	reasonTerminating     = "Terminating"
	reasonNameTaken       = "InitializerNameTaken"
	reasonInvalidSpec     = "InvalidSpec"
	reasonForbidden       = "Forbidden"
	reasonNotRegistered   = "RegistrationFailing"
	reasonHookUnreachable = "HookUnreachable"
	reasonFailing         = "InitializeFailing"
)

// Registration tells what kube-apiserver was told of.
type Registration interface {
	// Registered returns the InitializerControllers that kube-apiserver was told of last, nil before the first time; and why
	// it cannot be told of later ones, or nil.
	Registered() (*initialization.Snapshot, error)
}

// Reporter keeps the status of every InitializerController true.
type Reporter struct {
	reviewer     *Reviewer
	client       clientset.InitializerControllersGetter
	registration Registration
}

// NewReporter returns a reporter of what the reviewer does.
func NewReporter(reviewer *Reviewer, client clientset.InitializerControllersGetter, registration Registration) *Reporter {
	return &Reporter{reviewer: reviewer, client: client, registration: registration}
}

// Run reports until the context ends.
func (r *Reporter) Run(ctx context.Context) error {
	if !r.reviewer.Registry.WaitForSync(ctx) {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.reviewer.Clock.After(statusPeriod):
		}
		existing, names := map[types.UID]bool{}, map[string]bool{}
		for _, object := range r.reviewer.Registry.Objects() {
			existing[object.UID], names[object.Spec.InitializerName] = true, true
			if err := r.report(ctx, object); err != nil && ctx.Err() == nil {
				klog.FromContext(ctx).Error(err, "Cannot write the status of an InitializerController", "controller", object.Name)
			}
		}
		r.reviewer.tally.keep(existing)
		r.reviewer.Metrics.keep(names)
	}
}

// report writes one object's status when it is not true any more.
func (r *Reporter) report(ctx context.Context, object *v1alpha1.InitializerController) error {
	seen := r.reviewer.tally.look(object.UID)
	status := *object.Status.DeepCopy()
	if ready, known := r.ready(object, seen); known {
		ready.Type, ready.ObservedGeneration = conditionReady, object.Generation
		ready.Message = clip(ready.Message, maxConditionMessage)
		meta.SetStatusCondition(&status.Conditions, ready)
		status.ObservedGeneration = object.Generation
	}
	if seen.unwritten != (v1alpha1.InitializedObjectsStatus{}) {
		counts := v1alpha1.InitializedObjectsStatus{}
		if status.Objects != nil {
			counts = *status.Objects
		}
		counts.Completed += seen.unwritten.Completed
		counts.Refused += seen.unwritten.Refused
		counts.Ignored += seen.unwritten.Ignored
		counts.Deferred += seen.unwritten.Deferred
		status.Objects = &counts
	}
	if apiequality.Semantic.DeepEqual(object.Status, status) {
		return nil
	}
	update := object.DeepCopy()
	update.Status = status
	_, err := r.client.InitializerControllers().UpdateStatus(ctx, update, metav1.UpdateOptions{})
	switch {
	case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
		return nil // the informer is about to tell more; the next period looks again
	case err == nil:
		r.reviewer.tally.written(object.UID, seen.unwritten)
	}
	return err
}

// ready says whether new objects are being completed, in the words of the thing that is wrong. It answers false while that
// is not known yet.
func (r *Reporter) ready(object *v1alpha1.InitializerController, seen entry) (metav1.Condition, bool) {
	if object.DeletionTimestamp != nil {
		return not(reasonTerminating, "the controller is being deleted: new objects are not completed any more"), true
	}
	snapshot := r.reviewer.Registry.Snapshot()
	if err := snapshot.Shadowed[object.Name]; err != nil {
		return not(reasonNameTaken, err.Error()), true
	}
	compiled := snapshot.Find(object.Spec.InitializerName)
	if compiled == nil || compiled.Object.UID != object.UID || compiled.Object.Generation != object.Generation {
		return metav1.Condition{}, false
	}
	if err := compiled.Problem; err != nil {
		return not(reasonInvalidSpec, err.Error()), true
	}
	if unavailable, ok := errors.AsType[*hook.UnavailableError](compiled.Err()); ok {
		return not(unavailable.Reason, unavailable.Message), true
	}
	registered, err := r.registration.Registered()
	switch {
	case apierrors.IsForbidden(err):
		return not(reasonForbidden, err.Error()), true
	case err != nil:
		return not(reasonNotRegistered, err.Error()), true
	case registered == nil || registered.Find(compiled.Name()) != compiled:
		return metav1.Condition{}, false
	}
	if seen.failure != nil && seen.generation == object.Generation {
		reason := reasonFailing
		if call, ok := errors.AsType[*hook.CallError](seen.failure); ok && call.Status == 0 {
			reason = reasonHookUnreachable
		}
		return not(reason, "the last new object was not completed: "+seen.failure.Error()), true
	}
	return metav1.Condition{Status: metav1.ConditionTrue, Reason: reasonRunning, Message: r.running(snapshot, compiled)}, true
}

// running says which new objects are completed.
func (r *Reporter) running(snapshot *initialization.Snapshot, i *initialization.Initializer) string {
	resources := make([]string, 0, len(i.Resources))
	for _, resource := range i.Resources {
		resources = append(resources, resource.GroupResource().String())
	}
	return fmt.Sprintf("new %s are completed, but for those in the namespaces %s", strings.Join(resources, ", "),
		strings.Join(snapshot.ExcludedNamespaces(r.reviewer.OwnNamespace), ", "))
}

func not(reason, message string) metav1.Condition {
	return metav1.Condition{Status: metav1.ConditionFalse, Reason: reason, Message: message}
}
