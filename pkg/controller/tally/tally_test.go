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
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/component-base/metrics"
	testclock "k8s.io/utils/clock/testing"
)

// series returns all series with their value, or what a histogram has counted and added up.
func series(t *testing.T, registry metrics.KubeRegistry) []string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "hookplane_") {
			continue
		}
		for _, metric := range family.GetMetric() {
			line := family.GetName()
			for _, label := range metric.GetLabel() {
				line += " " + label.GetValue()
			}
			if histogram := metric.GetHistogram(); histogram != nil {
				line += fmt.Sprintf(" = %d, %gs", histogram.GetSampleCount(), histogram.GetSampleSum())
			} else {
				line += fmt.Sprintf(" = %g", metric.GetCounter().GetValue()+metric.GetGauge().GetValue())
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func newMetrics(t *testing.T) (*Metrics, metrics.KubeRegistry) {
	t.Helper()
	registry := metrics.NewKubeRegistry()
	m, err := New(registry.Register)
	if err != nil {
		t.Fatal(err)
	}
	return m, registry
}

func TestObserve(t *testing.T) {
	m, registry := newMetrics(t)
	c := m.Open("CompositeController", "c")
	c.Observe(Sync{Took: time.Second, Result: Success, Writes: map[Operation]int{Create: 3, Update: 0, Status: 1}})
	c.Observe(Sync{Took: time.Second, Result: Error})
	want := []string{
		"hookplane_queue_depth c CompositeController = 0",
		"hookplane_sync_duration_seconds c CompositeController = 2, 2s",
		"hookplane_syncs_total c CompositeController error = 1",
		"hookplane_syncs_total c CompositeController success = 1",
		"hookplane_writes_total c CompositeController create = 3",
		"hookplane_writes_total c CompositeController status = 1",
	}
	if diff := cmp.Diff(want, series(t, registry)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	c.Close()
	if diff := cmp.Diff([]string(nil), series(t, registry)); diff != "" {
		t.Errorf("after the controller has ended: -want, +got:\n%s", diff)
	}
}

// TestQueue has a controller replaced while its queue is not empty.
func TestQueue(t *testing.T) {
	m, registry := newMetrics(t)
	clock := testclock.NewFakeClock(time.Unix(0, 0))
	queueOf := func(c *Controller) workqueue.TypedInterface[string] {
		return workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[string]{Name: "c", MetricsProvider: c, Clock: clock})
	}
	before := m.Open("CompositeController", "c")
	queue := queueOf(before)
	for _, parent := range []string{"a", "b", "c"} {
		queue.Add(parent)
	}
	clock.Step(2 * time.Second)
	queue.Get()
	want := []string{"hookplane_queue_depth c CompositeController = 2", "hookplane_queue_wait_seconds c CompositeController = 1, 2s"}
	if diff := cmp.Diff(want, series(t, registry)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}

	after := m.Open("CompositeController", "c")
	successor := queueOf(after)
	successor.Add("a")
	queue.ShutDown()
	before.Close()
	want[0] = "hookplane_queue_depth c CompositeController = 1"
	if diff := cmp.Diff(want, series(t, registry)); diff != "" {
		t.Errorf("after the controller was replaced: -want, +got:\n%s", diff)
	}
	successor.ShutDown()
	after.Close()
	if diff := cmp.Diff([]string(nil), series(t, registry)); diff != "" {
		t.Errorf("after both have ended: -want, +got:\n%s", diff)
	}
}
