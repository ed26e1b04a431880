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

package cluster

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Hookplane is a running server.
type Hookplane struct {
	process *process
	pidFile string
}

// HookplaneOptions say how a server is started.
type HookplaneOptions struct {
	// Binary is what BuildHookplane made.
	Binary string
	// Kubeconfig leads to the host cluster.
	Kubeconfig string
	// Dir keeps the server's data; a later server with the same folder goes on with it.
	Dir string
	// Flags are further flags of the server.
	Flags []string
}

// BuildHookplane builds the server with the race detector, which ends the server at the first race.
func BuildHookplane(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "hookplane")
	build := exec.CommandContext(ctx, "go", "build", "-race", "-o", binary, "./cmd/hookplane")
	build.Dir = Root()
	return binary, run(build)
}

// StartHookplane starts a server with hack/run-local.sh and returns when its API answers through the
// host cluster.
func StartHookplane(ctx context.Context, options HookplaneOptions) (*Hookplane, error) {
	pidFile := filepath.Join(options.Dir, "hookplane.pid")
	args := append([]string{
		"--kubeconfig", options.Kubeconfig,
		"--data-dir", filepath.Join(options.Dir, "data"),
		"--pid-file", pidFile,
		"--",
	}, options.Flags...)
	command := exec.Command(filepath.Join(Root(), "hack", "run-local.sh"), args...) //nolint:noctx // Stop ends it
	command.Env = append(os.Environ(), "HOOKPLANE_BINARY="+options.Binary, "GORACE=halt_on_error=1")
	p, err := start(ctx, command, "hookplane is ready")
	if err != nil {
		return nil, err
	}
	return &Hookplane{process: p, pidFile: pidFile}, nil
}

// Stop ends the server as SIGTERM does and waits for it. A server that did not end cleanly is an error.
func (h *Hookplane) Stop() error { return h.process.stop() }

// PID returns the server's process id.
func (h *Hookplane) PID() (int, error) {
	text, err := os.ReadFile(h.pidFile)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// Kill ends the server at once, as a crash does, and waits for it.
func (h *Hookplane) Kill() error {
	pid, err := h.PID()
	if err != nil {
		return err
	}
	server, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := server.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-h.process.exited
	return nil
}

// Log returns the end of what the server printed.
func (h *Hookplane) Log() string { return h.process.output.String() }
