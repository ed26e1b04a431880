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
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// startTimeout bounds a start: opening a database of several gigabytes takes seconds.
	startTimeout = 60 * time.Second
	// closeTimeout bounds Close, which waits for ever when a goroutine of etcd died.
	closeTimeout = 10 * time.Second

	// With one member no follower ever needs an old log entry. etcd's defaults would keep up to 15,000
	// of them, each as large as the object written, in memory.
	snapshotCount   = 1000
	catchUpEntries  = 100
	quotaBytes      = 2 << 30
	maxRequestBytes = 3 << 20 // what the API server accepts as a request's body

	// The API server's consistent reads from its cache ask for progress; etcd's own interval is 10 min.
	progressInterval = 5 * time.Second
)

// Server is a running etcd server. Its methods are safe for concurrent use.
type Server struct {
	etcd     *embed.Etcd
	lock     *dirLock
	sockets  string
	failures *failures
	serving  atomic.Bool
	stop     func() error // closes once
}

// Start runs etcd on the data directory dir, which is created (mode 0700) when it does not exist, and
// returns when it serves. The context bounds the start only; Close ends the server.
//
// The errors name dir: it cannot be created or written, another process uses it (*InUseError), or what it
// holds cannot be read.
func Start(ctx context.Context, dir string) (_ *Server, err error) {
	s := &Server{failures: newFailures()}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if s.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	// The path of a unix socket is at most about 100 bytes long, that of a data directory is not.
	if s.sockets, err = os.MkdirTemp("", "hookplane-etcd-"); err != nil {
		return nil, fmt.Errorf("cannot create a folder for the sockets of etcd: %w", err)
	}
	cfg := s.newConfig(klog.FromContext(ctx), filepath.Join(dir, "etcd"))
	if s.etcd, err = s.start(ctx, cfg); err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("the start of etcd was interrupted: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open the data directory %q, restore it from a copy or choose another: %w", dir, err)
	}
	s.stop = sync.OnceValue(s.close)
	s.serving.Store(true)
	return s, nil
}

// Endpoint is the address for etcd clients, such as unix:///tmp/hookplane-etcd-1/client.
func (s *Server) Endpoint() string {
	socket := s.socket()
	return socket.String()
}

// Failed delivers an error when the server can no longer serve. Close is still to be called.
func (s *Server) Failed() <-chan error {
	return s.failures.ch
}

// Close ends the server and unlocks the data directory. It is to be called when the clients are gone.
// Further calls return what the first one returned.
func (s *Server) Close() error {
	return s.stop()
}

func (s *Server) close() error {
	defer s.release()
	s.serving.Store(false)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.etcd.Close()
	}()
	select {
	case <-closed:
		return nil
	case <-clock.RealClock{}.After(closeTimeout):
		return errors.New("etcd does not stop; its data is safe, but a goroutine of it is stuck")
	}
}

func (s *Server) release() {
	if s.sockets != "" {
		_ = os.RemoveAll(s.sockets) // a temporary folder
	}
	if s.lock != nil {
		_ = s.lock.Close() // the end of the process does it too
	}
}

// start runs embed.StartEtcd in a goroutine of its own, because on damaged data etcd panics, or ends the
// goroutine by way of its logger (see failures), instead of returning an error.
func (s *Server) start(ctx context.Context, cfg *embed.Config) (*embed.Etcd, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("etcd did not start within %s", startTimeout))
	defer cancel()

	started := make(chan *embed.Etcd)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				s.failures.report(fmt.Errorf("etcd panicked: %v", p))
			}
		}()
		etcd, err := embed.StartEtcd(cfg)
		if err != nil {
			s.failures.report(err)
			return
		}
		select {
		case started <- etcd:
		case <-ctx.Done():
			etcd.Close()
		}
	}()

	select {
	case etcd := <-started:
		return etcd, s.waitUntilReady(ctx, etcd)
	case err := <-s.failures.ch:
		return nil, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (s *Server) waitUntilReady(ctx context.Context, etcd *embed.Etcd) error {
	select {
	case <-etcd.Server.ReadyNotify():
		go s.failures.forward(etcd)
		return nil
	case err := <-etcd.Err():
		etcd.Close()
		return err
	case err := <-s.failures.ch:
		return err // Close would wait for the goroutine that failed
	case <-ctx.Done():
		etcd.Close()
		return context.Cause(ctx)
	}
}

func (s *Server) newConfig(logger klog.Logger, dir string) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name = "hookplane"
	cfg.Dir = dir
	cfg.ListenClientUrls = []url.URL{s.socket()}
	cfg.AdvertiseClientUrls = cfg.ListenClientUrls
	// No listener for peers: there are none. What is advertised to them is only a part of the member's
	// identity.
	cfg.ListenPeerUrls = nil
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.SnapshotCount, cfg.SnapshotCatchUpEntries = snapshotCount, catchUpEntries
	cfg.QuotaBackendBytes = quotaBytes
	cfg.MaxRequestBytes = maxRequestBytes
	cfg.WatchProgressNotifyInterval = progressInterval
	// The API server compacts by itself every few minutes: no auto-compaction here.
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(newZapLogger(logger.WithName("etcd"), s))
	return cfg
}

func (s *Server) socket() url.URL {
	return url.URL{Scheme: "unix", Path: filepath.Join(s.sockets, "client")}
}
