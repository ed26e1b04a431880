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

package traced_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/traced"
)

type inner struct {
	response hook.Response
	err      error
}

func (i inner) Call(context.Context, hook.Request) (hook.Response, error) { return i.response, i.err }

func TestHookCall(t *testing.T) {
	for name, tc := range map[string]struct {
		inner
		want map[string]string // beyond what every call has
	}{
		"Answered":    {inner{response: hook.Response{Body: []byte("{}")}}, map[string]string{"http.response.status_code": "200", "http.response.body.size": "2"}},
		"NotModified": {inner{response: hook.Response{NotModified: true}}, map[string]string{"http.response.status_code": "304"}},
		"Refused": {inner{err: &hook.CallError{Status: 500, Body: "secret"}}, map[string]string{
			"http.response.status_code": "500", "error.type": "*hook.CallError",
		}},
		"Later": {inner{err: &hook.RetryAfterError{After: time.Second}}, map[string]string{
			"http.response.status_code": "429", "error.type": "*hook.RetryAfterError",
		}},
		"Unreachable": {inner{err: &hook.CallError{Err: errors.New("secret")}}, map[string]string{"error.type": "*hook.CallError"}},
	} {
		t.Run(name, func(t *testing.T) {
			exporter := tracetest.NewInMemoryExporter()
			provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
			ctx, parent := provider.Tracer("test").Start(t.Context(), "sync")
			h := traced.Wrap(tc.inner, "finalize", "https://hooks.example.com:8443/sync")
			_, _ = h.Call(ctx, hook.Request{Body: []byte("secret")})
			parent.End()

			call := exporter.GetSpans()[0]
			got := map[string]string{}
			for _, attribute := range call.Attributes {
				got[string(attribute.Key)] = attribute.Value.String()
			}
			want := map[string]string{
				"http.request.method": http.MethodPost, "url.full": "https://hooks.example.com:8443/sync", "http.request.body.size": "6",
			}
			maps.Copy(want, tc.want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the attributes differ (-want +got):\n%s", diff)
			}
			if call.Name != "hook finalize" || call.Parent.SpanID() != parent.SpanContext().SpanID() {
				t.Errorf("the span %q is part of %s", call.Name, call.Parent.SpanID())
			}
		})
	}
}
