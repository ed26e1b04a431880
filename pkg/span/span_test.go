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

package span_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/pkg/span"
)

type cause string

func (c cause) String() string { return string(c) }

var (
	since = time.Unix(100, 0)
	taken = time.Unix(101, 0)
)

func newTracer(t *testing.T) (span.Tracer, *tracetest.InMemoryExporter) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	return span.NewTracer(provider), exporter
}

// recorded is a span as tests compare it.
type recorded struct {
	Name, Parent, Status string
	Attributes           map[string]string
}

func spansOf(exporter *tracetest.InMemoryExporter) []recorded {
	names := map[trace.SpanID]string{}
	var all []recorded
	spans := exporter.GetSpans()
	for i := range spans {
		names[spans[i].SpanContext.SpanID()] = spans[i].Name
	}
	for i := range spans {
		attributes := map[string]string{}
		for _, attribute := range spans[i].Attributes {
			attributes[string(attribute.Key)] = attribute.Value.String()
		}
		all = append(all, recorded{spans[i].Name, names[spans[i].Parent.SpanID()], spans[i].Status.Description, attributes})
	}
	return all
}

func TestTracerSync(t *testing.T) {
	tracer, exporter := newTracer(t)
	ctx, sync := tracer.Sync(t.Context(), span.Sync{
		ControllerKind: "CompositeController", ControllerName: "things", APIVersion: "v1", Kind: "Thing", Namespace: "n", Name: "t", UID: "u",
		Cause: cause("ParentChanged"), Since: since, Taken: taken,
	})
	inner, call := span.StartCall(ctx, "hook sync")
	call.Int("size", 3)
	call.Bool("cached", true)
	call.String("empty", "")
	_, write := span.Start(inner, "write")
	write.Name("create", "pods")
	write.End(apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "secret", errors.New("secret")))
	span.Current(inner).String("current", "yes")
	call.End(nil)
	sync.End(fmt.Errorf("secret: %w", errors.Join(context.DeadlineExceeded)))

	want := []recorded{
		{Name: "queue", Parent: "sync things", Attributes: map[string]string{}},
		{Name: "create pods", Parent: "hook sync", Status: "Forbidden", Attributes: map[string]string{"error.type": "Forbidden"}},
		{Name: "hook sync", Parent: "sync things", Attributes: map[string]string{"size": "3", "cached": "true", "current": "yes"}},
		{Name: "sync things", Status: "Timeout", Attributes: map[string]string{
			"hookplane.controller.kind": "CompositeController", "hookplane.controller.name": "things", "hookplane.parent.api_version": "v1",
			"hookplane.parent.kind": "Thing", "hookplane.parent.namespace": "n", "hookplane.parent.name": "t", "hookplane.parent.uid": "u",
			"hookplane.cause": "ParentChanged", "error.type": "Timeout",
		}},
	}
	if diff := cmp.Diff(want, spansOf(exporter)); diff != "" {
		t.Errorf("the spans differ (-want +got):\n%s", diff)
	}
	spans := exporter.GetSpans()
	if wait, whole := spans[0], spans[3]; !wait.StartTime.Equal(since) || !wait.EndTime.Equal(taken) || !whole.StartTime.Equal(since) {
		t.Errorf("the wait is from %s to %s, the sync from %s", wait.StartTime, wait.EndTime, whole.StartTime)
	}
}

func TestTracerSyncOfATimer(t *testing.T) {
	tracer, exporter := newTracer(t)
	_, sync := tracer.Sync(t.Context(), span.Sync{Cause: cause("Resync"), Taken: taken})
	sync.End(nil)
	if spans := exporter.GetSpans(); len(spans) != 1 || !spans[0].StartTime.Equal(taken) {
		t.Errorf("the spans are %v, want one that begins when the turn came", spansOf(exporter))
	}
}

func TestSpanEndTellsKindsOfErrors(t *testing.T) {
	for want, err := range map[string]error{
		"NotFound":            fmt.Errorf("cannot get it: %w", apierrors.NewNotFound(schema.GroupResource{}, "secret")),
		"*http.MaxBytesError": errors.Join(fmt.Errorf("secret: %w", &http.MaxBytesError{}), errors.New("secret")),
		"Error":               errors.New("secret"),
	} {
		tracer, exporter := newTracer(t)
		_, sync := tracer.Sync(t.Context(), span.Sync{Cause: cause(""), Taken: taken})
		sync.End(err)
		if got := exporter.GetSpans()[0].Status.Description; got != want {
			t.Errorf("%v is told as %q, want %q", err, got, want)
		}
	}
}

// TestOffCostsNothing is what a sync costs when nothing is traced.
func TestOffCostsNothing(t *testing.T) {
	tracer, ctx, name := span.NewTracer(nil), t.Context(), string([]byte("things"))
	allocations := testing.AllocsPerRun(100, func() {
		ctx, sync := tracer.Sync(ctx, span.Sync{ControllerName: name, Cause: cause("Resync"), Since: since, Taken: taken})
		ctx, write := span.StartCall(ctx, "write")
		write.Name("create", name)
		write.String("name", name)
		write.Int("n", len(name))
		write.Bool("recording", write.Recording() || span.Current(ctx).Recording())
		write.End(nil)
		sync.End(nil)
	})
	if allocations > 0 {
		t.Errorf("a sync that is not traced costs %g allocations", allocations)
	}
}

func TestTransport(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer server.Close()
	client := &http.Client{Transport: span.Transport(http.DefaultTransport)}
	ask := func(ctx context.Context) *http.Request {
		t.Helper()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return request
	}
	ask(t.Context())
	if got.Get("traceparent") != "" {
		t.Errorf("a request that is part of no trace has the header traceparent: %s", got.Get("traceparent"))
	}
	tracer, _ := newTracer(t)
	ctx, sync := tracer.Sync(t.Context(), span.Sync{Cause: cause(""), Taken: taken})
	defer sync.End(nil)
	request := ask(ctx)
	current := trace.SpanContextFromContext(ctx)
	if want := fmt.Sprintf("00-%s-%s-01", current.TraceID(), current.SpanID()); got.Get("traceparent") != want {
		t.Errorf("traceparent is %q, want %q", got.Get("traceparent"), want)
	}
	if len(request.Header) > 0 {
		t.Errorf("the caller's request was changed: %v", request.Header)
	}
}
