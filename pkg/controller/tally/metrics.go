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
	"sync"
	"time"

	"k8s.io/component-base/metrics"
)

// Operation is a kind of write.
type Operation string

// What syncs write: children, who owns them, the status of the parent, and, of a decorated object, what of it changes.
const (
	Create  Operation = "create"
	Update  Operation = "update"
	Delete  Operation = "delete"
	Adopt   Operation = "adopt"
	Release Operation = "release"
	Status  Operation = "status"
	// Decorate is the write of labels, annotations and status to an object of somebody else.
	Decorate Operation = "decorate"
)

// Result is how a sync ended.
type Result string

const (
	// Success is a sync that did all that there was to do.
	Success Result = "success"
	// Retry is one that is repeated for no fault: the hook asked for patience, or an object changed meanwhile.
	Retry Result = "retry"
	// Error is one that failed.
	Error Result = "error"
)

// Sync is what one sync of a parent did.
type Sync struct {
	Took   time.Duration
	Result Result
	// Writes are those that changed something.
	Writes map[Operation]int
}

// The labels of a controller are those of Metacontroller's metrics of hooks, so that both can be joined.
const (
	labelType      = "controller_type"
	labelName      = "controller_name"
	labelResult    = "result"
	labelOperation = "operation"
)

// identity is the labels' values.
type identity struct{ kind, name string }

// Metrics are the metrics of all controllers of a process.
type Metrics struct {
	syncs    *metrics.CounterVec
	writes   *metrics.CounterVec
	duration *metrics.HistogramVec
	depth    *metrics.GaugeVec
	wait     *metrics.HistogramVec

	mu    sync.Mutex
	users map[identity]int // a controller that is replaced runs twice for a moment
}

// New makes the metrics and registers them.
func New(register func(metrics.Registerable) error) (*Metrics, error) {
	m := &Metrics{
		users: map[identity]int{},
		syncs: metrics.NewCounterVec(&metrics.CounterOpts{
			Namespace: "hookplane", Name: "syncs_total", StabilityLevel: metrics.ALPHA,
			Help: "Syncs of parents, by result: success, error, or retry when they are repeated for no fault.",
		}, []string{labelType, labelName, labelResult}),
		writes: metrics.NewCounterVec(&metrics.CounterOpts{
			Namespace: "hookplane", Name: "writes_total", StabilityLevel: metrics.ALPHA,
			Help: "Writes that changed something, by operation: create, update, delete, adopt, release (of children), status (of the parent), decorate (of an object of somebody else).",
		}, []string{labelType, labelName, labelOperation}),
		duration: metrics.NewHistogramVec(&metrics.HistogramOpts{
			Namespace: "hookplane", Name: "sync_duration_seconds", StabilityLevel: metrics.ALPHA,
			Help:    "Duration of a parent's sync, hook call and writes included.",
			Buckets: metrics.ExponentialBuckets(0.001, 4, 8),
		}, []string{labelType, labelName}),
		depth: metrics.NewGaugeVec(&metrics.GaugeOpts{
			Namespace: "hookplane", Name: "queue_depth", StabilityLevel: metrics.ALPHA,
			Help: "Parents that wait for a worker.",
		}, []string{labelType, labelName}),
		wait: metrics.NewHistogramVec(&metrics.HistogramOpts{
			Namespace: "hookplane", Name: "queue_wait_seconds", StabilityLevel: metrics.ALPHA,
			Help:    "How long parents that were due waited for a worker.",
			Buckets: metrics.ExponentialBuckets(0.001, 4, 8),
		}, []string{labelType, labelName}),
	}
	for _, metric := range []metrics.Registerable{m.syncs, m.writes, m.duration, m.depth, m.wait} {
		if err := register(metric); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Open returns what counts for a controller. Whoever opens it closes it.
func (m *Metrics) Open(kind, name string) *Controller {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := identity{kind, name}
	m.users[id]++
	return &Controller{metrics: m, identity: id, depth: depth{gauge: m.depth.WithLabelValues(kind, name)}}
}

// close drops the series of a controller that nobody counts for any more.
func (m *Metrics) close(id identity) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users[id]--; m.users[id] > 0 {
		return
	}
	delete(m.users, id)
	labels := map[string]string{labelType: id.kind, labelName: id.name}
	m.syncs.DeletePartialMatch(labels)
	m.writes.DeletePartialMatch(labels)
	m.duration.DeletePartialMatch(labels)
	m.depth.DeletePartialMatch(labels)
	m.wait.DeletePartialMatch(labels)
}
