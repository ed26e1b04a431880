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
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
)

// typeCatalog knows which resource types the cluster serves: custom resources by watching their
// definitions, all others by discovery on demand.
type typeCatalog struct {
	client      rest.Interface
	clock       clock.WithTicker
	crds        *definitions
	apiServices *definitions
	discovery   *discovery
	changes     *changes
}

func newTypeCatalog(client rest.Interface, clock clock.WithTicker) *typeCatalog {
	discovery := newDiscovery(client, clock)
	changes := newChanges(clock, discovery.forget)
	return &typeCatalog{
		client: client, clock: clock, discovery: discovery, changes: changes,
		crds: &definitions{
			resource: schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"},
			decode:   decodeCRD, changed: changes.notify,
		},
		apiServices: &definitions{
			resource: schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"},
			decode:   decodeAPIService, changed: changes.notify,
		},
	}
}

// run watches the definitions until ctx ends and all that it started has ended.
func (t *typeCatalog) run(ctx context.Context) {
	var watches sync.WaitGroup
	defer watches.Wait()
	watches.Go(func() { t.crds.run(ctx, t.client, t.clock) })
	watches.Go(func() { t.apiServices.run(ctx, t.client, t.clock) })
	t.changes.run(ctx)
}

// lookup does Cache.Lookup.
func (t *typeCatalog) lookup(ctx context.Context, apiVersion, resource string) (Resource, error) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil || gv.Version == "" || resource == "" {
		return Resource{}, &ResourceNotFoundError{APIVersion: apiVersion, Resource: resource}
	}
	gvr := gv.WithResource(resource)
	if crd := t.definitionOf(gvr); crd != nil {
		return crd.resource(gvr)
	}
	return t.discovery.find(ctx, gvr)
}

// definitionOf returns the definition of a custom resource: what it says is ahead of discovery. It is
// nil when there is none, or when another server serves the resource's group version.
func (t *typeCatalog) definitionOf(gvr schema.GroupVersionResource) *definition {
	service := t.apiServices.get(apiServiceName(gvr.GroupVersion()))
	if service != nil && service.delegated {
		return nil
	}
	return t.crds.get(crdName(gvr))
}

func notFound(gvr schema.GroupVersionResource) error {
	return &ResourceNotFoundError{APIVersion: gvr.GroupVersion().String(), Resource: gvr.Resource}
}
