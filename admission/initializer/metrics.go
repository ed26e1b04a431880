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
	"sync"

	"k8s.io/component-base/metrics"
)

// Metrics are what initializers do at admission. The values of their label initializer are the names of
// InitializerControllers that exist.
type Metrics struct {
	calls    *metrics.CounterVec
	duration *metrics.HistogramVec

	mu    sync.Mutex
	names map[string]bool // those that have series
}

const labelInitializer = "initializer"

// NewMetrics registers the metrics.
func NewMetrics(register func(metrics.Registerable) error) (*Metrics, error) {
	m := &Metrics{
		names: map[string]bool{},
		calls: metrics.NewCounterVec(&metrics.CounterOpts{
			Namespace: "hookplane", Subsystem: "initializer", Name: "admissions_total",
			Help:           "New objects that matched an initializer at admission, by initializer and result (completed, refused, failed, ignored or deferred).",
			StabilityLevel: metrics.ALPHA,
		}, []string{labelInitializer, "result"}),
		duration: metrics.NewHistogramVec(&metrics.HistogramOpts{
			Namespace: "hookplane", Subsystem: "initializer", Name: "call_duration_seconds",
			Help:           "Duration of the calls of an initializer's hook at admission, by initializer.",
			Buckets:        metrics.ExponentialBuckets(0.001, 3, 10),
			StabilityLevel: metrics.ALPHA,
		}, []string{labelInitializer}),
	}
	for _, metric := range []metrics.Registerable{m.calls, m.duration} {
		if err := register(metric); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) observe(s step) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names[s.Name()] = true
	m.calls.WithLabelValues(s.Name(), string(s.result)).Inc()
	if s.called {
		m.duration.WithLabelValues(s.Name()).Observe(s.took.Seconds())
	}
}

// keep drops the series of all initializers but those.
func (m *Metrics) keep(existing map[string]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.names {
		if existing[name] {
			continue
		}
		delete(m.names, name)
		m.calls.DeletePartialMatch(map[string]string{labelInitializer: name})
		m.duration.DeletePartialMatch(map[string]string{labelInitializer: name})
	}
}
