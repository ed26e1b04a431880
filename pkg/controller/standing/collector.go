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

package standing

import (
	"sync/atomic"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-base/metrics"
)

// The labels of a controller are those of the other metrics, so that they can be joined.
var (
	conditions = metrics.NewDesc("hookplane_controller_condition",
		"Whether a condition of a controller is True (1) or not (0), with its reason. Ready has the reason Unreported until somebody has looked at the controller.",
		[]string{"controller_type", "controller_name", "condition", "reason"}, nil, metrics.ALPHA, "")
	parents = metrics.NewDesc("hookplane_controller_parents",
		"Objects that a controller has a hook called for, by how their last sync ended: synced, failing, or waiting for the first one.",
		[]string{"controller_type", "controller_name", "state"}, nil, metrics.ALPHA, "")
	pending = metrics.NewDesc("hookplane_controller_pending_objects",
		"Objects that were created while the hook of an initializer failed, and wait for it.",
		[]string{"controller_type", "controller_name"}, nil, metrics.ALPHA, "")
)

const (
	conditionReady   = "Ready"
	reasonUnreported = "Unreported"
)

// Collector exposes the standing of the controllers that it is shown.
type Collector struct {
	metrics.BaseStableCollector
	list atomic.Pointer[func() []Controller]
}

var _ metrics.StableCollector = &Collector{}

// Show makes the collector expose what list returns whenever it is asked; nil: nothing any more.
func (c *Collector) Show(list func() []Controller) {
	if list == nil {
		c.list.Store(nil)
		return
	}
	c.list.Store(&list)
}

// DescribeWithStability implements metrics.StableCollector.
func (c *Collector) DescribeWithStability(ch chan<- *metrics.Desc) {
	ch <- conditions
	ch <- parents
	ch <- pending
}

// CollectWithStability implements metrics.StableCollector.
func (c *Collector) CollectWithStability(ch chan<- metrics.Metric) {
	list := c.list.Load()
	if list == nil {
		return
	}
	for _, controller := range (*list)() {
		controller.collect(ch)
	}
}

func (c *Controller) collect(ch chan<- metrics.Metric) {
	c.collectConditions(ch)
	if c.Objects != nil {
		ch <- metrics.NewLazyConstMetric(pending, metrics.GaugeValue, float64(c.Objects.Pending), c.Type, c.Name)
	}
	if c.Parents == nil {
		return
	}
	for state, n := range map[string]int32{
		"synced": c.Parents.Synced, "failing": c.Parents.Failing, "waiting": c.Parents.Total - c.Parents.Synced - c.Parents.Failing,
	} {
		ch <- metrics.NewLazyConstMetric(parents, metrics.GaugeValue, float64(n), c.Type, c.Name, state)
	}
}

func (c *Controller) collectConditions(ch chan<- metrics.Metric) {
	all := c.Conditions
	if meta.FindStatusCondition(all, conditionReady) == nil {
		all = append([]metav1.Condition{{Type: conditionReady, Status: metav1.ConditionUnknown, Reason: reasonUnreported}}, all...)
	}
	for _, condition := range all {
		value := 0.
		if condition.Status == metav1.ConditionTrue {
			value = 1
		}
		ch <- metrics.NewLazyConstMetric(conditions, metrics.GaugeValue, value, c.Type, c.Name, condition.Type, condition.Reason)
	}
}
