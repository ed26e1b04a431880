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

// Package supervise keeps programs running: it starts one, waits until it is ready, starts it again whenever
// it ends unexpectedly, and stops it for good.
//
// It knows nothing of Kubernetes: a component is a program with arguments, a log and a pid file, and whoever
// starts it says what ready means. Open component.go first.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// restartDelay keeps a program that cannot start from using a whole core.
	restartDelay = 500 * time.Millisecond
	// pollInterval is the time between two questions whether a component is ready.
	pollInterval = 100 * time.Millisecond
	// stopGrace is what a component has to end after SIGTERM, before SIGKILL. A kube-apiserver with open watches needs about 2 s.
	stopGrace = 10 * time.Second
)

// Component describes a program to keep running.
type Component struct {
	// Name is what messages call it.
	Name string
	// Path is the program; Args are its arguments without the program's name.
	Path string
	Args []string
	// Dir is its working directory.
	Dir string
	// LogFile gets both output streams; a restart appends to it.
	LogFile string
	// PIDFile holds the current process id and a newline while the component runs. It is replaced at every restart.
	PIDFile string
	// Ready returns nil when the component can be used. It is asked until then, during Start only.
	Ready func(context.Context) error
}

// Running is a started component.
type Running struct {
	component Component
	messages  io.Writer
	stopping  chan struct{}
	stopped   chan struct{}
}

// Start starts the component and returns when it is ready; Stop must be called then. From then on it is started again, with the
// same arguments, whenever it ends; each time is told to messages in one line.
//
// A component that ends before it is ready is not started again: Start returns an *ExitError. When ctx is
// done first, Start ends the component and returns an error that holds the last answer of Ready.
func Start(ctx context.Context, component Component, messages io.Writer) (*Running, error) {
	p, err := startProcess(component)
	if err != nil {
		return nil, err
	}
	if err := awaitReady(ctx, component, p); err != nil {
		p.stop(stopGrace)
		return nil, errors.Join(err, removePID(component.PIDFile))
	}
	r := &Running{component: component, messages: messages, stopping: make(chan struct{}), stopped: make(chan struct{})}
	go r.keep(p)
	return r, nil
}

// Stop ends the component and returns when its process is gone. It must be called once.
func (r *Running) Stop() {
	close(r.stopping)
	<-r.stopped
}

func awaitReady(ctx context.Context, component Component, p *process) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		notReady := component.Ready(ctx)
		if notReady == nil {
			return nil
		}
		select {
		case <-p.exited:
			return &ExitError{Component: component.Name, State: p.state.String(), LogFile: component.LogFile, LogTail: tail(component.LogFile)}
		case <-ctx.Done():
			return fmt.Errorf("%s did not become ready: %w (last answer: %w)", component.Name, context.Cause(ctx), notReady)
		case <-ticker.C:
		}
	}
}

// keep runs until Stop.
func (r *Running) keep(p *process) {
	defer close(r.stopped)
	for p != nil {
		select {
		case <-p.exited:
			r.say("%s ended (%v), starting it again", r.component.Name, p.state)
			p = r.restart()
		case <-r.stopping:
			p.stop(stopGrace)
			p = nil
		}
	}
	if err := removePID(r.component.PIDFile); err != nil {
		r.say("%v", err)
	}
}

// restart returns nil when Stop was called before the component could be started.
func (r *Running) restart() *process {
	ticker := time.NewTicker(restartDelay)
	defer ticker.Stop()
	for {
		select {
		case <-r.stopping:
			return nil
		case <-ticker.C:
		}
		p, err := startProcess(r.component)
		if err == nil {
			return p
		}
		r.say("%v", err)
	}
}

func (r *Running) say(format string, args ...any) {
	// There is nobody left to tell when the messages cannot be written.
	_, _ = fmt.Fprintf(r.messages, "controlplane: "+format+"\n", args...)
}
