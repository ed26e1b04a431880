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

package controller

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
	"k8s.io/component-base/metrics"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned"
	"github.com/hookplane/hookplane/generated/clientset/versioned/scheme"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/composite"
	"github.com/hookplane/hookplane/pkg/controller/decorator"
	"github.com/hookplane/hookplane/pkg/controller/initializer"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/controller/standing"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
	"github.com/hookplane/hookplane/pkg/hook/etag"
	"github.com/hookplane/hookplane/pkg/hook/meter"
	"github.com/hookplane/hookplane/pkg/hook/traced"
	"github.com/hookplane/hookplane/pkg/hook/webhook"
	"github.com/hookplane/hookplane/pkg/initialization"
	"github.com/hookplane/hookplane/pkg/leader"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
	"github.com/hookplane/hookplane/pkg/span"
)

// EventSource is the component that all events name, docs/protocol.md §8.
const EventSource = "metacontroller"

// How many events one object gets: a burst, then one every five minutes.
const (
	eventBurst = 25
	eventQPS   = 1. / 300
)

// minIdlePerHost is how many connections to one hook are kept at least: several controllers may call it.
const minIdlePerHost = 64

// Config is what the controllers need.
type Config struct {
	// Loopback leads to the API that declares controllers, Host to the cluster that they work on. Required.
	Loopback, Host *rest.Config
	// FieldManager owns the fields that are applied to children. Required.
	FieldManager string
	// Strategy is how children are written. Required.
	Strategy plan.Strategy
	// Workers is how many parents one controller syncs at a time. Required.
	Workers int
	// UserAgent is how hooks and the host see the caller. Required.
	UserAgent string
	// AllowedCIDRs and ServiceResolution are as in webhook.TransportOptions.
	AllowedCIDRs      []netip.Prefix
	ServiceResolution webhook.ServiceResolution
	// Namespace is our own: where the revisions of cluster-scoped parents are kept. Required.
	Namespace string
	// Fence is passed by all that the controllers write and by their calls of hooks. Nil: no other replica runs controllers.
	Fence *leader.Fence
	// Traces takes spans to where they are collected. Nil: nowhere.
	Traces trace.TracerProvider
	// RegisterMetrics registers a metric with whoever exposes it, RegisterCollector what makes metrics when it is asked. Required.
	RegisterMetrics   func(metrics.Registerable) error
	RegisterCollector func(metrics.StableCollector) error
}

// Controllers are all controllers of the process.
type Controllers struct {
	config      Config
	hostConfig  *rest.Config
	clock       clock.WithTicker
	host        kubernetes.Interface
	metadata    metadata.Interface
	controllers versioned.Interface
	cached      *objects.Metrics
	applier     *apply.Applier
	deferred    initializer.Objects
	transport   *webhook.Transport
	credentials *credentials.Store
	answers     *etag.Cache
	metrics     *tally.Metrics
	calls       *meter.Metrics
	standing    standing.Collector
}

// New prepares the controllers; Run starts them.
func New(config Config) (*Controllers, error) {
	host := rest.CopyConfig(config.Host)
	host.QPS = -1 // the host's priority and fairness decides
	host.UserAgent = config.UserAgent
	host.Wrap(config.Fence.Transport)
	loopback := rest.CopyConfig(config.Loopback)
	loopback.Wrap(config.Fence.Transport)
	if config.Traces != nil {
		host.Wrap(span.Transport)
		loopback.Wrap(span.Transport)
	}
	c := &Controllers{config: config, hostConfig: host, clock: clock.RealClock{}, answers: etag.NewCache(0, 0)}
	var err error
	if c.host, err = kubernetes.NewForConfig(host); err != nil {
		return nil, fmt.Errorf("client of the host cluster: %w", err)
	}
	if c.metadata, err = metadata.NewForConfig(host); err != nil {
		return nil, fmt.Errorf("metadata client of the host cluster: %w", err)
	}
	if c.controllers, err = versioned.NewForConfig(loopback); err != nil {
		return nil, fmt.Errorf("client of the own API: %w", err)
	}
	if c.cached, err = objects.NewMetrics(config.RegisterMetrics); err != nil {
		return nil, err
	}
	if c.applier, err = apply.New(host, apply.Options{FieldManager: config.FieldManager}); err != nil {
		return nil, err
	}
	if c.deferred, err = initializer.NewObjects(host, config.FieldManager); err != nil {
		return nil, fmt.Errorf("client of deferred objects: %w", err)
	}
	if c.metrics, err = tally.New(config.RegisterMetrics); err != nil {
		return nil, err
	}
	if c.calls, err = meter.New(config.RegisterMetrics, c.clock); err != nil {
		return nil, err
	}
	if err = config.RegisterCollector(&c.standing); err != nil {
		return nil, err
	}
	c.credentials = credentials.NewStore(c.host.CoreV1())
	c.transport, err = webhook.NewTransport(webhook.TransportOptions{
		AllowedCIDRs: config.AllowedCIDRs, ServiceResolution: config.ServiceResolution, Services: webhook.ServiceGetterFunc(c.getService),
		MaxIdlePerHost: max(minIdlePerHost, config.Workers),
	})
	return c, err
}

