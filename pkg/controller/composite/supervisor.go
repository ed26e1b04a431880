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

package composite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	clientset "github.com/hookplane/hookplane/generated/clientset/versioned/typed/metacontroller/v1alpha1"
	informers "github.com/hookplane/hookplane/generated/informers/externalversions/metacontroller/v1alpha1"
	listers "github.com/hookplane/hookplane/generated/listers/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

const (
	// supervisorWorkers is how many controllers are started and stopped at a time: one that names a
	// resource of a server that hangs must not hold up the others.
	supervisorWorkers = 4

	// recheckPeriod is how often a refused controller is looked at again without a reason. Changes of
	// resource types are watched; this is for clusters that do not let us watch them.
	recheckPeriod = 30 * time.Second
)

// NewHook makes the executor of a hook. Its error names the field that asks for what is not possible.
type NewHook func(hook.Spec) (hook.Hook, error)

// Applier writes what a plan says; pkg/apply has the one that is used.
type Applier interface {
	Children(ctx context.Context, rules []plan.Rule, writes []plan.Write) []apply.Outcome
	Status(ctx context.Context, parent apply.Target, uid types.UID, status []byte) (resourceVersion string, err error)
	Adopt(ctx context.Context, claim apply.Claim, owner metav1.OwnerReference) (resourceVersion string, err error)
	Release(ctx context.Context, claim apply.Claim, owner types.UID) (resourceVersion string, err error)
	SetFinalizers(ctx context.Context, object apply.Target, uid types.UID, observed string, finalizers []string) (resourceVersion string, err error)
}

// Config is what a Supervisor needs. All fields are required.
type Config struct {
	Controllers informers.CompositeControllerInformer
	Client      clientset.CompositeControllersGetter
	Objects     *objects.Cache
	Applier     Applier
	// Strategy is how children are written.
	Strategy plan.Strategy
	// Live reads from the API server itself, past every cache.
	Live     metadata.Interface
	NewHook  NewHook
	Recorder eventRecorder
	// Revisions keeps the revisions of parents; those of cluster-scoped parents in Namespace.
	Revisions *revision.Store
	Namespace string
	Metrics   *tally.Metrics
	Clock     clock.WithTicker
	// Workers is how many parents one controller syncs at a time.
	Workers int
}

// Supervisor runs one controller for each CompositeController object.
type Supervisor struct {
	Config
	lister listers.CompositeControllerLister
	queue  workqueue.TypedRateLimitingInterface[string]

	mu      sync.Mutex
	running map[string]*running
	refused map[string]refusal // by name: why a controller does not run
}

// refusal is why one generation of an object does not run.
type refusal struct {
	problem
	uid        types.UID
	generation int64
}

// running is a controller that was started.
type running struct {
	*controller
	stop func() // ends it and waits for that
}

// NewSupervisor returns a Supervisor; Run starts it.
func NewSupervisor(config Config) *Supervisor {
	return &Supervisor{
		Config: config,
		lister: config.Controllers.Lister(),
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, lastRetry),
			workqueue.TypedRateLimitingQueueConfig[string]{Name: controllerKind, Clock: config.Clock}),
		running: map[string]*running{},
		refused: map[string]refusal{},
	}
}

// Run runs the controllers until the context ends, and returns when all of them have ended.
func (s *Supervisor) Run(ctx context.Context) error {
	defer s.stopAll()
	defer s.queue.ShutDown()
	informer := s.Controllers.Informer()
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    s.enqueue,
		UpdateFunc: func(_, current any) { s.enqueue(current) },
		DeleteFunc: s.enqueue,
	})
	if err != nil {
		return fmt.Errorf("watching CompositeControllers: %w", err)
	}
	defer func() { _ = informer.RemoveEventHandler(registration) }() // fails only when the informer has ended
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil // stopped before it began
	}
	defer s.Objects.OnTypesChanged(s.enqueueAll)()

	var wg sync.WaitGroup
	defer wg.Wait()
	for range supervisorWorkers {
		wg.Go(func() {
			for s.reconcileNext(ctx) {
			}
		})
	}
	wg.Go(func() { s.reportStatuses(ctx) })
	<-ctx.Done()
	s.queue.ShutDown()
	return nil
}

func (s *Supervisor) enqueue(object any) {
	if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
		s.queue.Add(key)
	}
}

// enqueueAll has every controller compared with what the cluster serves now.
func (s *Supervisor) enqueueAll() {
	all, err := s.lister.List(labels.Everything())
	if err != nil {
		return // a lister of an index never fails
	}
	for _, object := range all {
		s.queue.Add(object.Name)
	}
}

