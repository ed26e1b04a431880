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
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// jsonPatchOperation is one operation of a JSON patch (RFC 6902).
type jsonPatchOperation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// Status replaces the status of the object with this uid by a JSON object, and returns the object's resourceVersion
// afterwards. An object of the same name with another uid is left alone: that is a conflict.
//
// A JSON patch does it, because the status is to be replaced whole, by whoever wrote it before, and a change of the rest of
// the object in the meantime does not matter.
func (a *Applier) Status(ctx context.Context, target Target, uid types.UID, status []byte) (version string, err error) {
	ctx, step := begin(ctx, target)
	defer func() { end(step, "update status of", target, err) }()
	quotedUID, _ := json.Marshal(uid) // a string always encodes
	patch, err := json.Marshal([]jsonPatchOperation{
		{Op: "test", Path: "/metadata/uid", Value: quotedUID},
		{Op: "add", Path: "/status", Value: status},
	})
	if err != nil {
		return "", fmt.Errorf("cannot encode the status of %s: %w", target, err)
	}
	body, err := send(ctx, a.patch(types.JSONPatchType, target, patch, "status"))
	if failedTest(err) {
		err = replaced(target, err)
	}
	if err != nil {
		return "", fmt.Errorf("cannot update the status of %s: %w", target, err)
	}
	object, err := readAnswer(body)
	if err != nil {
		return "", fmt.Errorf("cannot update the status of %s: %w", target, err)
	}
	return object.Metadata.ResourceVersion, nil
}

// failedTest tells whether a JSON patch was refused because it does not fit the object. Our patch has one operation that can
// fail to fit, the test. Unlike an invalid object, which has its causes listed, it comes without details.
func failedTest(err error) bool {
	var status apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) {
		return false
	}
	details := status.Status().Details
	return details == nil || len(details.Causes) == 0
}
