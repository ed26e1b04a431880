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

package meter

import (
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/component-base/metrics"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/hook"
)

// Hooks that have metrics. Others are not counted.
const (
	Sync      = "sync"
	Finalize  = "finalize"
	Customize = "customize"
	Init      = "init" // of which Metacontroller has none
)

// Labels of every series, and those that tell the series of one hook apart.
const (
	labelURL            = "url"
	labelControllerName = "controller_name"
	labelControllerType = "controller_type"
	labelCode           = "code"
	labelMethod         = "method"
	labelEvent          = "event"
)

// Series says whose calls are counted.
type Series struct {
	// Hook is one of the constants.
	Hook string
	// URL is what is called. It has no credentials.
	URL string
	// ControllerName and ControllerType are the name and the kind of the controller that calls.
	ControllerName, ControllerType string
}

func (s Series) labels() map[string]string {
	return map[string]string{labelURL: s.URL, labelControllerName: s.ControllerName, labelControllerType: s.ControllerType}
}

// with returns the labels of the series and one more.
func (s Series) with(name, value string) map[string]string {
	labels := s.labels()
	labels[name] = value
	return labels
}

// Metrics are the metrics of all hooks of a process.
type Metrics struct {
	clock clock.PassiveClock
	hooks map[string]*collectors // by the hook's name

	mu    sync.Mutex
	users map[Series]int // how many hooks are open that are counted there
}

// New makes the metrics and registers them.
func New(register func(metrics.Registerable) error, clock clock.PassiveClock) (*Metrics, error) {
	m := &Metrics{clock: clock, hooks: map[string]*collectors{}, users: map[Series]int{}}
	for _, name := range []string{Sync, Finalize, Customize, Init} {
		m.hooks[name] = newCollectors(name)
		for _, collector := range m.hooks[name].all() {
			if err := register(collector); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// Wrap returns a hook that calls inner and counts that, while it is open. A hook that has no metrics is returned as it is.
func (m *Metrics) Wrap(inner hook.Hook, series Series) hook.Hook {
	if m.hooks[series.Hook] == nil {
		return inner
	}
	return &Hook{Hook: inner, metrics: m, series: series}
}

// open keeps the series until they were closed as often.
func (m *Metrics) open(series Series) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users[series]++
}

// close drops the series when nobody is counted there any more.
func (m *Metrics) close(series Series) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users[series]--; m.users[series] > 0 {
		return
	}
	delete(m.users, series)
	m.hooks[series.Hook].forget(series.labels())
}

// reached notes that a call which started then came to an event. A connection may be made still when the call that asked for
// it was given up and its hook closed: that must not bring the series back.
func (m *Metrics) reached(histogram *metrics.HistogramVec, series Series, event string, started time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users[series] > 0 {
		histogram.With(series.with(labelEvent, event)).Observe(m.clock.Since(started).Seconds())
	}
}

// collectors are the metrics of the hooks of one name.
type collectors struct {
	requests *metrics.CounterVec
	inFlight *metrics.GaugeVec
	duration *metrics.HistogramVec
	dns, tls *metrics.HistogramVec
}

func newCollectors(hook string) *collectors {
	common := slices.Sorted(maps.Keys(Series{}.labels()))
	histogram := func(name, help, label string) *metrics.HistogramVec {
		return metrics.NewHistogramVec(&metrics.HistogramOpts{
			Namespace: "metacontroller", Subsystem: hook, Name: name, Help: help, Buckets: metrics.DefBuckets, StabilityLevel: metrics.ALPHA,
		}, append(slices.Clone(common), label))
	}
	return &collectors{
		requests: metrics.NewCounterVec(&metrics.CounterOpts{
			Namespace: "metacontroller", Subsystem: hook, Name: "requests_total",
			Help: "Calls of " + hook + " hooks, by the status code of the answer (0: there was none).", StabilityLevel: metrics.ALPHA,
		}, append(slices.Clone(common), labelCode, labelMethod)),
		inFlight: metrics.NewGaugeVec(&metrics.GaugeOpts{
			Namespace: "metacontroller", Subsystem: hook, Name: "in_flight_requests",
			Help: "Calls of " + hook + " hooks that wait for their answer.", StabilityLevel: metrics.ALPHA,
		}, common),
		duration: histogram("request_duration_histogram_seconds", "Duration of calls of "+hook+" hooks that were answered.", labelMethod),
		dns:      histogram("dns_duration_histogram_seconds", "Time from the start of a call of a "+hook+" hook until name resolution began and ended.", labelEvent),
		tls:      histogram("tls_duration_histogram_seconds", "Time from the start of a call of a "+hook+" hook until the TLS handshake began and ended.", labelEvent),
	}
}

func (c *collectors) all() []metrics.Registerable {
	return []metrics.Registerable{c.requests, c.inFlight, c.duration, c.dns, c.tls}
}

// forget drops the series that have all of the labels.
func (c *collectors) forget(labels map[string]string) {
	c.requests.DeletePartialMatch(labels)
	c.inFlight.DeletePartialMatch(labels)
	for _, histogram := range []*metrics.HistogramVec{c.duration, c.dns, c.tls} {
		histogram.DeletePartialMatch(labels)
	}
}
