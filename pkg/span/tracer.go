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

package span

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Tracer begins traces. The zero Tracer begins none.
type Tracer struct {
	otel trace.Tracer
}

// NewTracer returns a Tracer whose spans go where the provider takes them. Nil is nowhere.
func NewTracer(provider trace.TracerProvider) Tracer {
	if provider == nil {
		return Tracer{}
	}
	return Tracer{provider.Tracer(scope)}
}

// Sync is one sync of a controller.
type Sync struct {
	ControllerKind, ControllerName string
	// Of the parent, or of the object that is decorated.
	APIVersion, Kind, Namespace, Name, UID string
	// Cause is why the parent is synced.
	Cause fmt.Stringer
	// Since is when the first change came that made the parent due; zero when time did. Taken is when its turn came.
	Since, Taken time.Time
}

// Sync begins the trace of a sync, with the wait for it.
func (t Tracer) Sync(ctx context.Context, sync Sync) (context.Context, Span) { //nolint:gocritic // by value: a pointer would escape also where nothing is recorded
	if t.otel == nil {
		return ctx, Span{}
	}
	began := sync.Taken
	waited := !sync.Since.IsZero() && sync.Since.Before(sync.Taken)
	if waited {
		began = sync.Since
	}
	ctx, started := t.otel.Start(ctx, "sync "+sync.ControllerName, trace.WithNewRoot(), trace.WithTimestamp(began))
	if !started.IsRecording() {
		return ctx, Span{}
	}
	started.SetAttributes(
		attribute.String("hookplane.controller.kind", sync.ControllerKind),
		attribute.String("hookplane.controller.name", sync.ControllerName),
		attribute.String("hookplane.parent.api_version", sync.APIVersion),
		attribute.String("hookplane.parent.kind", sync.Kind),
		attribute.String("hookplane.parent.namespace", sync.Namespace),
		attribute.String("hookplane.parent.name", sync.Name),
		attribute.String("hookplane.parent.uid", sync.UID),
		attribute.String("hookplane.cause", sync.Cause.String()),
	)
	if waited {
		_, wait := t.otel.Start(ctx, "queue", trace.WithTimestamp(sync.Since))
		wait.End(trace.WithTimestamp(sync.Taken))
	}
	return ctx, Span{started}
}
