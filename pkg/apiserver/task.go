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

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// task is one thing that the server runs beside serving. It is started by a post-start hook and stopped by
// a pre-shutdown hook, which may come in either order when the server is told to end while it starts.
type task struct {
	name string
	run  func(ctx context.Context) error
	// failed is told when run returns without having been stopped.
	failed func(error)

	mu      sync.Mutex
	stopped bool
	cancel  context.CancelFunc
	done    chan struct{}
}

// start runs the task in a goroutine that stop ends; after stop it does nothing.
func (t *task) start(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	ctx, t.cancel = context.WithCancel(ctx)
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		err := t.run(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("ended for no reason")
		}
		t.failed(fmt.Errorf("%s: %w", t.name, err))
	}()
}

// stop ends the task and waits, at most as long as timeout says.
func (t *task) stop(timeout time.Duration) error {
	t.mu.Lock()
	t.stopped = true
	cancel, done := t.cancel, t.done
	t.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	select {
	case <-done:
		return nil
	case <-clock.RealClock{}.After(timeout):
		return fmt.Errorf("%s: still running %s after being told to stop", t.name, timeout)
	}
}
