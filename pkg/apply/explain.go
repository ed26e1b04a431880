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
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// explainedError tells what to do about an error of the API server, in the place of the server's own words.
type explainedError struct {
	text string
	err  error
}

func (e *explainedError) Error() string { return e.text }

func (e *explainedError) Unwrap() error { return e.err }

// explain puts failures into the words of whoever writes hooks and controllers.
func explain(target Target, err error) error {
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return &explainedError{fmt.Sprintf("the namespace %q is being deleted, and nothing can be created in it: "+
			"it is tried again until the namespace exists anew or the hook asks for the object no more", target.Namespace), err}
	}
	if fields := immutableFields(err); len(fields) > 0 {
		return &explainedError{strings.Join(fields, ", ") + " cannot be changed in place: set updateStrategy.method of the child's rule " +
			"to Recreate, delete the object, or have the hook answer the value that it has", err}
	}
	return err
}

// maxShownFields is how many fields a message names.
const maxShownFields = 5

// immutableFields returns the fields for which an update was refused because they never change. The server tells by its words
// alone, and repeats the values: they stay out of events.
func immutableFields(err error) []string {
	var status apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var fields []string
	for _, cause := range status.Status().Details.Causes {
		if len(fields) < maxShownFields && isImmutable(cause) && !slices.Contains(fields, cause.Field) {
			fields = append(fields, cause.Field)
		}
	}
	return fields
}

func isImmutable(cause metav1.StatusCause) bool {
	for _, words := range []string{
		"immutable", "may not change", "may not be changed", "may not be updated", "cannot be changed", "cannot be updated",
		"updates to ", "changes to ",
	} {
		if strings.Contains(cause.Message, words) {
			return true
		}
	}
	return false
}
