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

package supervise

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deadline is for a machine that does much else at the same time; no test waits that long unless it fails.
const deadline = time.Minute

func TestStartRestarts(t *testing.T) {
	component := shell(t, `echo started; touch ready; exec sleep 1000`)
	running := start(t, component)
	first := pid(t, component)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another process id in the pid file", func() bool { return pid(t, component) != first })
	second := pid(t, component)
	if err := syscall.Kill(second, 0); err != nil {
		t.Errorf("the process in the pid file does not run: %v", err)
	}
	eventually(t, "a second start in the log", func() bool { return read(t, component.LogFile) == strings.Repeat("started\n", 2) })
	running.Stop()
	if err := syscall.Kill(second, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process still runs after Stop: %v", err)
	}
	if _, err := os.Stat(component.PIDFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the pid file is still there after Stop: %v", err)
	}
}

func TestStartWaitsUntilReady(t *testing.T) {
	component := shell(t, `exec sleep 1000`)
	asked := 0
	component.Ready = func(context.Context) error {
		if asked++; asked < 3 {
			return errors.New("not yet")
		}
		return nil
	}
	start(t, component).Stop()
	if asked != 3 {
		t.Errorf("Ready was asked %d times, want 3", asked)
	}
}

func TestStartExitError(t *testing.T) {
	component := shell(t, `echo cannot listen; exit 3`)
	_, err := Start(t.Context(), component, io.Discard)
	var exit *ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("got error %v, want an ExitError", err)
	}
	if got, want := *exit, (ExitError{Component: "shell", State: "exit status 3", LogFile: component.LogFile, LogTail: "cannot listen"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := os.Stat(component.PIDFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the pid file is still there: %v", err)
	}
}

func TestStartCanceled(t *testing.T) {
	component := shell(t, `exec sleep 1000`)
	reason, notReady := errors.New("no patience"), errors.New("not yet")
	ctx, cancel := context.WithCancelCause(t.Context())
	var started int
	component.Ready = func(context.Context) error {
		started = pid(t, component)
		cancel(reason)
		return notReady
	}
	_, err := Start(ctx, component, io.Discard)
	if !errors.Is(err, reason) || !errors.Is(err, notReady) {
		t.Errorf("got error %v, want one that says %q and %q", err, reason, notReady)
	}
	if err := syscall.Kill(started, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process still runs: %v", err)
	}
}

func TestStartNoProgram(t *testing.T) {
	component := shell(t, "")
	component.Path = filepath.Join(t.TempDir(), "missing")
	if _, err := Start(t.Context(), component, io.Discard); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v, want one that says that the program does not exist", err)
	}
}

func TestProcessStopKills(t *testing.T) {
	component := shell(t, `trap "" TERM; touch ready; while true; do sleep 0.05; done`)
	p, err := startProcess(component)
	if err != nil {
		t.Fatal(err)
	}
	if err := awaitReady(t.Context(), component, p); err != nil {
		t.Fatal(err)
	}
	p.stop(time.Millisecond)
	if got, want := p.state.String(), "signal: killed"; got != want {
		t.Errorf("state: got %q, want %q", got, want)
	}
}

// shell returns a component that runs script, and is ready when the script has made the file "ready".
func shell(t *testing.T, script string) Component {
	t.Helper()
	dir := t.TempDir()
	return Component{
		Name:    "shell",
		Path:    "/bin/sh",
		Args:    []string{"-c", script},
		Dir:     dir,
		LogFile: filepath.Join(dir, "log"),
		PIDFile: filepath.Join(dir, "pid"),
		Ready: func(context.Context) error {
			_, err := os.Stat(filepath.Join(dir, "ready"))
			return err
		},
	}
}

func start(t *testing.T, component Component) *Running {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	running, err := Start(ctx, component, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return running
}

func pid(t *testing.T, component Component) int {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSuffix(read(t, component.PIDFile), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", deadline, what)
		}
	}
}
