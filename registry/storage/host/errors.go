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

// errAbsent says that there is no record of a name.
var errAbsent = errors.New("no such record")

// isAbsent reports whether the host says that a record does not exist. That its type does not exist is another matter.
func isAbsent(err error) bool {
	return apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// isExpired reports whether a resource version is too old for the host.
func isExpired(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}

// hostError turns an error of the host into one for our own clients. What the host refuses us is no fault of theirs,
// and an outage is something to try again.
func hostError(err error) error {
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &status):
		return apierrors.NewServiceUnavailable(fmt.Sprintf("the host cluster, which stores this, cannot be reached: %v", err))
	case isExpired(err), storage.IsTooLargeResourceVersion(err):
		return err
	case apierrors.IsRequestEntityTooLargeError(err):
		return apierrors.NewRequestEntityTooLargeError("the object is larger than the host cluster stores, about 1 MiB")
	case status.Status().Code == http.StatusTooManyRequests, status.Status().Code >= http.StatusInternalServerError:
		return err
	default:
		// Not wrapped: whoever looks for the code of the answer would find that of another.
		return storage.NewInternalError(errors.New("the host cluster does not store this: " + err.Error()))
	}
}

// CorruptError says that what is stored cannot be decrypted or decoded. It does not name the object.
type CorruptError struct {
	Err error
}

// Error implements error.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("the stored data is corrupt: %v", e.Err)
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

// deletedCorrupt is the error of a watch that saw the deletion of an object that cannot be read.
func deletedCorrupt(err error) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Reason: metav1.StatusReasonStoreReadError,
		Message: fmt.Sprintf("saw a DELETED event, but object data is corrupt - %v", err),
	}}
}
