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
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/hookplane/hookplane/pkg/hook"
)

type answer hook.Response

func (a answer) Call(context.Context, hook.Request) (hook.Response, error) {
	return hook.Response(a), nil
}

// TestCleanup waits until an answer that is too old goes without being met.
func TestCleanup(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Now())
	cache := NewCache(0, 0)
	h := cache.Wrap(answer{Body: []byte("x"), ETag: `"1"`}, Options{Timeout: time.Minute, Cleanup: time.Hour, Clock: clock})
	closeHook := h.Open(t.Context())
	defer closeHook()
	if _, err := h.Call(t.Context(), hook.Request{ParentUID: "a"}); err != nil {
		t.Fatal(err)
	}
	if got := size(cache); got == 0 {
		t.Fatal("nothing was remembered")
	}
	for end := time.Now().Add(30 * time.Second); size(cache) != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("an answer that is too old stays")
		}
		clock.Step(time.Hour)
	}
	if len(cache.entries) != 0 || cache.recent.Len() != 0 {
		t.Errorf("%d hooks and %d entries stay", len(cache.entries), cache.recent.Len())
	}
}

func size(c *Cache) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
