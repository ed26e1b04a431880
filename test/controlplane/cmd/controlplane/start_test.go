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
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deadline is for one step, on a machine that does much else at the same time.
const deadline = 3 * time.Minute

// buildDeadline is for a step that may have to build the programs first.
const buildDeadline = 30 * time.Minute

const configMaps = "/api/v1/namespaces/default/configmaps"

// TestStart runs a control plane, which takes about 20 s; without programs in the cache, the minutes of a build besides.
func TestStart(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a control plane, and builds it first when that has not been done yet")
	}
	dir := filepath.Join(t.TempDir(), "cluster")
	command := startCommand(t, "start", "--stop-with-stdin", "--dir", dir, "--apiserver-flag", "--feature-gates=ShardedListAndWatch=true")
	kubeconfig := command.awaitReady(t)
	if want := filepath.Join(dir, "admin.kubeconfig"); kubeconfig != want {
		t.Errorf("kubeconfig: got %q, want %q", kubeconfig, want)
	}
	admin := newAdmin(t, kubeconfig)

	t.Run("Ready", func(t *testing.T) {
		admin.expect(t, http.MethodGet, "/readyz", "", http.StatusOK)
		admin.expect(t, http.MethodGet, "/api/v1/namespaces/default/serviceaccounts/default", "", http.StatusOK)
	})
	t.Run("Version", func(t *testing.T) {
		version := admin.expect(t, http.MethodGet, "/version", "", http.StatusOK)
		if !strings.HasPrefix(version["gitVersion"].(string), "v1.") {
			t.Errorf("got version %v, want one that clients can parse", version)
		}
	})
	t.Run("FrontProxy", func(t *testing.T) {
		config := admin.expect(t, http.MethodGet, "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication", "", http.StatusOK)
		data := config["data"].(map[string]any)
		for _, key := range []string{"client-ca-file", "requestheader-client-ca-file", "requestheader-allowed-names"} {
			if data[key] == nil {
				t.Errorf("aggregated API servers are not told %s", key)
			}
		}
	})
	t.Run("NamespaceIsDeleted", func(t *testing.T) {
		admin.expect(t, http.MethodPost, "/api/v1/namespaces", `{"metadata":{"name":"short-lived"}}`, http.StatusCreated)
		admin.expect(t, http.MethodDelete, "/api/v1/namespaces/short-lived", "", http.StatusOK)
		admin.await(t, "/api/v1/namespaces/short-lived", http.StatusNotFound)
	})
	t.Run("DependentIsCollected", func(t *testing.T) {
		owner := admin.expect(t, http.MethodPost, configMaps, `{"metadata":{"name":"owner"}}`, http.StatusCreated)
		uid := owner["metadata"].(map[string]any)["uid"]
		dependent := fmt.Sprintf(`{"metadata":{"name":"dependent","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":%q}]}}`, uid)
		admin.expect(t, http.MethodPost, configMaps, dependent, http.StatusCreated)
		admin.expect(t, http.MethodDelete, configMaps+"/owner", "", http.StatusOK)
		admin.await(t, configMaps+"/dependent", http.StatusNotFound)
	})
	for _, component := range []string{"kube-apiserver", "etcd", "kube-controller-manager"} {
		t.Run("Restarts/"+component, func(t *testing.T) { testRestart(t, admin, dir, component) })
	}
	t.Run("StopsWithStdin", func(t *testing.T) {
		pids := []int{readPID(t, dir, "etcd"), readPID(t, dir, "kube-apiserver"), readPID(t, dir, "kube-controller-manager")}
		command.closeStdin(t)
		command.expectExit(t, 0)
		for _, pid := range pids {
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("process %d still runs (%v)", pid, err)
			}
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder %s is still there (%v)", dir, err)
		}
	})
}

// testRestart kills a component and expects all to work again, and nothing to be lost.
func testRestart(t *testing.T, admin *admin, dir, component string) {
	object := "before-restart-of-" + component
	admin.expect(t, http.MethodPost, configMaps, fmt.Sprintf(`{"metadata":{"name":%q}}`, object), http.StatusCreated)
	killed := readPID(t, dir, component)
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for readPID(t, dir, component) == killed {
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not start again", component)
		case <-time.After(pollInterval):
		}
	}
	admin.await(t, "/readyz", http.StatusOK)
	admin.await(t, configMaps+"/"+object, http.StatusOK)
	// Only kube-controller-manager makes service accounts.
	namespace := "after-restart-of-" + component
	admin.expect(t, http.MethodPost, "/api/v1/namespaces", fmt.Sprintf(`{"metadata":{"name":%q}}`, namespace), http.StatusCreated)
	admin.await(t, "/api/v1/namespaces/"+namespace+"/serviceaccounts/default", http.StatusOK)
}

func TestStartRefusesFlag(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs kube-apiserver, and builds it first when that has not been done yet")
	}
	command := startCommand(t, "start", "--apiserver-flag", "--no-such-flag")
	command.expectExit(t, 1)
	if got, want := command.stderr.String(), "unknown flag: --no-such-flag"; !strings.Contains(got, want) {
		t.Errorf("stderr does not say %q:\n%s", want, got)
	}
}

// TestStartStoppedEarly stops it as soon as its first server runs.
func TestStartStoppedEarly(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs etcd, and builds it first when that has not been done yet")
	}
	dir := filepath.Join(t.TempDir(), "cluster")
	command := startCommand(t, "start", "--dir", dir)
	ctx, cancel := context.WithTimeout(t.Context(), buildDeadline)
	defer cancel()
	for pidFile := filepath.Join(dir, "etcd.pid"); ; {
		if _, err := os.Stat(pidFile); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("etcd was not started")
		case <-time.After(pollInterval):
		}
	}
	etcd := readPID(t, dir, "etcd")
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	command.expectExit(t, 0)
	if err := syscall.Kill(etcd, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("etcd still runs (%v)", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder %s is still there (%v)", dir, err)
	}
}

func readPID(t *testing.T, dir, component string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, component+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
