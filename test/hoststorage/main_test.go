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

package hoststorage

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/registry/storage/embedded"
	"github.com/hookplane/hookplane/registry/storage/host"
	"github.com/hookplane/hookplane/test/cluster"
)

// deadline is how long a test waits for what must come. It decides no test that passes.
const deadline = time.Minute

// pods are what the contract tests store.
var pods = host.Kind{Resource: "pods", Name: "Pod"}

// environment is what the tests share. They run one after the other, each with an empty store.
type environment struct {
	controlPlane *cluster.ControlPlane
	config       *rest.Config
	dynamic      dynamic.Interface
	// etcd is that of kube-apiserver.
	etcd *clientv3.Client
}

var env *environment

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hookplane-hoststorage-")
	if err != nil {
		return failed(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	ctx := context.Background()
	// Leases are renewed all the time: in another etcd they change no version here.
	leases, err := embedded.Start(ctx, filepath.Join(dir, "leases"))
	if err != nil {
		return failed(err)
	}
	defer func() { _ = leases.Close() }() // of no interest any more
	env, err = startEnvironment(ctx, filepath.Join(dir, "cluster"), leases.Endpoint())
	if err != nil {
		return failed(err)
	}
	code := m.Run()
	_ = env.etcd.Close() // nothing was written that matters
	if err := env.controlPlane.Stop(); err != nil {
		return failed(err)
	}
	return code
}

func startEnvironment(ctx context.Context, dir, leases string) (*environment, error) {
	e := &environment{}
	var err error
	e.controlPlane, err = cluster.StartControlPlane(ctx, dir, "--etcd-servers-overrides=coordination.k8s.io/leases#"+leases,
		"--feature-gates=UnknownVersionInteroperabilityProxy=false") // which writes a lease of its own every ten seconds
	if err != nil {
		return nil, err
	}
	if e.config, err = e.controlPlane.Config(); err != nil {
		return nil, err
	}
	if e.dynamic, err = dynamic.NewForConfig(e.config); err != nil {
		return nil, err
	}
	e.etcd, err = clientv3.New(clientv3.Config{Endpoints: []string{"unix://" + filepath.Join(dir, "etcd.sock")}, Logger: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	return e, host.Install(ctx, e.config, []host.Kind{pods})
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
