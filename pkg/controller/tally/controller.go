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

package tally

import (
	"sync/atomic"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/component-base/metrics"
)

// Controller counts for one controller, and for one queue of its.
type Controller struct {
	nothing
	metrics  *Metrics
	identity identity
	depth    depth
}

var _ workqueue.MetricsProvider = &Controller{}

// Observe counts a sync.
func (c *Controller) Observe(s Sync) {
	c.metrics.syncs.WithLabelValues(c.identity.kind, c.identity.name, string(s.Result)).Inc()
	c.metrics.duration.WithLabelValues(c.identity.kind, c.identity.name).Observe(s.Took.Seconds())
	for operation, n := range s.Writes {
		if n > 0 {
			c.metrics.writes.WithLabelValues(c.identity.kind, c.identity.name, string(operation)).Add(float64(n))
		}
	}
}

// Close takes back what is left in the queue. The queue must be shut down, and nothing is counted any more.
func (c *Controller) Close() {
	c.depth.gauge.Add(-float64(c.depth.n.Load()))
	c.metrics.close(c.identity)
}

// NewDepthMetric implements workqueue.MetricsProvider.
func (c *Controller) NewDepthMetric(string) workqueue.GaugeMetric { return &c.depth }

// NewLatencyMetric implements workqueue.MetricsProvider.
func (c *Controller) NewLatencyMetric(string) workqueue.HistogramMetric {
	return c.metrics.wait.WithLabelValues(c.identity.kind, c.identity.name)
}

// depth is the part of one queue in a gauge that it shares with its successor.
type depth struct {
	gauge metrics.GaugeMetric
	n     atomic.Int64
}

// Inc implements workqueue.GaugeMetric.
func (d *depth) Inc() {
	d.n.Add(1)
	d.gauge.Inc()
}

// Dec implements workqueue.GaugeMetric.
func (d *depth) Dec() {
	d.n.Add(-1)
	d.gauge.Dec()
}

// nothing are the metrics of a queue that syncs tell better.
type nothing struct{}

func (nothing) NewAddsMetric(string) workqueue.CounterMetric { return nothing{} }

func (nothing) NewWorkDurationMetric(string) workqueue.HistogramMetric { return nothing{} }

func (nothing) NewUnfinishedWorkSecondsMetric(string) workqueue.SettableGaugeMetric { return nothing{} }

func (nothing) NewLongestRunningProcessorSecondsMetric(string) workqueue.SettableGaugeMetric {
	return nothing{}
}

func (nothing) NewRetriesMetric(string) workqueue.CounterMetric { return nothing{} }

func (nothing) Inc()            {}
func (nothing) Set(float64)     {}
func (nothing) Observe(float64) {}
