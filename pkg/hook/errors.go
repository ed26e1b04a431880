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
	"fmt"
	"net/http"
	"time"
)

// RetryAfterError says that a hook is alive and wants to be called again later: no failure of the parent.
type RetryAfterError struct {
	// URL is the hook, without credentials and query.
	URL string
	// After is how long to wait; positive.
	After time.Duration
}

func (e *RetryAfterError) Error() string {
	return fmt.Sprintf("hook %s asks to be called again after %s", e.URL, e.After)
}

// Reasons of an UnavailableError. They become the reason of a controller's condition Ready.
const (
	ReasonSecretNotFound    = "SecretNotFound"
	ReasonConfigMapNotFound = "ConfigMapNotFound"
	ReasonInvalidSecret     = "InvalidSecret"
	ReasonInvalidConfigMap  = "InvalidConfigMap"
	ReasonInvalidSpec       = "InvalidSpec"
	ReasonForbidden         = "Forbidden"
	ReasonLookupFailing     = "LookupFailing"
)

// UnavailableError says that a hook cannot be called as things are, because of what it refers to. It passes by itself when
// that changes.
type UnavailableError struct {
	// Reason is one of the constants.
	Reason string
	// Message names the field, the object and the key, and never a value.
	Message string
}

func (e *UnavailableError) Error() string { return e.Message }

// CallError says that a hook could not be called, or did not answer with success.
type CallError struct {
	// URL is the hook, without credentials and query.
	URL string
	// Status is the HTTP status of the answer; 0 when there was none.
	Status int
	// Body is the start of the answer's body, made by Excerpt; "" when there was none.
	Body string
	// Err is the cause; nil when status and body say everything.
	Err error
}

func (e *CallError) Error() string {
	text := "hook " + e.URL
	if e.Status != 0 {
		text += fmt.Sprintf(" answered %d", e.Status)
		if name := http.StatusText(e.Status); name != "" {
			text += " " + name
		}
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Body != "" {
		text += fmt.Sprintf(": the answer starts with %q", e.Body)
	}
	return text
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }

// DecodeError says that an answer is not what the protocol asks for.
type DecodeError struct {
	// Body is the start of the answer, made by Excerpt.
	Body string
	// Err is what is wrong; several problems are joined.
	Err error
}

func (e *DecodeError) Error() string {
	if e.Body == "" {
		return "cannot decode the hook's answer: " + e.Err.Error()
	}
	return fmt.Sprintf("cannot decode the hook's answer: %v: it starts with %q", e.Err, e.Body)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }
