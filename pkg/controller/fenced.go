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

package controller

import (
	"context"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/leader"
)

// fencedHook is a hook that only the leader calls. Hooks of admission are not: every replica calls those.
type fencedHook struct {
	hook.Hook
	fence *leader.Fence
}

var _ hook.Hook = &fencedHook{}

// Unwrap returns the hook that is called. See hook.Set.
func (h *fencedHook) Unwrap() hook.Hook { return h.Hook }

// Call implements hook.Hook.
func (h *fencedHook) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	if err := h.fence.Check(); err != nil {
		return hook.Response{}, &hook.CallError{Err: err}
	}
	return h.Hook.Call(ctx, request)
}

// newFencedHook makes the executor of a hook that the controllers call.
func (c *Controllers) newFencedHook(spec hook.Spec) (hook.Hook, error) {
	inner, err := c.NewHook(spec)
	if err != nil {
		return nil, err
	}
	return &fencedHook{Hook: inner, fence: c.config.Fence}, nil
}
