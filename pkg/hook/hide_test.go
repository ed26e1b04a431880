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

package hook_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/pkg/hook"
)

// TestResponseHide decodes answers of hooks that repeat the credentials which they were sent.
func TestResponseHide(t *testing.T) {
	token := strings.Repeat("t0ken", 40)
	redact := func(text []byte) []byte { return bytes.ReplaceAll(text, []byte(token), []byte("[REDACTED]")) }
	for name, body := range map[string]string{
		"Excerpt":      `{"children": 1, "seen": "Bearer ` + token + `"}`,
		"CutByExcerpt": `{"children": 1, "padding": "` + strings.Repeat("x", hook.MaxExcerptBytes-60) + `", "seen": "Bearer ` + token + `"}`,
		"FieldName":    `{"` + token + `": 1}`,
		"NotJSON":      "Authorization: Bearer " + token,
	} {
		t.Run(name, func(t *testing.T) {
			response := hook.Response{Body: []byte(body), Redact: redact}
			_, err := hook.DecodeComposite(response.Body, hook.Strict)
			if err = response.Hide(err); err == nil {
				t.Fatal("the answer was accepted")
			}
			if strings.Contains(err.Error(), token[:10]) {
				t.Errorf("the error shows the token: %v", err)
			}
			if _, ok := errors.AsType[*hook.DecodeError](err); !ok {
				t.Errorf("the error is a %T, want that it wraps a *DecodeError", err)
			}
		})
	}
	if err := (&hook.Response{Redact: redact}).Hide(nil); err != nil {
		t.Errorf("no error becomes %v", err)
	}
	plain := errors.New("plain")
	if err := (&hook.Response{Redact: redact}).Hide(plain); err != plain { //nolint:errorlint // the very same
		t.Errorf("an error without secrets becomes %v", err)
	}
}
