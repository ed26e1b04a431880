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

package traced

import (
	"context"
	"errors"
	"net/http"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/span"
)

// Hook is a hook whose calls are recorded.
type Hook struct {
	hook.Hook
	name, url string
}

var _ hook.Hook = &Hook{}

// Wrap returns a hook that records calls of inner, which is called name in spec.hooks and is at a URL that holds no secrets.
func Wrap(inner hook.Hook, name, url string) *Hook {
	return &Hook{Hook: inner, name: "hook " + name, url: url}
}

// Unwrap returns the hook that is called. See hook.Set.
func (h *Hook) Unwrap() hook.Hook { return h.Hook }

// Call implements hook.Hook.
func (h *Hook) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	ctx, step := span.StartCall(ctx, h.name)
	step.String("http.request.method", http.MethodPost)
	step.String("url.full", h.url)
	step.Int("http.request.body.size", len(request.Body))
	response, err := h.Hook.Call(ctx, request)
	if status := statusOf(response, err); status != 0 {
		step.Int("http.response.status_code", status)
	}
	if err == nil && !response.NotModified {
		step.Int("http.response.body.size", len(response.Body))
	}
	step.End(err)
	return response, err
}

// statusOf returns the HTTP status of an answer, 0 when there was none.
func statusOf(response hook.Response, err error) int {
	if refused, ok := errors.AsType[*hook.CallError](err); ok {
		return refused.Status
	}
	if _, ok := errors.AsType[*hook.RetryAfterError](err); ok {
		return http.StatusTooManyRequests
	}
	switch {
	case err != nil:
		return 0
	case response.NotModified:
		return http.StatusNotModified
	default:
		return http.StatusOK
	}
}
