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

package hook

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// InitializeRequest is what an initializer's init hook is sent. docs/protocol.md §2.
//
// A hook needs to look at the object alone. It must give the same answer when it is called again for an object that it
// has completed already: another admission plugin may ask for that, and so does a deferred completion whose write failed.
type InitializeRequest struct {
	// controller is the InitializerController that calls.
	Controller *unstructured.Unstructured `json:"controller"`

	// object is the new object, in the version that the controller's uninitializedResources say, as the initializers
	// before this one left it. It has no metadata.managedFields. While it is admitted it has no uid yet, nor a name
	// when it was created with generateName.
	Object *unstructured.Unstructured `json:"object"`

	// request is what else is known of the create.
	Request InitializeRequestInfo `json:"request"`
}

// InitializeRequestInfo is what is known of the request that creates an object.
type InitializeRequestInfo struct {
	// uid identifies the admission request. Empty when the completion was deferred.
	UID types.UID `json:"uid,omitempty"`

	// operation is CREATE.
	Operation string `json:"operation"`

	// namespace is where the object is created; empty for an object that belongs to none.
	Namespace string `json:"namespace,omitempty"`

	// dryRun is true when the object will not be stored: the hook must have no side effects then.
	DryRun bool `json:"dryRun"`

	// userInfo is who creates the object. Absent when the completion was deferred.
	UserInfo *UserInfo `json:"userInfo,omitempty"`
}

// UserInfo is who sent a request, as in authentication.k8s.io/v1.
type UserInfo struct {
	// username is the name that identifies the user.
	Username string `json:"username,omitempty"`

	// uid identifies the user across changes of the name.
	UID string `json:"uid,omitempty"`

	// groups are the groups that the user is in.
	Groups []string `json:"groups,omitempty"`

	// extra is what else the authenticator said of the user.
	Extra map[string][]string `json:"extra,omitempty"`
}

// InitializeResponse is what an initializer's init hook answers. docs/protocol.md §2.
type InitializeResponse struct {
	// object is the whole object as it should be created: what the hook was sent, with its changes. What is missing from
	// it is removed from the object. apiVersion, kind, and the metadata's name, namespace and uid must stay.
	// Required, unless result refuses the object.
	Object json.RawMessage `json:"object,omitempty"`

	// result with status "Failure" refuses the object: whoever creates it is shown its message, reason and code.
	// Absent, null, or status "Success": the object is accepted.
	Result *metav1.Status `json:"result,omitempty"`
}

// SetObject sets the object: anything that marshals to a JSON object, such as the request's object after changes.
func (r *InitializeResponse) SetObject(object any) error {
	raw, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("cannot marshal the object: %w", err)
	}
	r.Object = raw
	return nil
}

// Refuse makes the response refuse the object with a message for whoever creates it, as a check that forbids it would.
func (r *InitializeResponse) Refuse(format string, args ...any) {
	r.Object = nil
	r.Result = &metav1.Status{
		Status: metav1.StatusFailure, Code: 403, Reason: metav1.StatusReasonForbidden, Message: fmt.Sprintf(format, args...),
	}
}
