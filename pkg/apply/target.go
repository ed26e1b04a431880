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
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/pkg/span"
)

// metadataOnly asks for an object's metadata. Not every server answers so; all answers are read alike.
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

// Target names an object.
type Target struct {
	schema.GroupVersionResource
	Kind      string // for messages
	Namespace string // empty when cluster-scoped
	Name      string
}

// String is like `Pod "default/solr"`.
func (t Target) String() string {
	name := t.Name
	if t.Namespace != "" {
		name = t.Namespace + "/" + t.Name
	}
	return t.Kind + " " + strconv.Quote(name)
}

// collection starts a request about the resource of the target, in its namespace.
func (a *Applier) collection(verb string, target Target) *rest.Request {
	root := []string{"/apis", target.Group, target.Version}
	if target.Group == "" {
		root = []string{"/api", target.Version}
	}
	return a.client.Verb(verb).
		AbsPath(root...).
		NamespaceIfScoped(target.Namespace, target.Namespace != "").
		Resource(target.Resource).
		SetHeader("Accept", metadataOnly)
}

// request starts a request about the target.
func (a *Applier) request(verb string, target Target, subresources ...string) *rest.Request {
	return a.collection(verb, target).Name(target.Name).SubResource(subresources...)
}

// patch starts a PATCH request in our field manager's name.
func (a *Applier) patch(patchType types.PatchType, target Target, body []byte, subresources ...string) *rest.Request {
	return a.patchAs(a.fieldManager, patchType, target, body, subresources...)
}

// patchAs starts a PATCH request in a field manager's name.
func (a *Applier) patchAs(manager string, patchType types.PatchType, target Target, body []byte, subresources ...string) *rest.Request {
	return a.request("PATCH", target, subresources...).
		SetHeader("Content-Type", string(patchType)).
		Param("fieldManager", manager).
		Body(body)
}

// send sends a request and returns the body of the answer. A failure that the API server explained is an
// apierrors.APIStatus.
func send(ctx context.Context, request *rest.Request) ([]byte, error) {
	result := request.Do(ctx)
	if step := span.Current(ctx); step.Recording() {
		var status int
		result.StatusCode(&status)
		step.Int("http.response.status_code", status)
	}
	if err := result.Error(); err != nil { // Raw would return it without the server's explanation.
		return nil, err
	}
	return result.Raw()
}

// answer is what is read of an answer.
type answer struct {
	Kind     string `json:"kind"`
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
}

// gone tells of the answer to a delete that left nothing behind.
func (a *answer) gone() bool {
	return a.Kind == "Status"
}

func readAnswer(body []byte) (*answer, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, fmt.Errorf("cannot read the API server's answer: %w", err)
	}
	return &a, nil
}

// deleteOptions returns the body of a delete of exactly this object in this state. docs/protocol.md §4.
func deleteOptions(uid types.UID, resourceVersion string) ([]byte, error) {
	background := metav1.DeletePropagationBackground
	return json.Marshal(&metav1.DeleteOptions{
		TypeMeta:          metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"},
		Preconditions:     &metav1.Preconditions{UID: &uid, ResourceVersion: &resourceVersion},
		PropagationPolicy: &background,
	})
}
