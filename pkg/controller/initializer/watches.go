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
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/initialization"
)

// watch is a running watch of one resource type.
type watch struct {
	version string      // in which the type is watched
	synced  func() bool // whether all objects have been seen
	stop    func()      // ends the watch and waits for that
}

// deferring returns the types of all initializers that defer or have objects waiting, and the versions in which they want them.
func (c *Controller) deferring() map[schema.GroupResource]string {
	types := map[schema.GroupResource]string{}
	for _, i := range c.Registry.Snapshot().Initializers {
		if i.Policy() != v1alpha1.InitializerDefer && !hasPending(i.Object) {
			continue
		}
		for _, resource := range i.Resources {
			if _, ok := types[resource.GroupResource()]; !ok {
				types[resource.GroupResource()] = resource.Version
			}
		}
	}
	return types
}

// rewatch watches the types of all initializers that defer or have objects waiting, and of all objects that wait.
func (c *Controller) rewatch(ctx context.Context) {
	wanted := c.deferring()
	c.mu.Lock()
	for k := range c.waiting {
		if _, ok := wanted[k.resource]; !ok {
			wanted[k.resource] = c.watches[k.resource].version
		}
	}
	running := maps.Clone(c.watches)
	c.mu.Unlock()

	for resource, w := range running {
		if _, ok := wanted[resource]; !ok && w.synced() {
			w.stop()
			if c.forget(resource) { // of what came until it stopped
				c.startWatch(ctx, resource, w.version)
			}
		}
	}
	for resource, version := range wanted {
		if running[resource] == nil {
			c.startWatch(ctx, resource, version)
		}
	}
}

// forget drops a watch that has stopped, with what was seen by it. It reports whether there were objects that wait.
func (c *Controller) forget(resource schema.GroupResource) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.watches, resource)
	before := len(c.waiting)
	maps.DeleteFunc(c.waiting, func(k key, _ []string) bool { return k.resource == resource })
	return len(c.waiting) < before
}

func hasPending(object *v1alpha1.InitializerController) bool {
	return object.Status.Objects != nil && object.Status.Objects.Pending > 0
}

func (c *Controller) startWatch(ctx context.Context, resource schema.GroupResource, version string) {
	informer := metadatainformer.NewFilteredMetadataInformer(c.Metadata, resource.WithVersion(version), metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()
	logger := klog.LoggerWithValues(klog.FromContext(ctx), "resource", resource)
	if err := informer.SetTransform(onlyPending); err != nil {
		logger.Error(err, "Cannot watch deferred objects")
		return
	}
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { c.observe(resource, object) },
		UpdateFunc: func(_, object any) { c.observe(resource, object) },
		DeleteFunc: func(object any) { c.observeGone(resource, object) },
	})
	if err != nil {
		logger.Error(err, "Cannot watch deferred objects")
		return
	}
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, logger))
	done := make(chan struct{})
	c.mu.Lock()
	c.watches[resource] = &watch{version: version, synced: registration.HasSynced, stop: func() {
		cancel()
		<-done
	}}
	c.mu.Unlock()
	// Started when the watch is known: sync passes over objects of types that are not watched.
	go func() {
		defer close(done)
		informer.RunWithContext(ctx)
	}()
}

// allSeen reports whether every watched type has been read, so that what does not wait is known too.
func (c *Controller) allSeen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.watches {
		if !w.synced() {
			return false
		}
	}
	return true
}

func (c *Controller) unwatchAll() {
	c.mu.Lock()
	running := slices.Collect(maps.Values(c.watches))
	c.mu.Unlock()
	for _, w := range running {
		w.stop()
	}
}

// onlyPending keeps of an object what is needed to find those that wait: most do not, and there may be many.
func onlyPending(object any) (any, error) {
	metadata, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	kept := &metav1.PartialObjectMetadata{TypeMeta: metadata.TypeMeta, ObjectMeta: metav1.ObjectMeta{
		Namespace: metadata.Namespace, Name: metadata.Name, UID: metadata.UID, ResourceVersion: metadata.ResourceVersion,
	}}
	if pending := metadata.Annotations[initialization.PendingAnnotation]; pending != "" {
		kept.Annotations = map[string]string{initialization.PendingAnnotation: pending}
	}
	return kept, nil
}

func (c *Controller) observe(resource schema.GroupResource, object any) {
	metadata, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return
	}
	k := key{resource, metadata.Namespace, metadata.Name}
	names := initialization.Pending(metadata.Annotations[initialization.PendingAnnotation])
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(names) == 0 {
		delete(c.waiting, k)
		return
	}
	if !slices.Equal(c.waiting[k], names) {
		c.waiting[k] = names
		c.queue.Add(k)
	}
}

func (c *Controller) observeGone(resource schema.GroupResource, object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	metadata, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, key{resource, metadata.Namespace, metadata.Name})
}

// isWaiting reports whether an object was last seen to wait.
func (c *Controller) isWaiting(k key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting[k]) > 0
}

// watchedVersion returns the version in which a resource type is watched.
func (c *Controller) watchedVersion(resource schema.GroupResource) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.watches[resource]
	if w == nil {
		return "", false
	}
	return w.version, true
}
