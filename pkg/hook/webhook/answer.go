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

package webhook

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
)

const (
	// maxFirstBuffer bounds what is allocated on the word of a Content-Length.
	maxFirstBuffer = 1 << 20
	// maxRedactBytes is how much of a failure's body is searched for secrets: more than is shown, so that none is cut in two.
	maxRedactBytes = 16 << 10
	// maxDrainBytes is how much of an unwanted body is read, so that its connection can be used again.
	maxDrainBytes = 64 << 10
)

// errTooLarge says that an answer was not read to its end.
var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", hook.MaxResponseBytes>>20)

// readAnswer reads the body of a successful answer, at most hook.MaxResponseBytes after decompression.
func readAnswer(answer *http.Response) ([]byte, error) {
	if encoding := answer.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, fmt.Errorf("the answer has Content-Encoding %q, which was not asked for", hook.Excerpt([]byte(encoding)))
	}
	if answer.ContentLength > hook.MaxResponseBytes {
		return nil, errTooLarge
	}
	var body bytes.Buffer
	body.Grow(bytes.MinRead + int(min(max(answer.ContentLength, 0), maxFirstBuffer)))
	if _, err := body.ReadFrom(io.LimitReader(answer.Body, hook.MaxResponseBytes+1)); err != nil {
		return nil, fmt.Errorf("cannot read the answer after %d bytes: %w", body.Len(), err)
	}
	if body.Len() > hook.MaxResponseBytes {
		return nil, errTooLarge
	}
	return body.Bytes(), nil
}

// refused returns the error for an answer that is not a success. The server may have repeated what it was sent.
func (w *Webhook) refused(answer *http.Response, with *credentials.Credentials) error {
	start, _ := io.ReadAll(io.LimitReader(answer.Body, maxRedactBytes))
	_, _ = io.CopyN(io.Discard, answer.Body, maxDrainBytes)
	if answer.StatusCode == http.StatusTooManyRequests {
		return &hook.RetryAfterError{URL: w.target.name, After: retryAfter(answer.Header.Get("Retry-After"), w.clock.Now())}
	}
	err := &hook.CallError{URL: w.target.name, Status: answer.StatusCode, Body: hook.Excerpt(with.Redact(start))}
	if location := answer.Header.Get("Location"); location != "" && answer.StatusCode/100 == 3 {
		err.Err = fmt.Errorf("redirects are not followed: make %q the hook's URL", hook.Excerpt(with.Redact([]byte(nameOf(location)))))
	}
	return err
}

// nameOf returns a URL without what may hold secrets.
func nameOf(location string) string {
	parsed, err := url.Parse(location)
	if err != nil {
		return "the URL that it answers, which is invalid,"
	}
	return withoutSecrets(*parsed)
}
