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
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// Reasons of events, docs/protocol.md §8.
const (
	EventSyncError   = "SyncError"
	EventCreateError = "CreateError"
	EventStarting    = "Starting"
	EventStarted     = "Started"
	EventStopping    = "Stopping"
	EventStopped     = "Stopped"
	EventCreated     = "Created"
	EventUpdated     = "Updated"
	EventDeleted     = "Deleted"
)

const (
	// maxNamed is how many objects one event names before it counts the others.
	maxNamed = 10
	// maxEventMessage is what the events API accepts.
	maxEventMessage = 1024
)

// Reportable drops what is no failure: a hook that asks for patience, and a write that came too late
// and is repeated on fresher objects.
func Reportable(err error) error {
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

// ResultOf returns how a sync ended.
func ResultOf(err error) tally.Result {
	switch {
	case err == nil:
		return tally.Success
	case Reportable(err) == nil:
		return tally.Retry
	default:
		return tally.Error
	}
}

// Listed names the first of many objects and counts the others.
func Listed(names []string) string {
	if more := len(names) - maxNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), more)
	}
	return strings.Join(names, ", ")
}

// Clip shortens a message to what an event can hold.
func Clip(message string) string {
	if len(message) <= maxEventMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxEventMessage-len("…")], "") + "…"
}

// Reference names an object in an event.
func Reference(o *objects.Object) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, UID: o.UID, ResourceVersion: o.ResourceVersion,
	}
}
