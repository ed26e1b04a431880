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

package supervise

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
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/objects"
)

const (
	// workers is how many controllers are started and stopped at a time: one that names a
	// resource of a server that hangs must not hold up the others.
	workers = 4

	// recheckPeriod is how often a refused controller is looked at again without a reason. Changes of
	// resource types are watched; this is for clusters that do not let us watch them.
	recheckPeriod = 30 * time.Second

	firstRetry = 50 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Finalizers sets those of an object; pkg/apply has the one that is used.
type Finalizers interface {
	SetFinalizers(ctx context.Context, object apply.Target, uid types.UID, observed string, finalizers []string) (resourceVersion string, err error)
}

// Config is what a Supervisor needs. All fields are required.
type Config[T Object] struct {
	Kind    Kind[T]
	Objects *objects.Cache
	Applier Finalizers
	// Live reads from the API server itself, past every cache.
	Live     metadata.Interface
	Recorder record.EventRecorderLogger
	Clock    clock.WithTicker
}

// Supervisor runs one controller for each object of its kind.
type Supervisor[T Object] struct {
	Config[T]
	queue workqueue.TypedRateLimitingInterface[string]

	mu      sync.Mutex
	running map[string]*running
	refused map[string]refusal // by name: why a controller does not run
}

// refusal is why one generation of an object does not run.
type refusal struct {
	DefinitionError
	uid        types.UID
	generation int64
}

// running is a controller that was started.
type running struct {
	Controller
	reference *corev1.ObjectReference
	stop      func() // ends it and waits for that
}

// New returns a Supervisor; Run starts it.
func New[T Object](config Config[T]) *Supervisor[T] {
	return &Supervisor[T]{
		Config: config,
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstRetry, lastRetry),
			workqueue.TypedRateLimitingQueueConfig[string]{Name: config.Kind.Name, Clock: config.Clock}),
		running: map[string]*running{},
		refused: map[string]refusal{},
	}
}

// Run runs the controllers until the context ends, and returns when all of them have ended.
func (s *Supervisor[T]) Run(ctx context.Context) error {
	defer s.stopAll()
	defer s.queue.ShutDown()
	informer := s.Kind.Informer
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    s.enqueue,
		UpdateFunc: func(_, current any) { s.enqueue(current) },
		DeleteFunc: s.enqueue,
	})
	if err != nil {
		return fmt.Errorf("watching %ss: %w", s.Kind.Name, err)
	}
	defer func() { _ = informer.RemoveEventHandler(registration) }() // fails only when the informer has ended
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil // stopped before it began
	}
	defer s.Objects.OnTypesChanged(s.enqueueAll)()

	var wg sync.WaitGroup
	defer wg.Wait()
	for range workers {
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

func (s *Supervisor[T]) enqueue(object any) {
	if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
		s.queue.Add(key)
	}
}

// enqueueAll has every controller compared with what the cluster serves now.
func (s *Supervisor[T]) enqueueAll() {
	all, err := s.Kind.List(labels.Everything())
	if err != nil {
		return // a lister of an index never fails
	}
	for _, object := range all {
		s.queue.Add(object.GetName())
	}
}

func (s *Supervisor[T]) reconcileNext(ctx context.Context) bool {
	name, shutdown := s.queue.Get()
	if shutdown || ctx.Err() != nil { // a queue that was shut down still hands out its backlog
		return false
	}
	defer s.queue.Done(name)
	logger := klog.LoggerWithValues(klog.FromContext(ctx), "kind", s.Kind.Name, "controller", name)
	if err := s.reconcile(klog.NewContext(ctx, logger), name); err != nil && ctx.Err() == nil {
		logger.Error(err, "Cannot do yet what the controller's object asks for")
		s.queue.AddRateLimited(name)
		return true
	}
	s.queue.Forget(name)
	return true
}

// reconcile brings the controller of that name to what its object says: running, restarted or stopped.
// A problem of the object is not an error: it lasts until the object or the cluster changes.
func (s *Supervisor[T]) reconcile(ctx context.Context, name string) error {
	object, err := s.Kind.Get(name)
	if apierrors.IsNotFound(err) {
		s.stop(ctx, name)
		s.accept(name)
		return nil
	}
	if err != nil {
		return err
	}
	if object.GetDeletionTimestamp() != nil || len(s.outdated(object)) > 0 {
		s.stop(ctx, name)
		return s.retire(ctx, object)
	}
	definition, err := s.Kind.Define(ctx, object)
	if lasting, ok := errors.AsType[*DefinitionError](err); ok {
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
	if s.needsGuard(object) {
		return s.guard(ctx, object)
	}
	if current := s.find(name); current != nil && definition.Same(current.Controller) {
		return nil
	}
	c := definition.New(ctx) // before the old one closes the stores that both use
	s.stop(ctx, name)
	s.start(ctx, object, c)
	return nil
}

// start runs a controller in a goroutine of its own, which stop ends.
func (s *Supervisor[T]) start(ctx context.Context, object T, c Controller) {
	name, reference := object.GetName(), s.reference(object)
	logger := klog.FromContext(ctx)
	s.Recorder.WithLogger(logger).Event(reference, corev1.EventTypeNormal, EventStarting, "Starting controller: "+name)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[name] = &running{Controller: c, reference: reference, stop: func() {
		cancel()
		<-done
	}}
	s.Recorder.WithLogger(logger).Event(reference, corev1.EventTypeNormal, EventStarted, "Started controller: "+name)
	logger.Info("Started controller")
}

// stop ends the controller of that name, if it runs, and waits for it.
func (s *Supervisor[T]) stop(ctx context.Context, name string) {
	current := s.find(name)
	if current == nil {
		return
	}
	logger := klog.FromContext(ctx)
	s.Recorder.WithLogger(logger).Event(current.reference, corev1.EventTypeNormal, EventStopping, "Stopping controller: "+name)
	current.stop()
	s.mu.Lock()
	delete(s.running, name)
	s.mu.Unlock()
	s.Recorder.WithLogger(logger).Event(current.reference, corev1.EventTypeNormal, EventStopped, "Stopped controller: "+name)
	logger.Info("Stopped controller")
}

// stopAll ends every controller, side by side.
func (s *Supervisor[T]) stopAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var wg sync.WaitGroup
	for name, current := range s.running {
		wg.Go(current.stop)
		delete(s.running, name)
	}
	wg.Wait()
}

func (s *Supervisor[T]) find(name string) *running {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[name]
}

// refuse notes why a controller does not run, and tells the user when that is news.
func (s *Supervisor[T]) refuse(ctx context.Context, object T, p *DefinitionError) {
	now := refusal{DefinitionError: *p, uid: object.GetUID(), generation: object.GetGeneration()}
	s.mu.Lock()
	was := s.refused[object.GetName()]
	s.refused[object.GetName()] = now
	s.mu.Unlock()
	if was != now {
		klog.FromContext(ctx).Info("Controller does not run", "reason", p.Reason, "message", p.Message)
		s.Recorder.WithLogger(klog.FromContext(ctx)).Event(s.reference(object), corev1.EventTypeWarning, p.Event, Clip(p.Message))
	}
}

// accept takes a refusal back.
func (s *Supervisor[T]) accept(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.refused, name)
}

func (s *Supervisor[T]) reference(object metav1.Object) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: s.Kind.Name,
		Name: object.GetName(), UID: object.GetUID(), ResourceVersion: object.GetResourceVersion(),
	}
}