func (s *Supervisor) reconcileNext(ctx context.Context) bool {
	name, shutdown := s.queue.Get()
	if shutdown || ctx.Err() != nil { // a queue that was shut down still hands out its backlog
		return false
	}
	defer s.queue.Done(name)
	logger := klog.LoggerWithValues(klog.FromContext(ctx), "controller", name)
	if err := s.reconcile(klog.NewContext(ctx, logger), name); err != nil && ctx.Err() == nil {
		logger.Error(err, "Cannot do yet what the CompositeController asks for")
		s.queue.AddRateLimited(name)
		return true
	}
	s.queue.Forget(name)
	return true
}

// reconcile brings the controller of that name to what its object says: running, restarted or stopped.
// A problem of the object is not an error: it lasts until the object or the cluster changes.
func (s *Supervisor) reconcile(ctx context.Context, name string) error {
	object, err := s.lister.Get(name)
	if apierrors.IsNotFound(err) {
		s.stop(ctx, name)
		s.accept(name)
		return nil
	}
	if err != nil {
		return err
	}
	if object.DeletionTimestamp != nil || outdated(object) {
		s.stop(ctx, name)
		return s.retire(ctx, object)
	}
	d, err := define(ctx, object, s.Objects, s.NewHook, s.Namespace)
	if lasting, ok := errors.AsType[*problem](err); ok {
		s.stop(ctx, name)
		s.refuse(ctx, object, lasting)
		s.queue.AddAfter(name, recheckPeriod)
		return nil
	}
	if err != nil {
		if s.find(name) == nil { // else what runs goes on
			s.refuse(ctx, object, lookupProblem(err))
		}
		return err
	}
	s.accept(name)
	if d.finalize != nil && !guarded(object) {
		return s.guard(ctx, object)
	}
	if current := s.find(name); current != nil && current.sameAs(d) {
		return nil
	}
	c := newController(ctx, d, controllerReference(object), s) // before the old one closes the stores that both use
	s.stop(ctx, name)
	s.start(ctx, c)
	return nil
}

// lookupProblem is an error that may pass by itself, as the user is told of it until then.
func lookupProblem(err error) *problem {
	reason := reasonLookupFailing
	if apierrors.IsForbidden(err) {
		reason = reasonForbidden
	}
	return &problem{reason, err.Error(), eventCreateError}
}

// start runs a controller in a goroutine of its own, which stop ends.
func (s *Supervisor) start(ctx context.Context, c *controller) {
	name := c.object.Name
	logger := klog.FromContext(ctx)
	s.Recorder.WithLogger(logger).Event(c.reference, corev1.EventTypeNormal, eventStarting, "Starting controller: "+name)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(ctx)
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[name] = &running{controller: c, stop: func() {
		cancel()
		<-done
	}}
	s.Recorder.WithLogger(logger).Event(c.reference, corev1.EventTypeNormal, eventStarted, "Started controller: "+name)
	logger.Info("Started controller", "parentResource", c.parent.GroupVersionResource)
}

// stop ends the controller of that name, if it runs, and waits for it.
func (s *Supervisor) stop(ctx context.Context, name string) {
	current := s.find(name)
	if current == nil {
		return
	}
	logger := klog.FromContext(ctx)
	s.Recorder.WithLogger(logger).Event(current.reference, corev1.EventTypeNormal, eventStopping, "Stopping controller: "+name)
	current.stop()
	s.mu.Lock()
	delete(s.running, name)
	s.mu.Unlock()
	s.Recorder.WithLogger(logger).Event(current.reference, corev1.EventTypeNormal, eventStopped, "Stopped controller: "+name)
	logger.Info("Stopped controller")
}

// stopAll ends every controller, side by side.
func (s *Supervisor) stopAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var wg sync.WaitGroup
	for name, current := range s.running {
		wg.Go(current.stop)
		delete(s.running, name)
	}
	wg.Wait()
}

func (s *Supervisor) find(name string) *running {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[name]
}

// refuse notes why a controller does not run, and tells the user when that is news.
func (s *Supervisor) refuse(ctx context.Context, object *v1alpha1.CompositeController, p *problem) {
	now := refusal{problem: *p, uid: object.UID, generation: object.Generation}
	s.mu.Lock()
	was := s.refused[object.Name]
	s.refused[object.Name] = now
	s.mu.Unlock()
	if was != now {
		klog.FromContext(ctx).Info("Controller does not run", "reason", p.reason, "message", p.message)
		s.Recorder.WithLogger(klog.FromContext(ctx)).Event(controllerReference(object), corev1.EventTypeWarning, p.event, clip(p.message))
	}
}

// accept takes a refusal back.
func (s *Supervisor) accept(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.refused, name)
}

func controllerReference(object *v1alpha1.CompositeController) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: controllerKind,
		Name: object.Name, UID: object.UID, ResourceVersion: object.ResourceVersion,
	}
}
