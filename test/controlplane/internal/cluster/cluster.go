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

// Package cluster runs a Kubernetes control plane without nodes on the loopback address: etcd, kube-apiserver and
// kube-controller-manager, with certificates, RBAC and the aggregation layer as in a real cluster.
//
// It is given a folder of programs and does not know where they come from. Open cluster.go first: each
// component has a file of its own, and folder.go names all files that a control plane writes.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hookplane/hookplane/test/controlplane/internal/supervise"
)

const (
	// startTimeout is generous, because a machine that compiles at the same time starts a control plane slowly; alone it takes 10 s.
	startTimeout = 3 * time.Minute
	// startAttempts is how often a component is started on another port, when its port was taken at the last moment.
	startAttempts = 5
)

// Config says what to run. Programs and Messages are required.
type Config struct {
	// Programs is the folder of etcd, kube-apiserver and kube-controller-manager.
	Programs string
	// Dir is the folder for everything that the control plane writes; it must be empty or not exist yet. Empty means a temporary folder.
	Dir string
	// APIServerFlags are added to those of kube-apiserver, and win over them.
	APIServerFlags []string
	// Messages gets a line for each thing that happens to a component.
	Messages io.Writer
}

// Cluster is a running control plane.
type Cluster struct {
	config  Config
	folder  folder
	client  *client
	running []*supervise.Running // in the order in which they were started
}

// Start starts a control plane and returns when it can be used: kube-apiserver is ready, kube-controller-manager is healthy, and
// the namespace default has its service account. Until Stop, which must be called, a component that ends is started again.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("the control plane did not start within %s", startTimeout))
	defer cancel()
	folder, err := openFolder(config.Dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{config: config, folder: folder}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// Kubeconfig returns the path of the admin's kubeconfig.
func (c *Cluster) Kubeconfig() string { return c.folder.adminKubeconfig() }

// Stop ends the components, the one started last first, and removes the control plane's folder unless it was there before Start.
// It must be called once.
func (c *Cluster) Stop() error {
	for _, component := range slices.Backward(c.running) {
		component.Stop()
	}
	return c.folder.close()
}

func (c *Cluster) start(ctx context.Context) error {
	made, err := newCredentials(time.Now())
	if err != nil {
		return err
	}
	if err := made.write(c.folder); err != nil {
		return err
	}
	if c.client, err = newClient(made[clusterCA], made[adminClient]); err != nil {
		return err
	}
	if err := c.run(ctx, etcd(c.folder, c.config.Programs)); err != nil {
		return err
	}
	url, err := c.startAPIServer(ctx, made)
	if err != nil {
		return err
	}
	return c.startControllerManager(ctx, url)
}

// startAPIServer also writes the kubeconfigs, because it is here that the port is known. It returns kube-apiserver's URL.
func (c *Cluster) startAPIServer(ctx context.Context, made credentials) (url string, err error) {
	err = c.runOnFreePort(ctx, func(port int) (supervise.Component, error) {
		url = "https://" + address(port)
		server := apiServer(c.folder, c.config.Programs, port, c.config.APIServerFlags)
		server.Ready = func(ctx context.Context) error { return c.client.get(ctx, url+"/readyz") }
		return server, errors.Join(
			writeKubeconfig(c.folder.adminKubeconfig(), url, made[clusterCA], made[adminClient]),
			writeKubeconfig(c.folder.controllerManagerKubeconfig(), url, made[clusterCA], made[controllerManagerClient]),
		)
	})
	return url, err
}

// startControllerManager takes the service account of the namespace default as a sign that the controllers work.
func (c *Cluster) startControllerManager(ctx context.Context, apiServerURL string) error {
	return c.runOnFreePort(ctx, func(port int) (supervise.Component, error) {
		manager := controllerManager(c.folder, c.config.Programs, port)
		manager.Ready = func(ctx context.Context) error {
			if err := c.client.get(ctx, "https://"+address(port)+"/healthz"); err != nil {
				return err
			}
			return c.client.get(ctx, apiServerURL+"/api/v1/namespaces/default/serviceaccounts/default")
		}
		return manager, nil
	})
}

// runOnFreePort runs what configure returns for a free port, and tries another port when that one was taken meanwhile.
func (c *Cluster) runOnFreePort(ctx context.Context, configure func(port int) (supervise.Component, error)) error {
	var taken error
	for range startAttempts {
		port, err := freePort(ctx)
		if err != nil {
			return err
		}
		component, err := configure(port)
		if err != nil {
			return err
		}
		err = c.run(ctx, component)
		var exit *supervise.ExitError
		if err == nil || !errors.As(err, &exit) || !strings.Contains(exit.LogTail, "address already in use") {
			return err
		}
		taken = err
	}
	return taken
}

func (c *Cluster) run(ctx context.Context, component supervise.Component) error {
	running, err := supervise.Start(ctx, component, c.config.Messages)
	if err != nil {
		return err
	}
	c.running = append(c.running, running)
	return nil
}
