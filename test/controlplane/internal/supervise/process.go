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
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// process is one run of a component.
type process struct {
	*os.Process
	// exited is closed when the process has ended; state may be read after that.
	exited chan struct{}
	state  *os.ProcessState
}

// startProcess starts the component's program and writes its pid file. The process ends by itself or by stop.
func startProcess(c Component) (*process, error) {
	log, err := os.OpenFile(c.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the log of %s: %w", c.Name, err)
	}
	cmd := exec.Command(c.Path, c.Args...) //nolint:noctx // it is ended by stop, which gives it time, and not by a context.
	cmd.Dir = c.Dir
	cmd.Stdout = log
	cmd.Stderr = log
	cmd.SysProcAttr = sysProcAttr()

	p := &process{exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(p.exited)
		defer log.Close() //nolint:errcheck // a log that cannot be closed changes nothing for the process that wrote it.
		// Linux kills the child when the thread that started it ends, so this thread must outlive the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			// The error only repeats what the state says.
			_ = cmd.Wait()
			p.state = cmd.ProcessState
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", c.Name, err)
	}
	p.Process = cmd.Process
	if err := writePID(c.PIDFile, p.Pid); err != nil {
		p.stop(0)
		return nil, err
	}
	return p, nil
}

// stop asks the process to end, kills it after the grace period, and returns when it is gone.
func (p *process) stop(grace time.Duration) {
	// A signal cannot be sent only when the process has already ended, which is what the signals are for.
	_ = p.Signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return
	case <-timer.C:
	}
	_ = p.Kill()
	<-p.exited
}

// writePID replaces the file in one step: who reads it finds the old pid or the new one, never half of it.
func writePID(file string, pid int) error {
	temporary := filepath.Join(filepath.Dir(file), "."+filepath.Base(file))
	if err := os.WriteFile(temporary, []byte(strconv.Itoa(pid)+"\n"), 0o600); err != nil {
		return fmt.Errorf("cannot write a pid file: %w", err)
	}
	if err := os.Rename(temporary, file); err != nil {
		return fmt.Errorf("cannot write a pid file: %w", err)
	}
	return nil
}

func removePID(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot remove a pid file: %w", err)
	}
	return nil
}
