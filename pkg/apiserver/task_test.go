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
	"strings"
	"testing"
	"time"
)

const (
	generous = 30 * time.Second
	short    = 10 * time.Millisecond // for what must not happen
)

func TestTaskStopsInOrder(t *testing.T) {
	started, ended := make(chan struct{}), false
	task := &task{name: "test", failed: func(err error) { t.Errorf("failed is told %v", err) }, run: func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		ended = true
		return ctx.Err()
	}}
	task.start(t.Context())
	<-started
	if err := task.stop(generous); err != nil {
		t.Errorf("stop gives %v, want nil", err)
	}
	if !ended {
		t.Error("stop did not wait for the end")
	}
}

func TestTaskTellsFailure(t *testing.T) {
	cases := map[string]struct {
		err  error
		want string
	}{
		"Error":      {err: errors.New("broken"), want: "test: broken"},
		"NoErrorToo": {want: "test: ended for no reason"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			failures := make(chan error, 1)
			task := &task{name: "test", failed: func(err error) { failures <- err }, run: func(context.Context) error { return tc.err }}
			task.start(t.Context())
			select {
			case err := <-failures:
				if err.Error() != tc.want {
					t.Errorf("failed is told %q, want %q", err, tc.want)
				}
			case <-time.After(generous):
				t.Fatal("failed is told nothing")
			}
			if err := task.stop(generous); err != nil {
				t.Errorf("stop gives %v, want nil", err)
			}
		})
	}
}

func TestTaskDoesNotStartAfterStop(t *testing.T) {
	task := &task{name: "test", run: func(context.Context) error {
		t.Error("the task runs")
		return nil
	}, failed: func(error) {}}
	if err := task.stop(generous); err != nil {
		t.Errorf("stop gives %v, want nil", err)
	}
	task.start(t.Context())
	if task.done != nil {
		t.Error("the task was started after its stop")
	}
}

func TestTaskStopIsBounded(t *testing.T) {
	release := make(chan struct{})
	task := &task{name: "test", failed: func(error) {}, run: func(context.Context) error {
		<-release
		return nil
	}}
	task.start(t.Context())
	if err := task.stop(short); err == nil || !strings.Contains(err.Error(), "test: still running") {
		t.Errorf("stop gives %v, want that the task still runs", err)
	}
	close(release)
	<-task.done
}
