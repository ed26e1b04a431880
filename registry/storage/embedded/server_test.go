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

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/ktesting"
)

// start runs a server for the test, which may close it itself.
func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), dir)
	if err != nil {
		t.Fatalf("Start(%q): %v", dir, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func newClient(t *testing.T, s *Server) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{s.Endpoint()}, DialTimeout: 10 * time.Second, Logger: zap.NewNop(),
	})
	if err != nil {
		t.Fatalf("cannot connect to %s: %v", s.Endpoint(), err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestStartKeepsDataOverRestart(t *testing.T) {
	// Longer than a unix socket's path may be.
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30), "data")

	first := start(t, dir)
	client := newClient(t, first)
	if _, err := client.Put(t.Context(), "/key", "value"); err != nil {
		t.Fatalf("Put: %v", err)
	}
	client.Close()
	if err := first.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}

	got, err := newClient(t, start(t, dir)).Get(t.Context(), "/key")
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if len(got.Kvs) != 1 || string(got.Kvs[0].Value) != "value" {
		t.Errorf("after the restart /key is %v, want one value %q", got.Kvs, "value")
	}
}

func TestStartIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, dir)

	for _, folder := range []string{dir, s.sockets} {
		info, err := os.Stat(folder)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := info.Mode().Perm(), fs.FileMode(0o700); got != want {
			t.Errorf("the mode of %s is %v, want %v", folder, got, want)
		}
	}
	for _, listener := range s.etcd.Clients {
		if got := listener.Addr().Network(); got != "unix" {
			t.Errorf("etcd listens for clients on %s %s, want a unix socket", got, listener.Addr())
		}
	}
	if got := len(s.etcd.Peers); got != 0 {
		t.Errorf("etcd has %d listeners for peers, want none", got)
	}
}

func TestCloseRemovesSockets(t *testing.T) {
	s := start(t, t.TempDir())
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if _, err := os.Stat(s.sockets); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close, Stat(%q) gives %v, want that it does not exist", s.sockets, err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("the second Close gives %v, want nil", err)
	}
}

func TestStartRefusesDirInUse(t *testing.T) {
	dir := t.TempDir()
	start(t, dir)

	_, err := Start(t.Context(), dir)
	var inUse *InUseError
	if !errors.As(err, &inUse) {
		t.Fatalf("a second Start gives %v, want an InUseError", err)
	}
	if inUse.Dir != dir {
		t.Errorf("the error names %q, want %q", inUse.Dir, dir)
	}
}

func TestStartFailure(t *testing.T) {
	cases := map[string]struct {
		reason  string
		prepare func(t *testing.T) string
		want    string
	}{
		"DirIsFile": {
			reason: "a file cannot become a folder",
			prepare: func(t *testing.T) string {
				return writeFile(t, filepath.Join(t.TempDir(), "data"))
			},
			want: "cannot create the data directory",
		},
		"LockIsDir": {
			reason: "the lock stands for all that cannot be written",
			prepare: func(t *testing.T) string {
				dir := t.TempDir()
				if err := os.Mkdir(filepath.Join(dir, "lock"), 0o700); err != nil {
					t.Fatal(err)
				}
				return dir
			},
			want: "cannot write to the data directory",
		},
		"CorruptDatabase": {
			reason: "etcd panics in a goroutine of its own on a database that is none",
			prepare: func(t *testing.T) string {
				dir := usedDir(t)
				writeFile(t, filepath.Join(dir, "etcd", "member", "snap", "db"))
				return dir
			},
			want: "cannot open the data directory",
		},
		"CorruptLog": {
			reason: "etcd wants to end the process on a write-ahead log that is none",
			prepare: func(t *testing.T) string {
				dir := usedDir(t)
				logs, err := filepath.Glob(filepath.Join(dir, "etcd", "member", "wal", "*.wal"))
				if err != nil || len(logs) == 0 {
					t.Fatalf("no write-ahead log in %q: %v", dir, err)
				}
				for _, log := range logs {
					writeFile(t, log)
				}
				return dir
			},
			want: "cannot open the data directory",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := tc.prepare(t)
			s, err := Start(t.Context(), dir)
			if err == nil {
				s.Close()
				t.Fatalf("Start gives no error, want %q (%s)", tc.want, tc.reason)
			}
			for _, want := range []string{tc.want, dir} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Start gives %q, want that it says %q (%s)", err, want, tc.reason)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("Start gives several lines, want one: %q", err)
			}
		})
	}
}

func TestStartEndsWithContext(t *testing.T) {
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	s, err := Start(ctx, t.TempDir())
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, cause) {
		t.Errorf("Start gives %v, want %v", err, cause)
	}
}

// TestFailedAfterFatal shows that a server that logs at the level that would end the process reports it
// instead, and can still be closed.
func TestFailedAfterFatal(t *testing.T) {
	s := start(t, t.TempDir())
	go s.etcd.GetLogger().Fatal("disk is gone", zap.Error(errors.New("input/output error")))

	select {
	case err := <-s.Failed():
		if got, want := err.Error(), "disk is gone: input/output error"; got != want {
			t.Errorf("Failed delivers %q, want %q", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Failed delivers nothing")
	}
}

// usedDir returns a data directory that a server has used and left in order.
func usedDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s := start(t, dir)
	if _, err := newClient(t, s).Put(t.Context(), "/key", "value"); err != nil {
		t.Fatalf("Put: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return dir
}

func writeFile(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(strings.Repeat("not etcd's ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLog shows what of etcd's log is written: nothing of the start and the end, of the time between only
// warnings and worse.
func TestLog(t *testing.T) {
	logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.BufferLogs(true)))
	s, err := Start(klog.NewContext(t.Context(), logger), t.TempDir())
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	etcdLogger := s.etcd.GetLogger().With(zap.String("b", "2"))
	etcdLogger.Info("all is well")
	etcdLogger.Warn("disk is slow", zap.Int("a", 1))
	etcdLogger.Error("disk is full", zap.Error(errors.New("no space")))
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}

	var got []string
	for _, entry := range logger.GetSink().(ktesting.Underlier).GetBuffer().Data() {
		got = append(got, fmt.Sprintf("%s %s %v", entry.Type, entry.Message, entry.ParameterKVList))
	}
	want := []string{"INFO disk is slow [a 1 b 2 level warn]", "ERROR disk is full [b 2 error no space]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the log differs (-want +got):\n%s", diff)
	}
}
