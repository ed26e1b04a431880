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
	"context"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/initialization"
)

// EventInitializeError is the reason of events about objects that an initializer did not complete. docs/protocol.md §8.
const EventInitializeError = "InitializeError"

// maxEventMessage is what the events API accepts.
const maxEventMessage = 1024

// report tells of a finished chain: metrics, the counts of the status, and events. A dry run counts in the metrics alone.
func (r *Reviewer) report(ctx context.Context, c *chain) {
	logger := klog.FromContext(ctx)
	for _, s := range c.steps {
		r.Metrics.observe(s)
		if !c.info.DryRun {
			r.tally.add(s)
		}
		failure := s.err
		if failure == nil || s.result == refused {
			continue
		}
		logger.V(2).Info("An initializer failed", "initializer", s.Name(), "result", s.result, "err", failure, "took", s.took)
		if c.info.DryRun || isEvent(c.request) {
			continue
		}
		r.Recorder.WithLogger(logger).Event(c.reference(), corev1.EventTypeWarning, EventInitializeError, clip(string(s.result)+": "+explain(s.Initializer, failure), maxEventMessage))
	}
}

// isEvent keeps an initializer of events from being called for the event that it failed.
func isEvent(request *admissionv1.AdmissionRequest) bool {
	return request.Resource.Resource == "events"
}

// reference names the object, which has no UID yet. One without a name is called what its name will begin with.
func (c *chain) reference() *corev1.ObjectReference {
	name := initialization.String(c.admitted, "metadata", "name")
	if name == "" {
		name = strings.TrimRight(initialization.String(c.admitted, "metadata", "generateName"), "-.")
	}
	kind := schema.GroupVersionKind{Group: c.request.Kind.Group, Version: c.request.Kind.Version, Kind: c.request.Kind.Kind}
	apiVersion, _ := kind.ToAPIVersionAndKind()
	return &corev1.ObjectReference{APIVersion: apiVersion, Kind: kind.Kind, Namespace: c.request.Namespace, Name: name}
}
