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

package webhook

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
)

func TestAcceptsGzip(t *testing.T) {
	tests := map[string]struct {
		listed []string
		want   bool
	}{
		"None":       {},
		"Gzip":       {listed: []string{"gzip"}, want: true},
		"Case":       {listed: []string{"br, GZip"}, want: true},
		"Weighted":   {listed: []string{"gzip; q=0.5"}, want: true},
		"Refused":    {listed: []string{"gzip;q=0, *"}},
		"Zero":       {listed: []string{"gzip;q=0.000"}},
		"Any":        {listed: []string{"*"}, want: true},
		"AnyRefused": {listed: []string{"*;q=0"}},
		"Others":     {listed: []string{"br", "identity"}},
		"SecondLine": {listed: []string{"br", "x-gzip"}, want: true},
		"BadWeight":  {listed: []string{"gzip;q=yes"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, acceptsGzip(tc.listed)); diff != "" {
				t.Errorf("acceptsGzip() (-want +got):\n%s", diff)
			}
		})
	}
}

// openWebhook returns an open webhook that may call the loopback address.
func openWebhook(t testing.TB, url string) *Webhook {
	t.Helper()
	transport, err := NewTransport(TransportOptions{AllowedCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	w, err := New(hook.Spec{
		Path: field.NewPath("spec", "hooks", "sync"), Hook: &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: url, Timeout: "5m"}},
	}, Options{Transport: transport, Credentials: credentials.NewStore(nil), UserAgent: "hookplane/test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Open(t.Context()))
	return w
}

// TestWebhookCompresses calls a server that changes its mind on what it accepts.
func TestWebhookCompresses(t *testing.T) {
	var accept, got string
	var size int
	refuse := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Content-Encoding")
		body := io.Reader(r.Body)
		if got == "gzip" {
			body, _ = gzip.NewReader(r.Body)
		}
		sent, _ := io.ReadAll(body)
		size = len(sent)
		if accept != "" {
			w.Header().Set("Accept-Encoding", accept)
		}
		if refuse {
			w.WriteHeader(http.StatusUnsupportedMediaType)
		}
	}))
	t.Cleanup(server.Close)
	w := openWebhook(t, server.URL)
	small, large := bytes.Repeat([]byte("x"), minCompressed), bytes.Repeat([]byte("x"), minCompressed+1)
	for _, step := range []struct {
		name   string
		body   []byte
		accept string
		refuse bool
		want   string
	}{
		{name: "NothingSaid", body: large},
		{name: "FirstSaid", body: large, accept: "gzip"},
		{name: "Large", body: large, want: "gzip"},
		{name: "Small", body: small},
		{name: "StillLarge", body: large, want: "gzip"},
		{name: "TakenBack", body: large, accept: "identity", want: "gzip"},
		{name: "AfterTakenBack", body: large, accept: "gzip"},
		{name: "Refused", body: large, refuse: true, want: "gzip"},
		{name: "AfterRefusal", body: large},
	} {
		accept, refuse = step.accept, step.refuse
		if _, err := w.Call(t.Context(), hook.Request{Body: step.body}); (err != nil) != step.refuse {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s: Content-Encoding (-want +got):\n%s", step.name, diff)
		}
		if size != len(step.body) {
			t.Errorf("%s: the server read %d bytes, want %d", step.name, size, len(step.body))
		}
	}
}

func TestWebhookIfNoneMatch(t *testing.T) {
	status, got := 0, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("If-None-Match")
		w.Header().Set("ETag", `"2"`)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	w := openWebhook(t, server.URL)
	tests := map[string]struct {
		status      int
		ifNoneMatch string
		want        hook.Response
		wantErr     bool
	}{
		"OK":                     {status: 200, want: hook.Response{ETag: `"2"`, Body: []byte{}}},
		"Changed":                {status: 200, ifNoneMatch: `"1"`, want: hook.Response{ETag: `"2"`, Body: []byte{}}},
		"NotModified":            {status: 304, ifNoneMatch: `"1"`, want: hook.Response{NotModified: true}},
		"PreconditionFailed":     {status: 412, ifNoneMatch: `"1"`, want: hook.Response{NotModified: true}},
		"NotModifiedUnasked":     {status: 304, wantErr: true},
		"PreconditionUnasked":    {status: 412, wantErr: true},
		"OtherFailureWithHeader": {status: 500, ifNoneMatch: `"1"`, wantErr: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			status = tc.status
			response, err := w.Call(t.Context(), hook.Request{Body: []byte("{}"), IfNoneMatch: tc.ifNoneMatch})
			if (err != nil) != tc.wantErr {
				t.Errorf("Call() = %v, want an error: %v", err, tc.wantErr)
			}
			if diff := cmp.Diff(tc.want, response); diff != "" {
				t.Errorf("Call() (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.ifNoneMatch, got); diff != "" {
				t.Errorf("If-None-Match (-want +got):\n%s", diff)
			}
		})
	}
}

// BenchmarkWebhookCall is one call after another on one connection.
func BenchmarkWebhookCall(b *testing.B) {
	answer := []byte(`{"children":[]}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	}))
	b.Cleanup(server.Close)
	for name, size := range map[string]int{"4KiB": 4 << 10, "1MiB": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			w := openWebhook(b, server.URL)
			request := hook.Request{Body: bytes.Repeat([]byte("x"), size)}
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := w.Call(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
