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
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets the test binary play a supervisor that another process can kill: it keeps a component in the folder SUPERVISE_TEST_DIR.
func TestMain(m *testing.M) {
	dir := os.Getenv("SUPERVISE_TEST_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	_, err := startProcess(Component{
		Name:    "shell",
		Path:    "/bin/sh",
		Args:    []string{"-c", "exec sleep 1000"},
		Dir:     dir,
		LogFile: filepath.Join(dir, "log"),
		PIDFile: filepath.Join(dir, "pid"),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

// TestStartProcessDiesWithSupervisor: only Linux can do that.
func TestStartProcessDiesWithSupervisor(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	component := Component{PIDFile: filepath.Join(t.TempDir(), "pid")}
	supervisor := exec.Command(executable)
	supervisor.Env = append(os.Environ(), "SUPERVISE_TEST_DIR="+filepath.Dir(component.PIDFile))
	supervisor.Stderr = t.Output()
	if err := supervisor.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a pid file", func() bool {
		_, err := os.Stat(component.PIDFile)
		return err == nil
	})
	child := pid(t, component)
	if err := supervisor.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = supervisor.Wait()
	eventually(t, "the end of the component", func() bool { return !running(child) })
}

// running tells whether a process runs. A zombie does not: in a container, nobody may wait for a process whose parent has gone.
func running(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && !strings.Contains(string(status), "State:\tZ")
}
