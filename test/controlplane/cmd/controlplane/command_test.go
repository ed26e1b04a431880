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

package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain lets the test binary play the program itself, so that tests can run it as a process.
func TestMain(m *testing.M) {
	if os.Getenv("CONTROLPLANE_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is a running controlplane.
type command struct {
	*exec.Cmd
	stdin  io.Closer
	stdout *bufio.Scanner
	stderr bytes.Buffer // may be read after expectExit
}

func startCommand(t *testing.T, args ...string) *command {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &command{Cmd: exec.Command(executable, args...)}
	c.Env = append(os.Environ(), "CONTROLPLANE_TEST_MAIN=1")
	c.Stderr = io.MultiWriter(&c.stderr, t.Output())
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdout = bufio.NewScanner(stdout)
	if c.stdin, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			// The test failed before the command ended.
			_ = c.stdin.Close()
			_ = c.Process.Signal(os.Interrupt)
			_ = c.Wait()
		}
	})
	return c
}

// awaitReady reads stdout until the control plane is ready, and returns the path of the kubeconfig.
func (c *command) awaitReady(t *testing.T) string {
	t.Helper()
	var lines []string
	for c.stdout.Scan() {
		if lines = append(lines, c.stdout.Text()); len(lines) == 2 {
			break
		}
	}
	if len(lines) != 2 || lines[1] != "control plane is ready" {
		t.Fatalf("stdout: got %q, want the kubeconfig and that the control plane is ready", lines)
	}
	kubeconfig, found := strings.CutPrefix(lines[0], "KUBECONFIG=")
	if !found {
		t.Fatalf("stdout: got %q, want KUBECONFIG=<file>", lines[0])
	}
	return kubeconfig
}

func (c *command) closeStdin(t *testing.T) {
	t.Helper()
	if err := c.stdin.Close(); err != nil {
		t.Fatal(err)
	}
}

// expectExit waits until the command ends, and fails the test unless it does so with the code and without a further line on stdout.
func (c *command) expectExit(t *testing.T, want int) {
	t.Helper()
	for c.stdout.Scan() {
		t.Errorf("stdout has a line too much: %q", c.stdout.Text())
	}
	// Its error only repeats the exit code.
	_ = c.Wait()
	if got := c.ProcessState.ExitCode(); got != want {
		t.Errorf("exit code: got %d, want %d", got, want)
	}
}
