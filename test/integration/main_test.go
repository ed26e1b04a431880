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
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/generated/clientset/versioned"
	"github.com/hookplane/hookplane/test/cluster"
)

// environment is what all tests of the package share. They run one after the other: a cluster has one
// hookplane.
type environment struct {
	controlPlane *cluster.ControlPlane
	options      cluster.HookplaneOptions
	server       *cluster.Hookplane
	auditLog     string // of kube-apiserver

	config      *rest.Config
	kubernetes  kubernetes.Interface
	dynamic     dynamic.Interface
	controllers versioned.Interface
}

var env *environment

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

// runTests runs the tests between start and stop; what fails to stop cleanly fails the run.
func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hookplane-integration-")
	if err != nil {
		return failed(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	env, err = startEnvironment(context.Background(), dir)
	if err != nil {
		return failed(err)
	}
	code := m.Run()
	if err := env.server.Stop(); err != nil {
		code = failed(err)
	}
	if err := env.controlPlane.Stop(); err != nil {
		code = failed(err)
	}
	return code
}

func startEnvironment(ctx context.Context, dir string) (*environment, error) {
	e := &environment{}
	var err error
	e.auditLog = filepath.Join(dir, "audit.log")
	e.controlPlane, err = cluster.StartControlPlane(ctx, filepath.Join(dir, "cluster"),
		"--audit-policy-file="+filepath.Join(cluster.Root(), "test", "integration", "testdata", "audit-policy.yaml"), "--audit-log-path="+e.auditLog)
	if err != nil {
		return nil, err
	}
	binary, err := cluster.BuildHookplane(ctx, dir)
	if err != nil {
		return nil, err
	}
	e.options = cluster.HookplaneOptions{Binary: binary, Kubeconfig: e.controlPlane.Kubeconfig, Dir: dir, Flags: []string{"--v=4", "--profiling"}}
	if e.server, err = cluster.StartHookplane(ctx, e.options); err != nil {
		return nil, err
	}
	if e.config, err = e.controlPlane.Config(); err != nil {
		return nil, err
	}
	if e.kubernetes, err = kubernetes.NewForConfig(e.config); err != nil {
		return nil, err
	}
	if e.dynamic, err = dynamic.NewForConfig(e.config); err != nil {
		return nil, err
	}
	e.controllers, err = versioned.NewForConfig(e.config)
	return e, err
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
