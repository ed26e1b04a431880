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
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hookapi "github.com/hookplane/hookplane/apis/hook"
)

const (
	// MaxObjectBytes is how large an object that an init hook answers may be: kube-apiserver accepts no larger ones.
	MaxObjectBytes = 3 << 20
	// maxReasonBytes is far above the reasons that Kubernetes knows.
	maxReasonBytes = 256
	// maxMessageBytes bounds what a hook may say to whoever creates an object.
	maxMessageBytes = 4 << 10
)

// InitializeRequest is what an initializer's init hook is to be sent. It shares the bytes of the objects. On the wire it is
// an apis/hook.InitializeRequest.
type InitializeRequest struct {
	// Controller and Object are JSON objects, required.
	Controller, Object []byte
	// Info is what is known of the create.
	Info hookapi.InitializeRequestInfo
}

// AppendJSON appends the request as a JSON document to dst and returns the longer slice.
func (r *InitializeRequest) AppendJSON(dst []byte) []byte {
	const frame = 40
	info, _ := json.Marshal(r.Info) // strings and maps of them always marshal
	dst = slices.Grow(dst, frame+len(r.Controller)+len(r.Object)+len(info))
	dst = append(dst, `{"controller":`...)
	dst = append(dst, r.Controller...)
	dst = append(dst, `,"object":`...)
	dst = append(dst, r.Object...)
	dst = append(dst, `,"request":`...)
	dst = append(dst, info...)
	return append(dst, '}')
}

// DecodeInitialize decodes what an init hook answered. Field names are case-sensitive, and null means absent for every field.
// Every mode but Strict is Loose.
//
// In the result either Object is a JSON object of at most MaxObjectBytes, or Result is a failure, whose code is one that an
// HTTP server can answer with and of which only status, message, reason and code are left. Every answer that cannot give that
// is a *DecodeError.
func DecodeInitialize(body []byte, mode Mode) (*hookapi.InitializeResponse, error) {
	var (
		response hookapi.InitializeResponse
		found    problems
	)
	err := decodeObject(body, &response, mode, &found)
	if err == nil {
		checkInitialize(&response, mode, &found)
		err = found.join()
	}
	if err != nil {
		return nil, &DecodeError{Body: Excerpt(body), Err: err}
	}
	return &response, nil
}

func checkInitialize(response *hookapi.InitializeResponse, mode Mode, found *problems) {
	if result := response.Result; result != nil {
		switch result.Status {
		case metav1.StatusFailure:
			response.Object, response.Result = nil, refusal(result)
			return
		case metav1.StatusSuccess, "":
			response.Result = nil
		default:
			found.addf("result.status: want %s or %s, got %q", metav1.StatusSuccess, metav1.StatusFailure, result.Status)
		}
	}
	switch got := typeName(response.Object); got {
	case "object":
		if len(response.Object) > MaxObjectBytes {
			found.addf("object: has %d bytes, at most %d are possible", len(response.Object), MaxObjectBytes)
		} else if mode == Strict {
			checkDuplicates("object", response.Object, found)
		}
	case "null", "":
		found.addf("object: is missing: answer the whole object, or a result with status %s", metav1.StatusFailure)
	default:
		found.addf("object: want an object, got %s", got)
	}
}

// refusal returns of a failed result what whoever creates the object is told.
func refusal(result *metav1.Status) *metav1.Status {
	code := result.Code
	if code < http.StatusBadRequest || code > 599 {
		code = http.StatusBadRequest
	}
	message := clip(result.Message, maxMessageBytes)
	if message == "" {
		message = "the hook gives no reason"
	}
	return &metav1.Status{
		Status: metav1.StatusFailure, Message: message, Code: code,
		Reason: metav1.StatusReason(clip(string(result.Reason), maxReasonBytes)),
	}
}

// clip shortens a text to a number of bytes.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit-len("…")], "") + "…"
}
