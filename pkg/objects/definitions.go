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
	"maps"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// definitions keeps all CustomResourceDefinitions or all APIServices, and tells when one changes in
// what it makes the cluster serve. It is safe for concurrent use.
type definitions struct {
	resource schema.GroupVersionResource
	decode   func([]byte) (*item[*definition], error)
	changed  func()

	mu     sync.RWMutex
	byName map[string]*definition
	health *health // nil until run
}

var _ sink[*definition] = &definitions{}

// run watches until ctx ends.
func (d *definitions) run(ctx context.Context, client rest.Interface, clock clock.Clock) {
	health := &health{logger: klog.LoggerWithValues(klog.FromContext(ctx), "resource", d.resource)}
	d.mu.Lock()
	d.health = health
	d.mu.Unlock()
	s := &source[*definition]{client: client, path: listPath(d.resource), health: health}
	s.newDecode = func() func([]byte) (*item[*definition], error) { return d.decode }
	s.run(ctx, clock, d)
}

// get returns a definition by name; nil when there is none, or when what is known may be out of date.
func (d *definitions) get(name string) *definition {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.health == nil || d.health.current() != nil {
		return nil
	}
	return d.byName[name]
}

func (d *definitions) put(next *definition) {
	d.mu.Lock()
	known := d.byName[next.name]
	if d.byName == nil {
		d.byName = map[string]*definition{}
	}
	d.byName[next.name] = next
	d.mu.Unlock()
	if known == nil || !known.equal(next) {
		d.changed()
	}
}

func (d *definitions) drop(gone *definition) {
	d.mu.Lock()
	delete(d.byName, gone.name)
	d.mu.Unlock()
	d.changed()
}

func (d *definitions) replace(listed []*definition) {
	d.mu.Lock()
	known := d.byName
	d.byName = make(map[string]*definition, len(listed))
	for _, definition := range listed {
		d.byName[definition.name] = definition
	}
	changed := !maps.EqualFunc(known, d.byName, (*definition).equal)
	d.mu.Unlock()
	if changed {
		d.changed()
	}
}
