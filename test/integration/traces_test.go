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

package integration

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// collector takes traces as an OpenTelemetry collector does.
type collector struct {
	collectorv1.UnimplementedTraceServiceServer
	address string

	mu    sync.Mutex
	spans []*tracev1.Span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{address: listener.Addr().String()}
	server := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(server, c)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Stop
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return c
}

// Export implements collectorv1.TraceServiceServer.
func (c *collector) Export(_ context.Context, request *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		if attribute(resource.GetResource().GetAttributes(), "service.name") != "hookplane" {
			return nil, fmt.Errorf("spans of an unknown service: %v", resource.GetResource())
		}
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// all returns what was collected.
func (c *collector) all() []*tracev1.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// find returns the first span of a name with an attribute.
func (c *collector) find(name, key, value string) *tracev1.Span {
	for _, span := range c.all() {
		if span.GetName() == name && attribute(span.GetAttributes(), key) == value {
			return span
		}
	}
	return nil
}

// tree returns the spans below one, sorted, as "parent > name code".
func (c *collector) tree(root *tracev1.Span) []string {
	names := map[string]string{}
	for _, span := range c.all() {
		names[string(span.GetSpanId())] = span.GetName()
	}
	var lines []string
	for _, span := range c.all() {
		if string(span.GetTraceId()) == string(root.GetTraceId()) && span != root {
			line := names[string(span.GetParentSpanId())] + " > " + span.GetName()
			if status := attribute(span.GetAttributes(), "http.response.status_code"); status != "" {
				line += " " + status
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

func attribute(attributes []*commonv1.KeyValue, key string) string {
	for _, a := range attributes {
		if a.GetKey() == key {
			if text := a.GetValue().GetStringValue(); text != "" {
				return text
			}
			return fmt.Sprint(a.GetValue().GetIntValue())
		}
	}
	return ""
}

// traced starts the server anew, with its traces sent to a collector, until restore is called.
func traced(t *testing.T) (c *collector, restore func()) {
	t.Helper()
	c = newCollector(t)
	config := filepath.Join(t.TempDir(), "tracing.yaml")
	text := fmt.Sprintf("apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: %s\nsamplingRatePerMillion: 1000000\n", c.address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := env.options.Flags
	env.options.Flags = append(slices.Clone(flags), "--tracing-config-file="+config)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100") // milliseconds
	restart(t)
	return c, func() {
		env.options.Flags = flags
		restart(t)
	}
}

// noteTraceparent has a hook keep the header traceparent of its calls.
func noteTraceparent(h *hookServer) func() []string {
	var mu sync.Mutex
	var seen []string
	h.mu.Lock()
	inner := h.handler
	h.mu.Unlock()
	h.handle(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Header.Get("traceparent"))
		mu.Unlock()
		inner(w, r)
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

// traceparent is the header that continues the trace below a span.
func traceparent(span *tracev1.Span) string {
	return fmt.Sprintf("00-%s-%s-01", hex.EncodeToString(span.GetTraceId()), hex.EncodeToString(span.GetSpanId()))
}

// TestTraces has syncs of a composite and of a decorator, and an initializer, be traces from the change to the last write.
func TestTraces(t *testing.T) {
	traces, restore := traced(t)
	defer restore()
	namespace := newNamespace(t)
	const secret = "zanzibar"

	kind := newKind(t, "traced")
	hook := newHook(t, func(in request) response {
		answer := threeConfigMaps(in)
		answer.Children = answer.Children[:2]
		return answer
	})
	seen := noteTraceparent(hook)
	newController(t, kind, hook, func(c *v1alpha1.CompositeController) {
		c.Spec.Hooks.Sync.Webhook.URL += "?token=" + secret
	})
	newParent(t, kind, namespace, "p", map[string]any{"value": secret})

	t.Run("Composite", func(t *testing.T) {
		root := eventuallyTraced(t, traces, "sync "+kind.Resource, "hookplane.cause", "Appeared", []string{
			"sync traceds > create configmaps 201", "sync traceds > create configmaps 201", "sync traceds > hook sync 200",
			"sync traceds > plan", "sync traceds > queue", "sync traceds > update status of traceds 200",
		})
		for key, want := range map[string]string{
			"hookplane.controller.kind": "CompositeController", "hookplane.parent.name": "p", "hookplane.parent.namespace": namespace,
		} {
			if got := attribute(root.GetAttributes(), key); got != want {
				t.Errorf("the sync has %s=%q, want %q", key, got, want)
			}
		}
		for _, span := range traces.all() {
			if string(span.GetTraceId()) != string(root.GetTraceId()) {
				continue
			}
			if span.GetName() == "hook sync" {
				if !slices.Contains(seen(), traceparent(span)) {
					t.Errorf("the hook was sent traceparent %q, want %s among them", seen(), traceparent(span))
				}
				if got, want := attribute(span.GetAttributes(), "url.full"), hook.URL(); got != want {
					t.Errorf("the hook's URL is told as %q, want %q", got, want)
				}
			}
			if span.GetStartTimeUnixNano() < root.GetStartTimeUnixNano() || span.GetEndTimeUnixNano() > root.GetEndTimeUnixNano() {
				t.Errorf("the span %s is not within the sync", span.GetName())
			}
		}
	})
	t.Run("Decorator", func(t *testing.T) {
		newDecorator(t, "tracer", newDecoratorHook(t, func(decoratorRequest) decoratorResponse {
			return decoratorResponse{Labels: object{"decorated": "yes"}}
		}), of(decorate(kind.GroupVersionResource)))
		eventuallyTraced(t, traces, "sync tracer", "hookplane.cause", "Appeared", []string{
			"sync tracer > hook sync 200", "sync tracer > patch traceds 200", "sync tracer > plan", "sync tracer > queue",
		})
	})
	t.Run("Initializer", func(t *testing.T) {
		hook := newInitHook(t, addLabel("initialized", "yes"))
		seen := noteTraceparent(hook)
		newInitializer(t, namespace, "traced", hook)
		eventuallyLabelled(t, namespace, "initialized", "yes")
		eventually(t, "the call of the hook is a part of the request", func() error {
			call := traces.find("hook init", "url.full", hook.URL())
			if call == nil {
				return fmt.Errorf("there is no such span")
			}
			if !slices.Contains(seen(), traceparent(call)) {
				return fmt.Errorf("the hook was sent traceparent %q, want %s among them", seen(), traceparent(call))
			}
			for _, span := range traces.all() {
				if string(span.GetTraceId()) == string(call.GetTraceId()) && strings.HasPrefix(span.GetName(), "POST /apis/admission.metacontroller.k8s.io/") {
					return nil
				}
			}
			return fmt.Errorf("its trace is %q", traces.tree(call))
		})
	})
	for _, span := range traces.all() {
		if strings.Contains(span.String(), secret) {
			t.Errorf("a span tells a secret: %s", span)
		}
	}
}

// eventuallyTraced waits for a trace that begins with a span of this name and attribute and has exactly these spans below, and returns its root.
func eventuallyTraced(t *testing.T, traces *collector, name, key, value string, want []string) *tracev1.Span {
	t.Helper()
	var root *tracev1.Span
	eventually(t, "a trace of "+name+" was collected", func() error {
		if root = traces.find(name, key, value); root == nil {
			return fmt.Errorf("there is none")
		}
		if diff := cmp.Diff(want, traces.tree(root)); diff != "" {
			return fmt.Errorf("its spans differ (-want +got):\n%s", diff)
		}
		return nil
	})
	return root
}
