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
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/hookplane/hookplane/pkg/objects"
)

// Reasons of the condition Ready, docs/protocol.md §8.
const (
	ReasonRunning         = "Running"
	ReasonInvalidSpec     = "InvalidSpec"
	ReasonParentNotFound  = "ParentResourceNotFound"
	ReasonParentScope     = "ParentScopeMismatch"
	ReasonHookUnreachable = "HookUnreachable"
	ReasonForbidden       = "Forbidden"
	ReasonSyncFailing     = "SyncFailing"
	ReasonFinalizersLeft  = "FinalizersLeft"
	ReasonTerminating     = "Terminating"
	ReasonWatchFailing    = "WatchFailing"
	ReasonLookupFailing   = "LookupFailing"
)

// DefinitionError is why a controller cannot run. It lasts until the object or the cluster changes.
type DefinitionError struct {
	Reason  string // of the condition Ready
	Message string
	Event   string // the event's reason
}

func (p *DefinitionError) Error() string { return p.Message }

// Invalid is the problem of an object that asks for what cannot be.
func Invalid(message string) *DefinitionError {
	return &DefinitionError{ReasonInvalidSpec, message, EventCreateError}
}

// lookupProblem is an error that may pass by itself, as the user is told of it until then.
func lookupProblem(err error) *DefinitionError {
	reason := ReasonLookupFailing
	if apierrors.IsForbidden(err) {
		reason = ReasonForbidden
	}
	return &DefinitionError{reason, err.Error(), EventCreateError}
}

// Lookup finds the resource type that the rule at path names. The reason is that of the DefinitionError when there is no such type.
func Lookup(ctx context.Context, cache *objects.Cache, name TypeName, path, reason string) (objects.Resource, error) {
	found, err := cache.Lookup(ctx, name.APIVersion, name.Resource)
	if _, missing := errors.AsType[*objects.ResourceNotFoundError](err); missing {
		return found, &DefinitionError{reason, fmt.Sprintf(
			"%s: the cluster serves no resource %q in %s: check the spelling, or install its CustomResourceDefinition (the controller then starts by itself)",
			path, name.Resource, name.APIVersion), EventCreateError}
	}
	if err != nil {
		return found, fmt.Errorf("%s: looking up %s in %s: %w", path, name.Resource, name.APIVersion, err)
	}
	return found, nil
}
