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
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// scope is what all our spans name as their origin.
const scope = "github.com/hookplane/hookplane"

// Span is one step of a trace. The zero Span records nothing.
type Span struct {
	otel trace.Span // nil: nothing is recorded
}

// Start begins a step of what the context is a step of. When that is not recorded, neither is this.
func Start(ctx context.Context, name string) (context.Context, Span) {
	return start(ctx, name, trace.SpanKindInternal)
}

// StartCall begins a step that asks another process.
func StartCall(ctx context.Context, name string) (context.Context, Span) {
	return start(ctx, name, trace.SpanKindClient)
}

func start(ctx context.Context, name string, kind trace.SpanKind) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	ctx, started := parent.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, Span{started}
}

// Current returns the step that the context is in.
func Current(ctx context.Context) Span {
	if current := trace.SpanFromContext(ctx); current.IsRecording() {
		return Span{current}
	}
	return Span{}
}

// Recording reports whether what is told to the span is recorded.
func (s Span) Recording() bool { return s.otel != nil }

// Name names a span whose name is too costly to make for nothing.
func (s Span) Name(verb, object string) {
	if s.otel != nil {
		s.otel.SetName(verb + " " + object)
	}
}

// String adds an attribute, unless its value is empty.
func (s Span) String(key, value string) {
	if s.otel != nil && value != "" {
		s.otel.SetAttributes(attribute.String(key, value))
	}
}

// Int adds an attribute.
func (s Span) Int(key string, value int) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.Int(key, value))
	}
}

// Bool adds an attribute.
func (s Span) Bool(key string, value bool) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.Bool(key, value))
	}
}

// End ends the step, once. Of an error it tells the kind alone: what it says may be about what is nobody's business.
func (s Span) End(err error) {
	if s.otel == nil {
		return
	}
	if err != nil {
		kind := kindOf(err)
		s.otel.SetStatus(codes.Error, kind)
		s.otel.SetAttributes(attribute.String("error.type", kind))
	}
	s.otel.End()
}

// kindOf returns what kind of error it is: the API server's reason, or the type of the first error that is more than a text.
func kindOf(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "Timeout"
	}
	if reason := apierrors.ReasonForError(err); reason != metav1.StatusReasonUnknown {
		return string(reason)
	}
	for {
		name := fmt.Sprintf("%T", err)
		if !strings.HasPrefix(name, "*fmt.") && !strings.HasPrefix(name, "*errors.") {
			return name
		}
		var inner error
		switch wrapper := err.(type) { //nolint:errorlint // this is the walk down the chain itself
		case interface{ Unwrap() error }:
			inner = wrapper.Unwrap()
		case interface{ Unwrap() []error }:
			if all := wrapper.Unwrap(); len(all) > 0 {
				inner = all[0]
			}
		}
		if inner == nil {
			return "Error"
		}
		err = inner
	}
}
