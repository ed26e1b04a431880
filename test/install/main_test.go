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

package install

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/test/cluster"
)

// deadline is how long a test waits for what must come. It decides no test that passes.
const deadline = 2 * time.Minute

// environment is what the tests share. They run one after the other: a cluster has one hookplane.
type environment struct {
	controlPlane *cluster.ControlPlane
	config       *rest.Config
	kubernetes   kubernetes.Interface
	dynamic      dynamic.Interface
	// dir can be read by everybody, binary is in it.
	dir, binary string
	// address is that of this machine: kube-apiserver and hooks are not called on loopback in a cluster.
	address net.IP
}

var env *environment

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hookplane-install-")
	if err != nil {
		return failed(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	if env, err = startEnvironment(context.Background(), dir); err != nil {
		return failed(err)
	}
	code := m.Run()
	if err := env.controlPlane.Stop(); err != nil {
		return failed(err)
	}
	return code
}

func startEnvironment(ctx context.Context, dir string) (*environment, error) {
	e := &environment{dir: dir}
	var err error
	if err = os.Chmod(dir, 0o755); err != nil { // the server runs as somebody else
		return nil, err
	}
	if e.address, err = ownAddress(); err != nil {
		return nil, err
	}
	// There is no kube-proxy: kube-apiserver finds the Pod behind the Service by itself.
	e.controlPlane, err = cluster.StartControlPlane(ctx, filepath.Join(dir, "cluster"), "--enable-aggregator-routing=true")
	if err != nil {
		return nil, err
	}
	if e.binary, err = cluster.BuildHookplane(ctx, dir); err != nil {
		return nil, err
	}
	if e.config, err = e.controlPlane.Config(); err != nil {
		return nil, err
	}
	if e.kubernetes, err = kubernetes.NewForConfig(e.config); err != nil {
		return nil, err
	}
	e.dynamic, err = dynamic.NewForConfig(e.config)
	return e, err
}

// ownAddress returns an address of this machine that an EndpointSlice may have: none of loopback.
func ownAddress() (net.IP, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		if network, isNetwork := address.(*net.IPNet); isNetwork && network.IP.IsGlobalUnicast() && network.IP.To4() != nil {
			return network.IP, nil
		}
	}
	return nil, errors.New("this machine has no address but those of loopback: kube-apiserver cannot reach a Pod here")
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