// Run runs the controllers until the context ends, and returns when all that it started has ended. It may be called again then:
// everything is read anew.
func (c *Controllers) Run(ctx context.Context) error {
	defer c.transport.Close()
	broadcaster := NewBroadcaster(c.clock)
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: c.host.CoreV1().Events("")})

	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: EventSource})
	informers := externalversions.NewSharedInformerFactory(c.controllers, 0)
	cache, err := objects.NewCache(c.hostConfig, objects.Options{FieldManager: c.config.FieldManager, Metrics: c.cached, Clock: c.clock})
	if err != nil {
		return err
	}
	revisions, err := revision.NewStore(informers.Metacontroller().V1alpha1().ControllerRevisions(), c.controllers.MetacontrollerV1alpha1())
	if err != nil {
		return err
	}
	composites := c.newComposites(cache, informers, recorder, revisions)
	registry := initialization.NewRegistry(informers.Metacontroller().V1alpha1().InitializerControllers(), c.newFencedHook)
	deferred := initializer.New(initializer.Config{
		Registry: registry,
		Client:   c.controllers.MetacontrollerV1alpha1(),
		Metadata: c.metadata,
		Objects:  c.deferred,
		Recorder: recorder,
		Clock:    c.clock,
		Workers:  c.config.Workers,
	})
	decorators := c.newDecorators(cache, informers, recorder)
	c.standing.Show(standing.Of(informers.Metacontroller().V1alpha1()))
	defer c.standing.Show(nil)
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer func() {
		cancel()
		informers.Shutdown()
		group.Wait()
	}()
	errs := make(chan error, 5)
	group.Go(func() { errs <- cache.Run(ctx) })
	group.Go(func() { errs <- composites.Run(ctx) })
	group.Go(func() { errs <- decorators.Run(ctx) })
	group.Go(func() { errs <- registry.Run(ctx) })
	group.Go(func() { errs <- deferred.Run(ctx) })
	informers.StartWithContext(ctx)
	return <-errs // whatever ends first ends the others
}

// newComposites returns what runs CompositeControllers.
func (c *Controllers) newComposites(cache *objects.Cache, informers externalversions.SharedInformerFactory, recorder record.EventRecorderLogger, revisions *revision.Store) *supervise.Supervisor[*v1alpha1.CompositeController] {
	return composite.NewSupervisor(composite.Config{
		Controllers: informers.Metacontroller().V1alpha1().CompositeControllers(),
		Client:      c.controllers.MetacontrollerV1alpha1(),
		Objects:     cache,
		Applier:     c.applier,
		Strategy:    c.config.Strategy,
		Live:        c.metadata,
		NewHook:     c.newFencedHook,
		Recorder:    recorder,
		Revisions:   revisions,
		Namespace:   c.config.Namespace,
		Metrics:     c.metrics,
		Tracer:      span.NewTracer(c.config.Traces),
		Clock:       c.clock,
		Workers:     c.config.Workers,
	})
}

// newDecorators returns what runs DecoratorControllers.
func (c *Controllers) newDecorators(cache *objects.Cache, informers externalversions.SharedInformerFactory, recorder record.EventRecorderLogger) *supervise.Supervisor[*v1alpha1.DecoratorController] {
	return decorator.NewSupervisor(decorator.Config{
		Controllers: informers.Metacontroller().V1alpha1().DecoratorControllers(),
		Client:      c.controllers.MetacontrollerV1alpha1(),
		Objects:     cache,
		Applier:     c.applier,
		Strategy:    c.config.Strategy,
		Live:        c.metadata,
		NewHook:     c.newFencedHook,
		Recorder:    recorder,
		Metrics:     c.metrics,
		Tracer:      span.NewTracer(c.config.Traces),
		Clock:       c.clock,
		Workers:     c.config.Workers,
	})
}

// NewBroadcaster returns a broadcaster of events, which no object can flood the host with. The caller shuts it down.
func NewBroadcaster(clock clock.Clock) record.EventBroadcaster {
	return record.NewBroadcaster(record.WithCorrelatorOptions(record.CorrelatorOptions{BurstSize: eventBurst, QPS: eventQPS, Clock: clock}))
}

// NewHook returns the executor of a hook, as all controllers use it.
func (c *Controllers) NewHook(spec hook.Spec) (hook.Hook, error) {
	called, err := webhook.New(spec, webhook.Options{
		Transport: c.transport, Credentials: c.credentials, UserAgent: c.config.UserAgent, Clock: c.clock,
	})
	if err != nil {
		return nil, err
	}
	counted := c.calls.Wrap(traced.Wrap(called, spec.Name(), called.URL()), meter.Series{
		Hook: spec.Name(), URL: called.URL(),
		ControllerName: spec.ControllerName, ControllerType: spec.ControllerKind,
	})
	if cached := spec.Hook.Webhook.ETag; cached != nil && ptr.Deref(cached.Enabled, false) {
		return c.answers.Wrap(counted, etag.Options{
			Timeout: seconds(cached.CacheTimeoutSeconds), Cleanup: seconds(cached.CacheCleanupSeconds), Clock: c.clock,
		}), nil
	}
	return counted, nil
}

func seconds(n *int32) time.Duration { return time.Duration(ptr.Deref(n, 0)) * time.Second }

func (c *Controllers) getService(ctx context.Context, namespace, name string) (*corev1.Service, error) {
	return c.host.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
}
