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

package objects

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// errStopped and errUnused are why an informer ends.
var (
	errStopped = errors.New("the object cache has stopped")
	errUnused  = errors.New("the last store of the resource was closed")
)

// Options configure a Cache.
type Options struct {
	// FieldManager is the field manager whose applied fields objects tell (Object.AppliedFields).
	FieldManager string
	// Metrics count what the cache holds; nothing does when nil.
	Metrics *Metrics
	// Clock is for tests; the real one by default.
	Clock clock.WithTicker
}

// Cache knows which resource types exist, and keeps the objects of those that somebody opened. It is
// safe for concurrent use.
type Cache struct {
	client       rest.Interface
	fieldManager string
	clock        clock.WithTicker
	seed         maphash.Seed // makes digests comparable among the cache's objects
	types        *typeCatalog
	metrics      *Metrics

	mu        sync.Mutex
	informers map[viewKey]*informer
	stopped   bool
	running   sync.WaitGroup // informers; added to under mu while not stopped
}

// NewCache returns a cache of what config gives access to. Requests are not rate limited by the client.
func NewCache(config *rest.Config, opts Options) (*Cache, error) {
	client, err := newClient(config)
	if err != nil {
		return nil, fmt.Errorf("cannot create the object cache's client: %w", err)
	}
	c := &Cache{
		client: client, fieldManager: opts.FieldManager, clock: opts.Clock, seed: maphash.MakeSeed(),
		metrics: opts.Metrics, informers: map[viewKey]*informer{},
	}
	if c.clock == nil {
		c.clock = clock.RealClock{}
	}
	c.types = newTypeCatalog(client, c.clock)
	return c, nil
}

// newClient returns a client that understands nothing but the API's errors: objects are read as bytes.
func newClient(config *rest.Config) (rest.Interface, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	config = rest.CopyConfig(config)
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.AcceptContentTypes, config.ContentType = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	config.QPS, config.RateLimiter = -1, nil
	config.Timeout = 0 // would end watches
	return rest.UnversionedRESTClientFor(config)
}

// Run watches CustomResourceDefinitions and APIServices until ctx ends. It returns when everything that
// the cache started has ended, the watches of open stores included. Call it once.
func (c *Cache) Run(ctx context.Context) error {
	c.types.run(ctx)
	c.mu.Lock()
	c.stopped = true
	for _, i := range c.informers {
		i.stop(errStopped)
	}
	c.mu.Unlock()
	c.running.Wait()
	return nil
}

// Lookup finds a resource type by apiVersion ("v1", "apps/v1") and plural name. The error is a
// *ResourceNotFoundError when the cluster does not serve it now; any other may pass by itself.
func (c *Cache) Lookup(ctx context.Context, apiVersion, resource string) (Resource, error) {
	return c.types.lookup(ctx, apiVersion, resource)
}

// LookupAnyVersion finds a resource type in a version, or, when the cluster does not serve it in that, in another one of its group.
// Errors are as those of Lookup.
func (c *Cache) LookupAnyVersion(ctx context.Context, apiVersion, resource string) (Resource, error) {
	found, err := c.Lookup(ctx, apiVersion, resource)
	if _, missing := errors.AsType[*ResourceNotFoundError](err); !missing {
		return found, err
	}
	gv, invalid := schema.ParseGroupVersion(apiVersion)
	if invalid != nil || gv.Group == "" {
		return found, err // the core group has one version
	}
	versions, unknown := c.types.discovery.versions(ctx, gv.Group)
	if unknown != nil {
		return found, unknown
	}
	for _, version := range versions {
		other, otherErr := c.Lookup(ctx, version, resource)
		if _, missing := errors.AsType[*ResourceNotFoundError](otherErr); !missing {
			return other, otherErr
		}
	}
	return found, err
}

// OnTypesChanged makes f be called soon after a CustomResourceDefinition or APIService appeared, changed
// in what it serves, or went, and then several times more, at growing intervals for about ten seconds,
// because the cluster may serve a type only some time after it was announced. Changes that come together
// are told together. f must be quick and must not call remove; it is not called after remove returned.
func (c *Cache) OnTypesChanged(f func()) (remove func()) { return c.types.changes.add(f) }

// Open gives access to all objects of a resource, as OpenView does to those of a View.
func (c *Cache) Open(ctx context.Context, r Resource) *Store { return c.OpenView(ctx, r, View{}) }

// OpenView gives access to the objects of a resource that a view shows. The first OpenView of a view starts its watch; the
// last Close, or the end of Run, stops it. ctx says how to log and does not bound the store's life.
func (c *Cache) OpenView(ctx context.Context, r Resource, v View) *Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.informers[v.key(r)]
	if i == nil {
		i = c.newInformer(ctx, r, v)
	}
	i.references++
	return &Store{cache: c, informer: i}
}

// newInformer starts an informer, unless the cache has stopped. The caller holds mu.
func (c *Cache) newInformer(ctx context.Context, r Resource, v View) *informer {
	ctx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	health := &health{logger: klog.LoggerWithValues(klog.FromContext(ctx), "resource", r.GroupVersionResource)}
	i := &informer{
		resource: r, key: v.key(r), index: newIndex(), count: c.metrics.open(r), health: health, stop: stop,
		synced: make(chan struct{}), done: make(chan struct{}),
		source: &source[*Object]{client: c.client, path: listPath(r.GroupVersionResource), selector: v.Selector, health: health},
	}
	i.source.newDecode = func() func([]byte) (*item[*Object], error) {
		d := newDecoder(r, c.fieldManager, c.seed)
		d.take = v.take
		return d.item
	}
	c.informers[v.key(r)] = i
	if c.stopped {
		stop(errStopped)
		i.count.close()
		close(i.done)
		return i
	}
	c.running.Go(func() { i.run(ctx, c.clock) })
	return i
}

// release gives back one reference. After the last one the watch stops and the objects are freed.
func (c *Cache) release(i *informer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i.references--; i.references > 0 {
		return
	}
	delete(c.informers, i.key)
	i.stop(errUnused)
}
