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
	"time"

	"k8s.io/component-base/metrics"
)

// Metrics count what the controllers do. The label controller is bounded by the number of
// CompositeControllers; a controller that is deleted takes its series along.
type Metrics struct {
	syncs    *metrics.CounterVec
	duration *metrics.HistogramVec
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(register func(metrics.Registerable) error) (*Metrics, error) {
	m := &Metrics{
		syncs: metrics.NewCounterVec(&metrics.CounterOpts{
			Namespace: "hookplane", Subsystem: "composite", Name: "syncs_total",
			Help:           "Syncs of parents, by controller and result (success or error).",
			StabilityLevel: metrics.ALPHA,
		}, []string{"controller", "result"}),
		duration: metrics.NewHistogramVec(&metrics.HistogramOpts{
			Namespace: "hookplane", Subsystem: "composite", Name: "sync_duration_seconds",
			Help:           "Duration of a parent's sync, hook call and writes included, by controller.",
			Buckets:        metrics.ExponentialBuckets(0.001, 4, 8),
			StabilityLevel: metrics.ALPHA,
		}, []string{"controller"}),
	}
	for _, metric := range []metrics.Registerable{m.syncs, m.duration} {
		if err := register(metric); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) observe(controller string, err error, took time.Duration) {
	result := "success"
	if reportable(err) != nil {
		result = "error"
	}
	m.syncs.WithLabelValues(controller, result).Inc()
	m.duration.WithLabelValues(controller).Observe(took.Seconds())
}

func (m *Metrics) forget(controller string) {
	m.syncs.DeletePartialMatch(map[string]string{"controller": controller})
	m.duration.DeletePartialMatch(map[string]string{"controller": controller})
}
