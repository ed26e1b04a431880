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

package server

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/trace"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/metrics/legacyregistry"
	// Metrics of the election, of clients and of work queues.
	_ "k8s.io/component-base/metrics/prometheus/clientgo/leaderelection"
	_ "k8s.io/component-base/metrics/prometheus/restclient"
	_ "k8s.io/component-base/metrics/prometheus/workqueue"

	"github.com/hookplane/hookplane/pkg/apiserver"
	"github.com/hookplane/hookplane/pkg/controller"
	"github.com/hookplane/hookplane/pkg/hook/webhook"
	"github.com/hookplane/hookplane/pkg/leader"
	"github.com/hookplane/hookplane/pkg/plan"
)

// config completes the configuration of the API server with the options.
func (o *Options) config(ctx context.Context, config *apiserver.Config, host *rest.Config, storage *storage) error {
	generic := config.GenericConfig
	generic.ShutdownDelayDuration = o.Serving.ShutdownDelay
	generic.EnableProfiling = o.Debugging.Profiling
	generic.EnableContentionProfiling = o.Debugging.ContentionProfiling
	traces, err := o.Tracing.provider(ctx, generic.APIServerID)
	if err != nil {
		return err
	}
	if traces != nil {
		generic.TracerProvider, storage.transport.TracerProvider = traces, traces
	}
	if err := o.applyServing(&generic.Config); err != nil {
		return err
	}
	if err := o.applyDelegation(&generic.Config); err != nil {
		return err
	}
	if err := o.applyHost(generic, host); err != nil {
		return err
	}
	// Last, because it connects.
	if err := storage.apply(config, host, o.Storage.EtcdPrefix); err != nil {
		return err
	}
	if o.LeaderElection.LeaderElect && !o.Storage.exclusive(o.Host.inCluster()) {
		if config.ExtraConfig.Elector, err = o.LeaderElection.elector(host, o.Registration.service().Namespace); err != nil {
			return err
		}
	}
	config.ExtraConfig.NewControllers = o.newControllers(host, traces, config.ExtraConfig.Elector)
	config.ExtraConfig.OwnNamespace = o.Registration.service().Namespace
	return nil
}

// newControllers makes the controllers, as soon as there is an API that they can read.
func (o *Options) newControllers(host *rest.Config, traces trace.TracerProvider, elector *leader.Elector) func(loopback *rest.Config) (apiserver.Controllers, error) {
	return func(loopback *rest.Config) (apiserver.Controllers, error) {
		allowed, err := o.Hooks.allowedCIDRs()
		if err != nil {
			return nil, err
		}
		return controller.New(controller.Config{
			Loopback: loopback, Host: host, UserAgent: "hookplane/" + Version(),
			RegisterMetrics: legacyregistry.Register, RegisterCollector: legacyregistry.CustomRegister,
			Strategy: plan.Strategy(o.Controllers.ApplyStrategy), FieldManager: o.Controllers.FieldManager,
			Workers: o.Controllers.Workers, Namespace: o.Registration.service().Namespace,
			Fence: elector.Fence(), Traces: traces, AllowedCIDRs: allowed, ServiceResolution: webhook.ServiceResolution(o.Hooks.ServiceResolution),
		})
	}
}

func (o *Options) applyServing(generic *genericapiserver.Config) error {
	if o.Serving.keeper != nil {
		o.Serving.ServerCert.GeneratedCert = o.Serving.keeper
	} else if err := o.Serving.MaybeDefaultWithSelfSignedCerts(o.Registration.host(), nil, nil); err != nil {
		return err
	}
	if err := o.Serving.WithLoopback().ApplyTo(&generic.SecureServing, &generic.LoopbackClientConfig); err != nil {
		return fmt.Errorf("cannot serve HTTPS (see --tls-cert-file and --tls-private-key-file): %w", err)
	}
	return nil
}

// applyDelegation makes the host cluster decide who a client is and what it may do.
func (o *Options) applyDelegation(generic *genericapiserver.Config) error {
	authentication := genericoptions.NewDelegatingAuthenticationOptions()
	authentication.RemoteKubeConfigFile = o.Host.Kubeconfig
	if err := authentication.ApplyTo(&generic.Authentication, generic.SecureServing, generic.OpenAPIConfig); err != nil {
		return fmt.Errorf("cannot let the host cluster authenticate requests: %w", err)
	}
	authorization := genericoptions.NewDelegatingAuthorizationOptions()
	authorization.RemoteKubeConfigFile = o.Host.Kubeconfig
	if err := authorization.ApplyTo(&generic.Authorization); err != nil {
		return fmt.Errorf("cannot let the host cluster authorize requests: %w", err)
	}
	return nil
}

// applyHost makes the admission webhooks and policies of the host cluster apply to our objects too, and what
// it allows whom.
//
// Priority and fairness stays off: the host cluster has applied its own before it forwards a request, and
// one dependency less is one reason less not to start. The fixed limits on requests in flight hold.
func (o *Options) applyHost(generic *genericapiserver.RecommendedConfig, host *rest.Config) error {
	client, err := kubernetes.NewForConfig(host)
	if err != nil {
		return fmt.Errorf("cannot make a client for the host cluster: %w", err)
	}
	dynamicClient, err := dynamic.NewForConfig(host)
	if err != nil {
		return fmt.Errorf("cannot make a dynamic client for the host cluster: %w", err)
	}
	generic.ClientConfig = host
	generic.SharedInformerFactory = informers.NewSharedInformerFactory(client, 0)
	return o.Admission.plugins().ApplyTo(&generic.Config, generic.SharedInformerFactory, client, dynamicClient,
		utilfeature.DefaultFeatureGate, generic.EffectiveVersion)
}
