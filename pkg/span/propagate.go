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
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Inject adds the header traceparent (https://www.w3.org/TR/trace-context/) to a request that is part of a trace, recorded or not.
func Inject(ctx context.Context, header http.Header) {
	if trace.SpanContextFromContext(ctx).IsValid() {
		propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
	}
}

// Transport lets the servers that are asked through it continue the trace.
func Transport(next http.RoundTripper) http.RoundTripper { return &transport{next} }

type transport struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if ctx := request.Context(); trace.SpanContextFromContext(ctx).IsValid() {
		request = request.Clone(ctx)
		Inject(ctx, request.Header)
	}
	return t.next.RoundTrip(request)
}

// WrappedRoundTripper tells client-go what is wrapped.
func (t *transport) WrappedRoundTripper() http.RoundTripper { return t.next }
