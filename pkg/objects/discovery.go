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
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
)

const (
	// discoveryAge is for how long a discovery document is used again. Changes that the watches tell
	// of drop it earlier.
	discoveryAge = 10 * time.Second
	// discoveryTimeout bounds one request for a document.
	discoveryTimeout = 30 * time.Second
)

// discovery reads which resources the cluster serves in a group version, when somebody asks.
type discovery struct {
	client rest.Interface
	clock  clock.Clock

	mu        sync.Mutex
	epoch     int // counts the calls of forget
	documents map[schema.GroupVersion]document
}

// document is what the cluster serves in one group version.
type document struct {
	resources []metav1.APIResource
	read      time.Time
}

func newDiscovery(client rest.Interface, clock clock.Clock) *discovery {
	return &discovery{client: client, clock: clock, documents: map[schema.GroupVersion]document{}}
}

// forget makes all documents be read again.
func (d *discovery) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
	clear(d.documents)
}

// find looks a resource up. Like Cache.Lookup it tells "not now" from other errors.
func (d *discovery) find(ctx context.Context, gvr schema.GroupVersionResource) (Resource, error) {
	served, err := d.resources(ctx, gvr.GroupVersion())
	if apierrors.IsNotFound(err) {
		return Resource{}, notFound(gvr)
	}
	if err != nil {
		return Resource{}, fmt.Errorf("cannot find out whether the cluster serves %s in %s: %w", gvr.Resource, gvr.GroupVersion(), err)
	}
	named := func(name string) int {
		return slices.IndexFunc(served, func(r metav1.APIResource) bool { return r.Name == name })
	}
	at := named(gvr.Resource)
	if at < 0 || strings.Contains(gvr.Resource, "/") {
		return Resource{}, notFound(gvr)
	}
	return Resource{
		GroupVersionResource: gvr, Kind: served[at].Kind, Namespaced: served[at].Namespaced,
		HasStatus: named(gvr.Resource+"/status") >= 0,
	}, nil
}

// resources returns what the cluster serves in a group version.
func (d *discovery) resources(ctx context.Context, gv schema.GroupVersion) ([]metav1.APIResource, error) {
	d.mu.Lock()
	known, found := d.documents[gv]
	epoch := d.epoch
	d.mu.Unlock()
	if found && d.clock.Since(known.read) < discoveryAge {
		return known.resources, nil
	}
	served, err := d.read(ctx, gv)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.epoch == epoch { // else it may be out of date already
		d.documents[gv] = document{resources: served, read: d.clock.Now()}
	}
	return served, nil
}

// versions returns the versions of a group that the cluster serves, as apiVersions, the preferred one first. They are none when it does
// not serve the group.
func (d *discovery) versions(ctx context.Context, group string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	body, err := d.client.Get().AbsPath("/apis/" + group).DoRaw(ctx)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot find out in which versions the cluster serves %s: %w", group, err)
	}
	served, err := parse[metav1.APIGroup](body)
	if err != nil {
		return nil, fmt.Errorf("the discovery document of %s is not valid: %w", group, err)
	}
	versions := make([]string, 0, len(served.Versions))
	for _, version := range served.Versions {
		versions = append(versions, version.GroupVersion)
	}
	return versions, nil
}

func (d *discovery) read(ctx context.Context, gv schema.GroupVersion) ([]metav1.APIResource, error) {
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	body, err := d.client.Get().AbsPath(groupVersionPath(gv)).DoRaw(ctx)
	if err != nil {
		return nil, err
	}
	list, err := parse[metav1.APIResourceList](body)
	if err != nil {
		return nil, fmt.Errorf("the discovery document is not valid: %w", err)
	}
	return list.APIResources, nil
}
