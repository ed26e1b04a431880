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

package integration

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runServer runs the server until it ends by itself, and returns what it printed.
func runServer(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	output, err := exec.CommandContext(ctx, env.options.Binary, args...).CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("hookplane %s does not end:\n%s", strings.Join(args, " "), output)
	}
	return string(output), err
}

func TestServerRefusesToStart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, takenPort, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(garbage, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	kubeconfig := "--kubeconfig=" + env.controlPlane.Kubeconfig
	local := []string{"--bind-address=127.0.0.1"}
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"TakenPort":         {args: append(local, kubeconfig, "--data-dir="+t.TempDir(), "--secure-port="+takenPort), want: []string{takenPort}},
		"NoKubeconfig":      {args: append(local, "--kubeconfig=/does/not/exist", "--data-dir="+t.TempDir()), want: []string{"/does/not/exist"}},
		"GarbageKubeconfig": {args: append(local, "--kubeconfig="+garbage, "--data-dir="+t.TempDir()), want: []string{garbage}},
		"AnotherIsAlive": {
			args: append(local, kubeconfig, "--data-dir="+t.TempDir(), "--secure-port=0", "--register-apiservice", "--apiservice-external-name=localhost"),
			want: []string{"another hookplane", "--take-over-apiservice"},
		},
		"DataDirInUse": {args: append(local, kubeconfig, "--secure-port=0", "--data-dir="+filepath.Join(env.options.Dir, "data")), want: []string{"data"}},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := runServer(t, tc.args...)
			if err == nil {
				t.Fatalf("the server ran:\n%s", output)
			}
			if lines := strings.Count(strings.TrimSpace(output), "\n") + 1; lines != 1 {
				t.Errorf("the server says it in %d lines, want one:\n%s", lines, output)
			}
			for _, want := range tc.want {
				if !strings.Contains(output, want) {
					t.Errorf("the server says %q, want %q in it", output, want)
				}
			}
		})
	}
}

func TestServerNamesAllWrongFlags(t *testing.T) {
	output, err := runServer(t, "--no-such-flag", "--workers=zero", "--hook-service-resolution=magic", "--hook-allowed-cidrs=nonsense")
	if err == nil {
		t.Fatalf("the server ran:\n%s", output)
	}
	for _, want := range []string{"--no-such-flag", "--workers", "--hook-service-resolution", "--hook-allowed-cidrs"} {
		if !strings.Contains(output, want) {
			t.Errorf("the server does not mention %s:\n%s", want, output)
		}
	}
}
