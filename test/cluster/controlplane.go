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
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// startTimeout bounds a start once everything is built. Starting takes seconds; machines are noisy.
const startTimeout = 5 * time.Minute

// Root returns the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// ControlPlane is a running kube-apiserver with etcd and kube-controller-manager.
type ControlPlane struct {
	// Kubeconfig is the path of a kubeconfig of a cluster admin.
	Kubeconfig string
	// Dir holds the logs and the pid files.
	Dir string
	// Kubectl is the path of a kubectl.
	Kubectl string

	process *process
}

// StartControlPlane builds what is not built yet (minutes, once per machine) and starts a control plane in
// dir, which must not exist; the program that does it is put beside it. Stop ends the control plane, and so
// does the end of the calling process, however that comes. The flags are further ones of kube-apiserver.
func StartControlPlane(ctx context.Context, dir string, apiServerFlags ...string) (*ControlPlane, error) {
	program := dir + "-program"
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/controlplane")
	build.Dir = filepath.Join(Root(), "test", "controlplane")
	if err := run(build); err != nil {
		return nil, err
	}
	binaries := exec.CommandContext(ctx, program, "build")
	binaries.Stderr = os.Stderr // its progress
	folder, err := binaries.Output()
	if err != nil {
		return nil, fmt.Errorf("building the control plane: %w", err)
	}
	cp := &ControlPlane{Dir: dir, Kubeconfig: filepath.Join(dir, "admin.kubeconfig")}
	if cp.Kubectl, err = findKubectl(strings.TrimSpace(string(folder))); err != nil {
		return nil, err
	}
	args := []string{"start", "--dir", dir, "--stop-with-stdin"}
	for _, flag := range apiServerFlags {
		args = append(args, "--apiserver-flag", flag)
	}
	cp.process, err = start(ctx, exec.Command(program, args...), "control plane is ready") //nolint:noctx // Stop ends it
	return cp, err
}

// findKubectl prefers the kubectl beside the control plane's binaries: it is of the same version. A folder
// of KUBEBUILDER_ASSETS may have none.
func findKubectl(folder string) (string, error) {
	if kubectl := filepath.Join(folder, "kubectl"); exec.Command(kubectl, "version", "--client").Run() == nil { //nolint:noctx // ends at once
		return kubectl, nil
	}
	return exec.LookPath("kubectl")
}

// Config returns a client configuration of a cluster admin, without a rate limit.
func (c *ControlPlane) Config() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return config, nil
}

// KillAPIServer kills kube-apiserver, which is then started again with the same address and data.
func (c *ControlPlane) KillAPIServer() error { return c.kill("kube-apiserver") }

// KillControllerManager kills kube-controller-manager, which is then started again and knows nothing of before.
func (c *ControlPlane) KillControllerManager() error { return c.kill("kube-controller-manager") }

func (c *ControlPlane) kill(component string) error {
	text, err := os.ReadFile(filepath.Join(c.Dir, component+".pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

// Stop ends the control plane.
func (c *ControlPlane) Stop() error { return c.process.stop() }

// process is a program that says on a line of its own when it is ready, and ends on SIGTERM.
type process struct {
	command *exec.Cmd
	stdin   io.Closer
	output  *transcript
	exited  chan struct{}
	err     error // of Wait, once exited is closed
}

// start runs the command and returns when it printed the line ready.
func start(ctx context.Context, command *exec.Cmd, ready string) (*process, error) {
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p := &process{command: command, stdin: stdin, output: &transcript{}, exited: make(chan struct{})}
	command.Stderr = p.output
	if err := command.Start(); err != nil {
		return nil, err
	}
	isReady := make(chan struct{})
	go func() {
		defer close(p.exited)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			_, _ = p.output.Write(append(lines.Bytes(), '\n')) // a transcript takes everything
			if lines.Text() == ready {
				close(isReady)
			}
		}
		p.err = command.Wait()
	}()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	select {
	case <-isReady:
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("%s ended before it was ready: %w\n%s", command, p.err, p.output)
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("%s was not ready in time: %w\n%s", command, ctx.Err(), p.output), p.stop())
	}
}

// stop ends the process as a user would and waits for it.
func (p *process) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exited:
	case <-time.After(startTimeout):
		_ = p.command.Process.Kill() // it may end just now
		<-p.exited
		return fmt.Errorf("%s did not end on SIGTERM:\n%s", p.command, p.output)
	}
	_ = p.stdin.Close() // closed with the process
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.command, p.err, p.output)
	}
	return nil
}

// run runs a command; its error has what the command printed.
func run(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	return nil
}
