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
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// asConflict turns the answer to a write that was meant for another object of the same name into a conflict. API servers
// report a UID in the body that is not the object's as an invalid change of metadata.uid.
func asConflict(target Target, err error) error {
	var status apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return err
	}
	aboutUID := func(cause metav1.StatusCause) bool { return cause.Field == "metadata.uid" }
	if !slices.ContainsFunc(status.Status().Details.Causes, aboutUID) {
		return err
	}
	return replaced(target, err)
}

// taken is the conflict of the creation of an object that somebody else created in the meantime.
func taken(target Target, err error) error {
	return apierrors.NewConflict(target.GroupResource(), target.Name, err)
}

// replaced is the conflict of a write that was meant for an object that is not there any more.
func replaced(target Target, err error) error {
	return apierrors.NewConflict(target.GroupResource(), target.Name,
		fmt.Errorf("it was deleted, and another object may have its name now: %w", err))
}
