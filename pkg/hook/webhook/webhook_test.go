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

package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
	"github.com/hookplane/hookplane/pkg/hook/webhook"
)

// specOf is a sync hook with a webhook.
func specOf(webhook *v1alpha1.Webhook, endpoints ...v1alpha1.EndpointConfig) hook.Spec {
	return hook.Spec{Path: field.NewPath("spec", "hooks", "sync"), Hook: &v1alpha1.Hook{Webhook: webhook}, Endpoints: endpoints}
}

// loopback lets tests reach their servers.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func newTransport(t *testing.T, opts webhook.TransportOptions) *webhook.Transport {
	t.Helper()
	transport, err := webhook.NewTransport(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	return transport
}

func newWebhook(t *testing.T, spec v1alpha1.Webhook, opts webhook.Options) *webhook.Webhook {
	t.Helper()
	if opts.Transport == nil {
		opts.Transport = newTransport(t, webhook.TransportOptions{AllowedCIDRs: loopback})
	}
	if spec.Timeout == "" {
		spec.Timeout = "5m" // a busy machine must not fail a test
	}
	if opts.Credentials == nil {
		opts.Credentials = credentials.NewStore(nil) // nothing is referred to
	}
	opts.UserAgent = "hookplane/test"
	w, err := webhook.New(specOf(&spec), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Open(t.Context()))
	return w
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// callFails expects a failure and returns it.
func callFails(t *testing.T, w *webhook.Webhook) *hook.CallError {
	t.Helper()
	response, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
	if err == nil {
		t.Fatalf("Call() = %q, want an error", response.Body)
	}
	callErr, ok := errors.AsType[*hook.CallError](err)
	if !ok {
		t.Fatalf("error is a %T, want *hook.CallError: %v", err, err)
	}
	return callErr
}

func wantText(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func TestWebhookCall(t *testing.T) {
	type seen struct {
		Method, Path, Query, Body string
		Header                    http.Header
	}
	var got seen
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header}
		_, _ = io.WriteString(w, `{"children":[]}`)
	})
	w := newWebhook(t, v1alpha1.Webhook{URL: server.URL + "/sync?x=1"}, webhook.Options{})
	response, err := w.Call(t.Context(), hook.Request{Body: []byte(`{"parent":{}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"children":[]}`, string(response.Body)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	want := seen{
		Method: "POST", Path: "/sync", Query: "x=1", Body: `{"parent":{}}`,
		Header: http.Header{
			"Accept":          {"application/json"},
			"Accept-Encoding": {"gzip"},
			"Content-Length":  {"13"},
			"Content-Type":    {"application/json"},
			"User-Agent":      {"hookplane/test"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(server.URL+"/sync", w.URL()); diff != "" {
		t.Errorf("URL() (-want +got):\n%s", diff)
	}
}

func TestWebhookTimeout(t *testing.T) {
	tests := map[string]func(w http.ResponseWriter){
		"NoHeader": func(http.ResponseWriter) {},
		"HalfABody": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"children":`)
			_ = http.NewResponseController(w).Flush()
		},
	}
	for name, beforeHanging := range tests {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				beforeHanging(w)
				<-r.Context().Done()
			})
			w := newWebhook(t, v1alpha1.Webhook{URL: server.URL, Timeout: "300ms"}, webhook.Options{})
			err := callFails(t, w)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v is not context.DeadlineExceeded", err)
			}
			wantText(t, err, server.URL, "timeout of 300ms")
		})
	}
}

func TestWebhookCancelled(t *testing.T) {
	errStopped := errors.New("the controller was stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel(errStopped)
		<-r.Context().Done()
	})
	w := newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{})
	_, err := w.Call(ctx, hook.Request{Body: []byte("{}")})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, errStopped) {
		t.Errorf("error %v, want context.Canceled and its cause", err)
	}
}

func TestNewRefuses(t *testing.T) {
	transport, store := newTransport(t, webhook.TransportOptions{}), credentials.NewStore(nil)
	tests := map[string]struct {
		spec v1alpha1.Webhook
		opts webhook.Options
		want string
	}{
		"NoTarget":      {want: "neither url nor service"},
		"BadURL":        {spec: v1alpha1.Webhook{URL: "http://a b"}, want: "spec.hooks.sync.webhook.url: "},
		"BadURLUser":    {spec: v1alpha1.Webhook{URL: "http://u:secret@a b"}, want: `invalid character " " in host name`},
		"BadScheme":     {spec: v1alpha1.Webhook{URL: "ftp://a"}, want: `scheme "ftp"`},
		"NoHost":        {spec: v1alpha1.Webhook{URL: "http:///sync"}, want: "host is missing"},
		"Credentials":   {spec: v1alpha1.Webhook{URL: "http://u:secret@a/sync"}, want: "credentials do not belong"},
		"NoNamespace":   {spec: v1alpha1.Webhook{Service: &v1alpha1.ServiceReference{Name: "a"}}, want: "name and namespace are required"},
		"BadProtocol":   {spec: v1alpha1.Webhook{Service: &v1alpha1.ServiceReference{Name: "a", Namespace: "b", Protocol: "ftp"}}, want: `scheme "ftp"`},
		"ZeroTimeout":   {spec: v1alpha1.Webhook{URL: "http://a", Timeout: "0s"}, want: "spec.hooks.sync.webhook.timeout: 0s"},
		"NoTransport":   {spec: v1alpha1.Webhook{URL: "http://a"}, opts: webhook.Options{UserAgent: "x"}, want: "needs a transport"},
		"NoCredentials": {spec: v1alpha1.Webhook{URL: "http://a"}, opts: webhook.Options{Transport: transport, UserAgent: "x"}, want: "a store of credentials"},
		"NoUserAgent":   {spec: v1alpha1.Webhook{URL: "http://a"}, opts: webhook.Options{Transport: transport, Credentials: store}, want: "user agent"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := webhook.New(specOf(&tc.spec), tc.opts)
			if err == nil {
				t.Fatal("New() succeeded, want an error")
			}
			wantText(t, err, tc.want)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error %q shows a password", err)
			}
		})
	}
}

func TestNewURL(t *testing.T) {
	service := func(mods ...func(*v1alpha1.ServiceReference)) *v1alpha1.ServiceReference {
		s := &v1alpha1.ServiceReference{Name: "ecommerce-ctrl", Namespace: "default"}
		for _, mod := range mods {
			mod(s)
		}
		return s
	}
	tests := map[string]struct {
		spec v1alpha1.Webhook
		want string
	}{
		"URL":            {spec: v1alpha1.Webhook{URL: "https://a.example:8443/b?c=d"}, want: "https://a.example:8443/b"},
		"URLWins":        {spec: v1alpha1.Webhook{URL: "http://a/b", Service: service(), Path: "/sync"}, want: "http://a/b"},
		"Service":        {spec: v1alpha1.Webhook{Service: service(), Path: "/sync"}, want: "http://ecommerce-ctrl.default:80/sync"},
		"ServiceNoPath":  {spec: v1alpha1.Webhook{Service: service()}, want: "http://ecommerce-ctrl.default:80/"},
		"ServiceNoSlash": {spec: v1alpha1.Webhook{Service: service(), Path: "sync"}, want: "http://ecommerce-ctrl.default:80/sync"},
		"ServiceFull": {
			spec: v1alpha1.Webhook{Path: "/a?b=c", Service: service(func(s *v1alpha1.ServiceReference) {
				s.Port, s.Protocol = ptr.To[int32](8443), v1alpha1.ServiceProtocolHTTPS
			})},
			want: "https://ecommerce-ctrl.default:8443/a",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, newWebhook(t, tc.spec, webhook.Options{}).URL()); diff != "" {
				t.Errorf("URL() (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWebhookCallContinuesTrace sends the hook what it needs to be a part of the trace that the call is a part of, recorded or not.
func TestWebhookCallContinuesTrace(t *testing.T) {
	var got string
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("traceparent")
		_, _ = io.WriteString(w, "{}")
	})
	w := newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{})
	for want, flags := range map[string]trace.TraceFlags{
		"00-01000000000000000000000000000000-0200000000000000-01": trace.FlagsSampled,
		"00-01000000000000000000000000000000-0200000000000000-00": 0,
	} {
		ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: flags,
		}))
		if _, err := w.Call(ctx, hook.Request{Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("the hook was sent traceparent %q, want %q", got, want)
		}
	}
}
