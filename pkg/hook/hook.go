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
	"context"

	"k8s.io/apimachinery/pkg/types"
)

// MaxResponseBytes is the largest answer that an executor accepts, decompressed.
const MaxResponseBytes = 32 << 20

// Version is a version of the hook protocol. It decides the keys of the objects in a request. docs/protocol.md §2.
type Version string

const (
	// V1 keys objects by name when they have the parent's scope.
	V1 Version = "v1"
	// V2 keys namespaced objects by namespace/name always.
	V2 Version = "v2"
)

// Hook calls one hook of one controller. Implementations may be called concurrently.
type Hook interface {
	// Call sends the request and returns the answer, at most MaxResponseBytes long and otherwise unchecked. It blocks until
	// the hook answered, ctx ended, or the hook's own timeout passed.
	//
	// A hook that asks for patience gives a *RetryAfterError, one that lacks what it refers to an *UnavailableError, every other
	// failure a *CallError.
	Call(ctx context.Context, request Request) (Response, error)
}

// Request is one call of a hook.
type Request struct {
	// ParentUID identifies the object that the call is about.
	ParentUID types.UID
	// Body is a JSON document. The caller must not modify it any more: an executor that gave up waiting may still be
	// sending it after Call returned.
	Body []byte
	// IfNoneMatch is the ETag of an answer that the caller still has: it need not be sent again. Empty: there is none.
	IfNoneMatch string
}

// Response is what a hook answered.
type Response struct {
	// Body is the answer's bytes. They are read only: the next caller may be given the same.
	Body []byte
	// ETag names this answer; empty when the hook gave it no name.
	ETag string
	// NotModified says that the answer is the one that Request.IfNoneMatch names, and was not sent again.
	NotModified bool
	// Redact takes out of a text what was secret in the request. Nil: nothing was. See Hide.
	Redact func([]byte) []byte
}
