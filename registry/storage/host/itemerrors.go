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

package host

import (
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/storage"
)

// maxItemErrors is how many objects that cannot be read are told of one list.
const maxItemErrors = 100

// itemErrors collects what goes wrong with single objects of a list: all that are corrupt, if these may be deleted as
// such, else the first.
type itemErrors struct {
	collects bool
	corrupt  []error // each a *storage.StorageError, which has the key
	abort    error   // why no more are collected
	tooMany  bool
}

func newItemErrors() *itemErrors {
	return &itemErrors{collects: aggregatesErrors()}
}

// add returns an error when the list is to end without anything else to tell.
func (e *itemErrors) add(key string, err error) error {
	var corrupt *CorruptError
	if !e.collects {
		return err
	}
	if !errors.As(err, &corrupt) {
		e.abort = err
		return nil
	}
	e.corrupt = append(e.corrupt, storage.NewCorruptObjError(key, corrupt))
	e.tooMany = len(e.corrupt) >= maxItemErrors
	return nil
}

// full reports whether to look at no further object.
func (e *itemErrors) full() bool { return e.abort != nil || e.tooMany }

// aggregate returns one error for all, nil for none.
func (e *itemErrors) aggregate(kind Kind) error {
	if len(e.corrupt) == 0 {
		return e.abort
	}
	causes := make([]metav1.StatusCause, 0, len(e.corrupt)+1)
	for _, err := range e.corrupt {
		cause := metav1.StatusCause{Type: metav1.CauseTypeUnexpectedServerResponse, Message: err.Error()}
		if withKey, ok := errors.AsType[*storage.StorageError](err); ok {
			cause.Field = withKey.Key
		}
		causes = append(causes, cause)
	}
	switch {
	case e.tooMany:
		causes = append(causes, metav1.StatusCause{Type: metav1.CauseTypeTooMany, Message: "too many errors, the list is truncated"})
	case e.abort != nil:
		causes = append(causes, metav1.StatusCause{Type: metav1.CauseTypeUnexpectedServerResponse, Message: e.abort.Error()})
	}
	message := fmt.Sprintf("failed to read one or more %s from the storage: %v", kind.Resource, e.corrupt[0])
	if more := len(e.corrupt) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Reason: metav1.StatusReasonStoreReadError, Message: message,
		Details: &metav1.StatusDetails{Kind: kind.Resource, Name: "list", Causes: causes},
	}}
}
