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

package etag

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/hook"
)

// Options say how long answers are remembered.
type Options struct {
	// Timeout is how old an answer gets that is used; 0: as old as may be.
	Timeout time.Duration
	// Cleanup is how often answers are dropped that are too old; 0: when they are met.
	Cleanup time.Duration
	// Clock is required.
	Clock clock.WithTicker
}

// Hook is a hook whose answers are remembered. It must be opened before it is called, or remembers nothing.
type Hook struct {
	hook.Hook
	cache  *Cache
	opts   Options
	closed bool // guarded by Cache.mu
}

var (
	_ hook.Hook      = &Hook{}
	_ hook.Opener    = &Hook{}
	_ hook.Forgetter = &Hook{}
)

// Wrap returns a hook that calls inner, and remembers what it answers.
func (c *Cache) Wrap(inner hook.Hook, opts Options) *Hook {
	return &Hook{Hook: inner, cache: c, opts: opts, closed: true}
}

// Unwrap returns the hook that is called. See hook.Set.
func (h *Hook) Unwrap() hook.Hook { return h.Hook }

// Call implements hook.Hook.
func (h *Hook) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	etag, body := h.cache.get(h, request.ParentUID, h.oldest())
	request.IfNoneMatch = etag
	response, err := h.Hook.Call(ctx, request)
	switch {
	case err != nil:
		return response, err
	case !response.NotModified:
		h.cache.put(&entry{hook: h, parent: request.ParentUID, etag: response.ETag, body: response.Body, stored: h.opts.Clock.Now()})
		return response, nil
	case etag == "":
		return response, errors.New("the hook says that its answer has not changed since one that was never remembered")
	default:
		return hook.Response{Body: body, ETag: etag, Redact: response.Redact}, nil
	}
}

// oldest returns before when an answer must have been stored that is too old.
func (h *Hook) oldest() time.Time {
	if h.opts.Timeout <= 0 {
		return time.Time{}
	}
	return h.opts.Clock.Now().Add(-h.opts.Timeout)
}

// Open implements hook.Opener.
func (h *Hook) Open(ctx context.Context) (closeHook func()) {
	h.cache.setClosed(h, false)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(done)
		h.cleanUp(ctx)
	}()
	return func() {
		cancel()
		<-done
		h.cache.setClosed(h, true)
	}
}

// cleanUp drops answers that are too old until ctx ends.
func (h *Hook) cleanUp(ctx context.Context) {
	if h.opts.Cleanup <= 0 || h.opts.Timeout <= 0 {
		return
	}
	ticker := h.opts.Clock.NewTicker(h.opts.Cleanup)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			h.cache.expire(h, h.oldest())
		}
	}
}

// Err implements hook.Opener.
func (h *Hook) Err() error { return nil }

// Wait implements hook.Opener.
func (h *Hook) Wait(context.Context) error { return nil }

// Forget implements hook.Forgetter.
func (h *Hook) Forget(parent types.UID) { h.cache.forget(h, parent) }
