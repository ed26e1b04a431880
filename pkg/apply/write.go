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

package apply

import (
	"context"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/pkg/plan"
)

// create creates a child.
func (a *Applier) create(ctx context.Context, target Target, write *plan.Write) (Outcome, error) {
	if write.Strategy != plan.DynamicApply {
		return a.apply(ctx, target, write, false)
	}
	outcome, err := carryOut(ctx, a.collection(http.MethodPost, target).
		SetHeader("Content-Type", runtime.ContentTypeJSON).
		Param("fieldManager", a.fieldManager).
		Body(write.Body), write)
	if apierrors.IsAlreadyExists(err) {
		err = taken(target, err)
	}
	return outcome, err
}

// update changes an existing child.
func (a *Applier) update(ctx context.Context, target Target, write *plan.Write) (Outcome, error) {
	switch {
	case write.Strategy == plan.DynamicApply && write.Adopts:
		return a.adoptApplied(ctx, target, write)
	case write.Strategy == plan.DynamicApply:
		return a.replace(ctx, target, write, write.Body)
	case write.Adopts:
		return a.adoptRecorded(ctx, target, write)
	default:
		return a.apply(ctx, target, write, true)
	}
}

// apply creates or updates a child by server-side apply. A new child is not forced: should somebody else have created it in the
// meantime and set a field otherwise, that is a conflict. An update is forced: what the hook says of a child of its own counts.
// docs/protocol.md §5.
func (a *Applier) apply(ctx context.Context, target Target, write *plan.Write, force bool) (Outcome, error) {
	outcome, err := carryOut(ctx, a.applyRequest(target, write, force), write)
	return outcome, asConflict(target, err)
}

// applyRequest is the apply of a write's body.
func (a *Applier) applyRequest(target Target, write *plan.Write, force bool) *rest.Request {
	return a.patch(types.ApplyPatchType, target, escapeForYAML(write.Body)).Param("force", strconv.FormatBool(force))
}

// replace puts body, which says which state of which object it is made from, in the place of a child.
func (a *Applier) replace(ctx context.Context, target Target, write *plan.Write, body []byte) (Outcome, error) {
	outcome, err := carryOut(ctx, a.replaceRequest(target, body), write)
	return outcome, asReplaced(target, err)
}

func (a *Applier) replaceRequest(target Target, body []byte) *rest.Request {
	return a.request(http.MethodPut, target).
		SetHeader("Content-Type", runtime.ContentTypeJSON).
		Param("fieldManager", a.fieldManager).
		Body(body)
}

// asReplaced turns the failure of a replace for want of an object into a conflict.
func asReplaced(target Target, err error) error {
	if apierrors.IsNotFound(err) {
		return replaced(target, err)
	}
	return err
}

// carryOut sends a write and reads what became of it.
func carryOut(ctx context.Context, request *rest.Request, write *plan.Write) (Outcome, error) {
	body, err := send(ctx, request)
	if err != nil {
		return Outcome{}, err
	}
	object, err := readAnswer(body)
	if err != nil {
		return Outcome{}, err
	}
	version := object.Metadata.ResourceVersion
	return Outcome{ResourceVersion: version, Unchanged: version == write.ResourceVersion}, nil
}

// try returns the object that a write's body would make of the observed one.
func (a *Applier) try(ctx context.Context, target Target, write *plan.Write) ([]byte, error) {
	if write.Strategy == plan.DynamicApply {
		body, err := send(ctx, dryRun(a.replaceRequest(target, write.Body)))
		return body, asReplaced(target, err)
	}
	body, err := send(ctx, dryRun(a.applyRequest(target, write, true)))
	return body, asConflict(target, err)
}

// dryRun has the server show the whole object that a request would leave, and leave it.
func dryRun(request *rest.Request) *rest.Request {
	return whole(request).Param("dryRun", metav1.DryRunAll)
}

// whole has the server answer with the object and not with its metadata only.
func whole(request *rest.Request) *rest.Request {
	return request.SetHeader("Accept", runtime.ContentTypeJSON)
}
