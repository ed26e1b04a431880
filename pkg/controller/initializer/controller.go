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

package initializer

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	clientset "github.com/hookplane/hookplane/generated/clientset/versioned/typed/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/initialization"
)

const (
	// firstRetry and lastRetry are the backoff of one object.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 30 * time.Second
	// hopelessRetry is how long an object rests that cannot be completed as it is.
	hopelessRetry = 5 * time.Minute
	// reviewPeriod is how often the watches and statuses are compared with what they should be.
	reviewPeriod = time.Second
)

// Config is what a Controller needs. All fields are required.
type Config struct {
	Registry *initialization.Registry
	Client   clientset.InitializerControllersGetter
	// Metadata watches, Objects reads and writes the objects of the host cluster.
	Metadata metadata.Interface
	Objects  Objects
	Recorder record.EventRecorderLogger
	Clock    clock.WithTicker
	// Workers is how many objects are completed at a time.
	Workers int
}

// Objects reads and writes objects.
type Objects interface {
	// Get returns the JSON of an object.
	Get(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) ([]byte, error)
	// Update replaces an object. The JSON has its resourceVersion.
	Update(ctx context.Context, resource schema.GroupVersionResource, namespace, name string, object []byte) error
}

// key names a waiting object.
type key struct {
	resource        schema.GroupResource
	namespace, name string
}

// Controller completes deferred objects.
type Controller struct {
	Config
	queue   workqueue.TypedRateLimitingInterface[key]
	changed chan struct{} // the watches may have to change

	mu        sync.Mutex
	watches   map[schema.GroupResource]*watch
	waiting   map[key][]string // the initializers that each object waits for
	completed map[string]int64 // by the name of the InitializerController: not yet in its status
}

// New returns a controller; Run starts it.
func New(config Config) *Controller {
	return &Controller{
		Config: config,
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(newBackoff(),
			workqueue.TypedRateLimitingQueueConfig[key]{Name: "initializer", Clock: config.Clock}),
		changed:   make(chan struct{}, 1),
		watches:   map[schema.GroupResource]*watch{},
		waiting:   map[key][]string{},
		completed: map[string]int64{},
	}
}

// Run works until the context ends, and returns when all that it started has ended.
func (c *Controller) Run(ctx context.Context) error {
	defer c.queue.ShutDown()
	defer c.Registry.OnChange(c.notify)()
	if !c.Registry.WaitForSync(ctx) {
		return nil // stopped before it began
	}
	var group sync.WaitGroup
	defer group.Wait()
	defer c.unwatchAll()
	for range c.Workers {
		group.Go(func() {
			for c.syncNext(ctx) {
			}
		})
	}
	for {
		c.review(ctx)
		select {
		case <-ctx.Done():
			c.queue.ShutDown()
			return nil
		case <-c.changed:
		case <-c.Clock.After(reviewPeriod):
		}
	}
}

// review brings the watches and the statuses to what they should be.
func (c *Controller) review(ctx context.Context) {
	c.rewatch(ctx)
	if c.allSeen() {
		c.reportStatuses(ctx)
	}
}

func (c *Controller) notify() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// syncNext completes the next object of the queue. It answers false when the queue is shut down.
func (c *Controller) syncNext(ctx context.Context) bool {
	k, shutdown := c.queue.Get()
	if shutdown || ctx.Err() != nil { // a queue that was shut down still hands out its backlog
		return false
	}
	defer c.queue.Done(k)
	logger := klog.LoggerWithValues(klog.FromContext(ctx), "resource", k.resource, "object", klog.KRef(k.namespace, k.name))
	err := c.sync(klog.NewContext(ctx, logger), k)
	var later *hook.RetryAfterError
	var hopeless *hopelessError
	switch {
	case err == nil:
		c.queue.Forget(k)
	case ctx.Err() != nil:
	case errors.As(err, &later):
		c.queue.AddAfter(k, later.After)
	case errors.As(err, &hopeless):
		c.queue.AddAfter(k, hopelessRetry)
	default:
		c.queue.AddRateLimited(k)
	}
	if err != nil {
		logger.V(2).Info("A deferred object is not complete yet", "err", err)
	}
	return true
}

// backoff is the exponential backoff of one object, jittered so that objects that failed together do not return together.
type backoff struct {
	workqueue.TypedRateLimiter[key]
}

func newBackoff() backoff {
	return backoff{workqueue.NewTypedItemExponentialFailureRateLimiter[key](firstRetry, lastRetry)}
}

// When implements workqueue.TypedRateLimiter.
func (b backoff) When(k key) time.Duration {
	return wait.Jitter(b.TypedRateLimiter.When(k)/2, 1)
}
