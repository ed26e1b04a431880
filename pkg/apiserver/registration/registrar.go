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

package registration

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	"k8s.io/utils/clock"
)

const (
	// repairInterval is how often the registration is compared with what it should be.
	repairInterval = 30 * time.Second
	// readyInterval is how often the cluster is asked whether the API answers through it.
	readyInterval = 100 * time.Millisecond
	// patience is how long an API that does not answer yet is nothing to speak of.
	patience = 5 * time.Second

	firstRetry = 200 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// Config says what to register.
type Config struct {
	// GroupVersions are the APIs that are served, each of which gets an APIService. At least one.
	GroupVersions []schema.GroupVersion
	// Service names the Service through which kube-apiserver reaches this server. Its name is also the
	// one that the serving certificate must be valid for.
	Service types.NamespacedName
	// ExternalName makes Run keep the Service (and its namespace) too: of type ExternalName, pointing to
	// this host name. When it is empty, the Service is somebody else's and forwards its port 443.
	ExternalName string
	// Port is where this server listens; it is used with ExternalName only.
	Port int32
	// CABundle returns the PEM certificates that the serving certificate is verified against. It is
	// called again for each repair, since certificates are replaced.
	CABundle func() ([]byte, error)
	// InjectCAFrom is the namespace/name of a Certificate of cert-manager, whose CA injector keeps the certificates in the
	// APIServices instead. Empty: it does so only where others have annotated an APIService for it.
	InjectCAFrom string
	// TakeOver allows to replace a registration of the same API that is not ours.
	TakeOver bool
}

// Registrar keeps one registration. Its methods are to be called one after the other.
type Registrar struct {
	Config
	core       kubernetes.Interface
	aggregator aggregator.Interface
	probe      func(ctx context.Context) error
	clock      clock.Clock
}

// New returns a registrar for the cluster that host leads to.
func New(host *rest.Config, config Config) (*Registrar, error) {
	core, err := kubernetes.NewForConfig(host)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the host cluster: %w", err)
	}
	aggregator, err := aggregator.NewForConfig(host)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for APIServices: %w", err)
	}
	r := &Registrar{Config: config, core: core, aggregator: aggregator, clock: clock.RealClock{}}
	r.probe = r.answersThrough(core.Discovery().RESTClient())
	return r, nil
}

// Check returns an error when registering would take something from somebody else: the API is served by
// CustomResourceDefinitions, by another Service, or by another server that is alive (*TakenError), or the Service that ExternalName asks for
// exists and leads elsewhere (*ServiceError).
//
// That CustomResourceDefinitions serve it, which the caller may have an answer to, is told when nothing else is wrong.
func (r *Registrar) Check(ctx context.Context) error {
	var byDefinitions error
	for _, gv := range r.GroupVersions {
		taken, err := ByDefinitions(r.checkAPIService(ctx, gv))
		if err != nil {
			return err
		}
		if taken != nil {
			byDefinitions = taken
		}
	}
	if r.ExternalName != "" {
		if err := r.checkService(ctx); err != nil {
			return err
		}
	}
	return byDefinitions
}

// Run registers, calls ready once when the API answers through the cluster, and repairs the registration
// from then on. It returns nil when the context ends. A failure is logged when it differs from the one
// before, and tried again.
func (r *Registrar) Run(ctx context.Context, ready func()) error {
	ctx = klog.NewContext(ctx, klog.FromContext(ctx).WithValues("apiServices", r.names()))
	r.ensureUntilDone(ctx)
	if r.waitUntilReady(ctx) {
		ready()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.clock.After(repairInterval):
			r.ensureUntilDone(ctx)
		}
	}
}

// ensureUntilDone makes the registration what it should be, however often that has to be tried.
func (r *Registrar) ensureUntilDone(ctx context.Context) {
	logger := klog.FromContext(ctx)
	backoff := wait.Backoff{Duration: firstRetry, Factor: 2, Cap: lastRetry, Steps: 1 << 30}
	said := ""
	for {
		err := r.ensure(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if err.Error() != said {
			logger.Error(err, "Cannot register, trying again")
			said = err.Error()
		}
		select {
		case <-ctx.Done():
			return
		case <-r.clock.After(backoff.Step()):
		}
	}
}

func (r *Registrar) ensure(ctx context.Context) error {
	if r.ExternalName != "" {
		if err := r.ensureService(ctx); err != nil {
			return err
		}
	}
	for _, gv := range r.GroupVersions {
		if err := r.ensureAPIService(ctx, gv); err != nil {
			return err
		}
	}
	return nil
}

// names returns the names of the APIServices.
func (r *Registrar) names() []string {
	names := make([]string, 0, len(r.GroupVersions))
	for _, gv := range r.GroupVersions {
		names = append(names, nameOf(gv))
	}
	return names
}

// waitUntilReady reports whether the API answers through the cluster; false: the context ended before.
func (r *Registrar) waitUntilReady(ctx context.Context) bool {
	logger := klog.FromContext(ctx)
	start := r.clock.Now()
	said := ""
	for {
		err := r.probe(ctx)
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil:
			return true
		case r.clock.Since(start) > patience && err.Error() != said:
			logger.Info("The API does not answer through the host cluster yet", "reason", err.Error())
			said = err.Error()
		}
		select {
		case <-ctx.Done():
			return false
		case <-r.clock.After(readyInterval):
		}
	}
}

// Remove removes the APIServices, so that clients of the cluster are told that the API is gone instead of
// waiting for it, and the Service if it is one that Run made. What has come to belong to somebody else
// since is left alone. The namespace stays: others may have put something there.
func (r *Registrar) Remove(ctx context.Context) error {
	for _, gv := range r.GroupVersions {
		if err := r.removeAPIService(ctx, gv); err != nil {
			return fmt.Errorf("cannot remove the APIService %s: %w", nameOf(gv), err)
		}
	}
	if r.ExternalName == "" {
		return nil
	}
	if err := r.removeService(ctx); err != nil {
		return fmt.Errorf("cannot remove the Service %s: %w", r.Service, err)
	}
	return nil
}
