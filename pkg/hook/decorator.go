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

	hookapi "github.com/hookplane/hookplane/apis/hook"
)

// DecoratorRequest is what a decorator controller's sync or finalize hook is to be sent: Parent is the object, Children are its
// attachments. On the wire it is an apis/hook.DecoratorRequest.
type DecoratorRequest CompositeRequest

// AppendJSON appends the request as CompositeRequest.AppendJSON does.
func (r *DecoratorRequest) AppendJSON(dst []byte) []byte {
	return (*CompositeRequest)(r).appendAs(dst, "object", "attachments")
}

// DecodeDecorator decodes what a decorator controller's sync or finalize hook answered, as DecodeComposite does.
func DecodeDecorator(body []byte, mode Mode) (*hookapi.DecoratorResponse, error) {
	var (
		answer decoratorAnswer
		found  problems
	)
	err := decodeObject(body, &answer, mode, &found)
	response := answer.DecoratorResponse
	response.Attachments = answer.Attachments
	if err == nil {
		checkAnswer(&response.Status, "attachments", response.Attachments, mode, &found)
		err = found.join()
	}
	if err != nil {
		return nil, &DecodeError{Body: Excerpt(body), Err: err}
	}
	return &response, nil
}

// decoratorAnswer is a DecoratorResponse whose attachments are counted before they are taken apart.
type decoratorAnswer struct {
	hookapi.DecoratorResponse
	Attachments attachmentList `json:"attachments"`
}

type attachmentList []json.RawMessage

var _ json.Unmarshaler = (*attachmentList)(nil)

// UnmarshalJSON implements json.Unmarshaler.
func (l *attachmentList) UnmarshalJSON(data []byte) error {
	return unmarshalList("attachments", data, (*[]json.RawMessage)(l))
}
