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
	"sync"

	"k8s.io/component-base/metrics"
)

// Metrics tell what caches hold, by resource type. Nil counts nothing.
type Metrics struct {
	objects, bytes *metrics.GaugeVec

	mu    sync.Mutex
	users map[Resource]int // views that are open
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(register func(metrics.Registerable) error) (*Metrics, error) {
	labels := []string{"group", "version", "resource"}
	m := &Metrics{
		users: map[Resource]int{},
		objects: metrics.NewGaugeVec(&metrics.GaugeOpts{
			Namespace: "hookplane", Name: "cached_objects", StabilityLevel: metrics.ALPHA,
			Help: "Objects that are kept in memory. One counts once for each selection of its type that controllers watch and that it is in.",
		}, labels),
		bytes: metrics.NewGaugeVec(&metrics.GaugeOpts{
			Namespace: "hookplane", Name: "cached_object_bytes", StabilityLevel: metrics.ALPHA,
			Help: "Size of the JSON of the objects that are kept in memory.",
		}, labels),
	}
	for _, metric := range []metrics.Registerable{m.objects, m.bytes} {
		if err := register(metric); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// open returns what counts the objects of one view. Whoever opens it closes it.
func (m *Metrics) open(r Resource) *count {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users[r]++
	return &count{
		metrics: m, resource: r,
		objects: m.objects.WithLabelValues(r.Group, r.Version, r.Resource),
		bytes:   m.bytes.WithLabelValues(r.Group, r.Version, r.Resource),
	}
}

// count counts what one view holds. Nil counts nothing. It is for one goroutine at a time.
type count struct {
	metrics         *Metrics
	resource        Resource
	objects, bytes  metrics.GaugeMetric
	ofAll, inMemory int // objects and bytes
}

// replace counts an object in place of its older state. Both may be nil.
func (c *count) replace(old, o *Object) {
	if c == nil {
		return
	}
	objects, bytes := 0, 0
	if old != nil {
		objects, bytes = objects-1, bytes-len(old.Raw)
	}
	if o != nil {
		objects, bytes = objects+1, bytes+len(o.Raw)
	}
	c.add(objects, bytes)
}

func (c *count) add(objects, bytes int) {
	c.ofAll, c.inMemory = c.ofAll+objects, c.inMemory+bytes
	c.objects.Add(float64(objects))
	c.bytes.Add(float64(bytes))
}

// close takes back what was counted, and drops the series of a resource that nobody watches any more.
func (c *count) close() {
	if c == nil {
		return
	}
	c.metrics.mu.Lock()
	defer c.metrics.mu.Unlock()
	c.add(-c.ofAll, -c.inMemory)
	if c.metrics.users[c.resource]--; c.metrics.users[c.resource] > 0 {
		return
	}
	delete(c.metrics.users, c.resource)
	c.metrics.objects.DeleteLabelValues(c.resource.Group, c.resource.Version, c.resource.Resource)
	c.metrics.bytes.DeleteLabelValues(c.resource.Group, c.resource.Version, c.resource.Resource)
}
