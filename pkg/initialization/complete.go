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

package initialization

import (
	"cmp"
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/hook"
)

// RefusedError says that the hook's result refuses the object. It is an answer, not a failure of the hook.
type RefusedError struct {
	// Status has a message, and a code from 400 to 599.
	Status *metav1.Status
}

func (e *RefusedError) Error() string { return e.Status.Message }

// Complete calls the hook and returns the object as it should be. A hook that refuses the object gives a *RefusedError; every other error is a failure of the hook, or of its answer.
func (i *Initializer) Complete(ctx context.Context, object *Object, info hookapi.InitializeRequestInfo) (*Object, error) {
	if i.Problem != nil {
		return nil, fmt.Errorf("the InitializerController %s cannot be used: %w", i.Object.Name, i.Problem)
	}
	if err := i.Err(); err != nil {
		return nil, err
	}
	if err := i.hooks().Wait(ctx); err != nil {
		return nil, cmp.Or(i.Err(), err)
	}
	request := hook.InitializeRequest{Controller: i.raw, Object: object.raw, Info: info}
	answer, err := i.hook.Call(ctx, hook.Request{ParentUID: types.UID(object.head.metadata.UID), Body: request.AppendJSON(nil)})
	if err != nil {
		return nil, err
	}
	completed, err := i.decode(object, &answer)
	return completed, answer.Hide(err)
}

// decode returns the object that a hook has answered for one.
func (i *Initializer) decode(object *Object, answer *hook.Response) (*Object, error) {
	response, err := hook.DecodeInitialize(answer.Body, i.mode)
	if err != nil {
		return nil, err
	}
	if response.Result != nil {
		if answer.Redact != nil {
			response.Result.Message = string(answer.Redact([]byte(response.Result.Message)))
		}
		return nil, &RefusedError{Status: response.Result}
	}
	completed, err := parse(response.Object)
	if err != nil {
		return nil, &hook.DecodeError{Err: fmt.Errorf("object: %w", err)}
	}
	if err := checkIdentity(object, completed); err != nil {
		return nil, err
	}
	return completed, nil
}
