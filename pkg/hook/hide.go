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

import "errors"

// maxRedactBytes is how much of an answer is searched for secrets: more than is shown, so that none is cut in two.
const maxRedactBytes = 16 << 10

// Hide returns an error about the answer without what was secret in the request, which the hook may have repeated: it goes to
// logs and events. It unwraps as before.
func (r *Response) Hide(err error) error {
	if err == nil || r.Redact == nil {
		return err
	}
	if decode, ok := errors.AsType[*DecodeError](err); ok && decode.Body != "" {
		body := Excerpt(r.Redact(r.Body[:min(len(r.Body), maxRedactBytes)]))
		if body != decode.Body {
			err = &DecodeError{Body: body, Err: decode.Err}
		}
	}
	if text := err.Error(); string(r.Redact([]byte(text))) != text {
		return &hiddenError{text: string(r.Redact([]byte(text))), err: err}
	}
	return err
}

// hiddenError is an error whose own text may not be shown.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }

// Unwrap returns the error whose text may not be shown, for whoever branches on its type.
func (e *hiddenError) Unwrap() error { return e.err }
