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

package uninstall

import (
	"context"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
)

const (
	// pollInterval is how often the cluster is asked whether what was removed has gone.
	pollInterval = 500 * time.Millisecond
	// findInterval is how often all objects of the cluster are looked at for that.
	findInterval = 5 * time.Second
)

// Uninstaller takes Hookplane out of one cluster.
type Uninstaller struct {
	namespace  string
	stdout     io.Writer
	kubernetes kubernetes.Interface
	metadata   metadata.Interface
	discovery  discovery.DiscoveryInterface
	aggregator aggregator.Interface
}

// New returns what takes the servers of a namespace out of the cluster, and tells its progress. Nothing is asked yet.
func New(config *rest.Config, namespace string, stdout io.Writer) (*Uninstaller, error) {
	config = rest.CopyConfig(config)
	config.WarningHandler = rest.NoWarnings{} // it looks at deprecated types too
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the cluster: %w", err)
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the cluster: %w", err)
	}
	registrations, err := aggregator.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the cluster: %w", err)
	}
	return &Uninstaller{
		namespace: namespace, stdout: stdout,
		kubernetes: client, metadata: objects, discovery: client.Discovery(), aggregator: registrations,
	}, nil
}

// Run removes all but what was installed from manifests. It can be repeated after a failure.
//
// The controllers go first, because only a running server takes their finalizers off the objects of others. The servers end next, or they
// would register again. What led to them, and what they stored, goes last.
func (u *Uninstaller) Run(ctx context.Context) error {
	namespace, err := u.servedFrom(ctx)
	if err != nil {
		return err
	}
	switch namespace {
	case "":
	case u.namespace:
		if err := u.removeControllers(ctx); err != nil {
			return err
		}
		if err := u.awaitRelease(ctx); err != nil {
			return err
		}
	default:
		return fmt.Errorf("the servers are in the namespace %s, not in %s: give --namespace=%s", namespace, u.namespace, namespace)
	}
	for _, step := range []func(context.Context) error{u.stopServers, u.unregister, u.removeRecords, u.removeShared} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// poll asks at once and in every interval until the answer is yes or an error, or time is up.
func poll(ctx context.Context, interval time.Duration, done wait.ConditionWithContextFunc) error {
	err := wait.PollUntilContextCancel(ctx, interval, true, done)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
