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
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/webhook"
)

// countConnections starts a server and counts the connections that are made to it.
func countConnections(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, &connections
}

func TestWebhookReusesConnection(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
	}{
		"Success":         {status: 200, body: "{}"},
		"Empty":           {status: 200},
		"Failure":         {status: 500, body: string(make([]byte, 4096))},
		"TooManyRequests": {status: 429, body: "later"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			server, connections := countConnections(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
			transport := newTransport(t, webhook.TransportOptions{AllowedCIDRs: loopback})
			for range 100 {
				// Two hooks of one host share connections.
				for _, path := range []string{"/sync", "/finalize"} {
					w := newWebhook(t, v1alpha1.Webhook{URL: server.URL + path}, webhook.Options{Transport: transport})
					if _, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")}); (err == nil) != (tc.status == 200) {
						t.Fatalf("Call() = %v", err)
					}
				}
			}
			if diff := cmp.Diff(int64(1), connections.Load()); diff != "" {
				t.Errorf("connections for 200 sequential calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWebhookReusesConnectionsOfConcurrentCalls(t *testing.T) {
	const calls = 20
	arrived := make(chan struct{})
	release := make(chan struct{})
	server, connections := countConnections(t, func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		_, _ = io.WriteString(w, "{}")
	})
	w := newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{})
	for range 5 {
		var group sync.WaitGroup
		for range calls {
			group.Go(func() {
				if _, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")}); err != nil {
					t.Errorf("Call() = %v", err)
				}
			})
		}
		for range calls { // all are in flight at once
			<-arrived
		}
		for range calls {
			release <- struct{}{}
		}
		group.Wait()
	}
	// A connection becomes idle a moment after its call has returned, so a round may dial a few that it need not. With
	// the two idle connections that net/http keeps by default, it would be 18 in every round.
	if got := connections.Load(); got >= 2*calls {
		t.Errorf("%d connections for 5 rounds of %d concurrent calls, want little more than %d", got, calls, calls)
	}
}

// A server may close a kept connection just when the next call is sent on it.
func TestWebhookRepeatsOnDeadConnection(t *testing.T) {
	var calls atomic.Int64
	server, connections := countConnections(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 2 {
			panic(http.ErrAbortHandler) // the connection closes without an answer
		}
		_, _ = io.Copy(w, r.Body)
	})
	w := newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{})
	for range 2 {
		response, err := w.Call(t.Context(), hook.Request{Body: []byte(`{"a":1}`)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"a":1}`, string(response.Body)); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(int64(2), connections.Load()); diff != "" {
		t.Errorf("connections (-want +got):\n%s", diff)
	}
}

func TestTransportClose(t *testing.T) {
	server, connections := countConnections(t, func(http.ResponseWriter, *http.Request) {})
	transport := newTransport(t, webhook.TransportOptions{AllowedCIDRs: loopback})
	w := newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{Transport: transport})
	for range 2 {
		if _, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		transport.Close()
	}
	if diff := cmp.Diff(int64(2), connections.Load()); diff != "" {
		t.Errorf("connections with Close() in between (-want +got):\n%s", diff)
	}
}

func TestWebhookGuard(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a refused address was called") })
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		url  string
		want string
	}{
		"Loopback":  {url: server.URL, want: "127.0.0.1 is a loopback address"},
		"Localhost": {url: "http://" + net.JoinHostPort("localhost", port), want: "is a loopback address"},
		"Zero":      {url: "http://" + net.JoinHostPort("0.0.0.0", port), want: "is a"},
		"Mapped":    {url: "http://" + net.JoinHostPort("::ffff:127.0.0.1", port), want: "127.0.0.1 is a loopback address"},
		"Metadata":  {url: "http://169.254.169.254/latest/meta-data/", want: "169.254.169.254 is a cloud metadata address"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			transport := newTransport(t, webhook.TransportOptions{AllowedCIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
			err := callFails(t, newWebhook(t, v1alpha1.Webhook{URL: tc.url}, webhook.Options{Transport: transport}))
			if _, ok := errors.AsType[*webhook.AddressError](err); !ok {
				t.Errorf("error has no *AddressError: %v", err)
			}
			wantText(t, err, tc.want, "--hook-allowed-cidrs", tc.url)
		})
	}
}

func TestWebhookConnectErrors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unused := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}

	t.Run("ConnectionRefused", func(t *testing.T) {
		err := callFails(t, newWebhook(t, v1alpha1.Webhook{URL: "http://" + unused + "/sync"}, webhook.Options{}))
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v is not ECONNREFUSED", err)
		}
		wantText(t, err, "hook http://"+unused+"/sync: ", "connection refused", "nothing listens there")
	})
	t.Run("UnknownService", func(t *testing.T) {
		w := newWebhook(t, v1alpha1.Webhook{Service: &v1alpha1.ServiceReference{Name: longLabel, Namespace: "default"}}, webhook.Options{})
		wantText(t, callFails(t, w), "no such host", "is there such a Service?", "--hook-service-resolution=api")
	})
	t.Run("UnknownHost", func(t *testing.T) {
		w := newWebhook(t, v1alpha1.Webhook{URL: "http://" + longLabel + ".example/"}, webhook.Options{})
		wantText(t, callFails(t, w), "no such host")
	})
}

// longLabel is too long for DNS, so that no name server is asked for it.
const longLabel = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

func pemOf(certificate *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
}

func TestWebhookTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	trusting := &v1alpha1.CABundle{Inline: pemOf(server.Certificate())}

	t.Run("HTTP2", func(t *testing.T) {
		response, err := newWebhook(t, v1alpha1.Webhook{URL: server.URL, CABundle: trusting}, webhook.Options{}).Call(t.Context(), hook.Request{Body: []byte("{}")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("HTTP/2.0", string(response.Body)); diff != "" {
			t.Errorf("protocol (-want +got):\n%s", diff)
		}
	})
	t.Run("UnknownAuthority", func(t *testing.T) {
		err := callFails(t, newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{}))
		if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
			t.Errorf("%v is no x509.UnknownAuthorityError", err)
		}
		wantText(t, err, server.URL, "certificate signed by unknown authority", "caBundle says")
	})
	t.Run("OtherName", func(t *testing.T) {
		_, port, err := net.SplitHostPort(server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		w := newWebhook(t, v1alpha1.Webhook{URL: "https://localhost:" + port, CABundle: trusting}, webhook.Options{})
		wantText(t, callFails(t, w), "not localhost")
	})
	t.Run("PlainServer", func(t *testing.T) {
		w := newWebhook(t, v1alpha1.Webhook{URL: "https://" + plain.Listener.Addr().String(), CABundle: trusting}, webhook.Options{})
		wantText(t, callFails(t, w), "does not look like a TLS handshake", "the server speaks plain HTTP")
	})
	t.Run("TLSServerCalledPlain", func(t *testing.T) {
		w := newWebhook(t, v1alpha1.Webhook{URL: "http://" + server.Listener.Addr().String()}, webhook.Options{})
		wantText(t, callFails(t, w), "answered 400 Bad Request", "Client sent an HTTP request to an HTTPS server.")
	})
}

func TestWebhookProxy(t *testing.T) {
	asked := make(chan string, 1)
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.RequestURI
		_, _ = io.WriteString(w, "{}")
	})
	proxyURL, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	through := func(allowed ...netip.Prefix) webhook.Options {
		return webhook.Options{Transport: newTransport(t, webhook.TransportOptions{AllowedCIDRs: allowed, Proxy: http.ProxyURL(proxyURL)})}
	}

	t.Run("NameIsLeftToProxy", func(t *testing.T) {
		w := newWebhook(t, v1alpha1.Webhook{URL: "http://hooks.invalid/sync"}, through(loopback...))
		if _, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("http://hooks.invalid/sync", <-asked); diff != "" {
			t.Errorf("request to the proxy (-want +got):\n%s", diff)
		}
	})
	t.Run("RefusedAddressNotAskedFor", func(t *testing.T) {
		err := callFails(t, newWebhook(t, v1alpha1.Webhook{URL: "http://169.254.169.254/"}, through(loopback...)))
		wantText(t, err, "169.254.169.254 is a cloud metadata address")
	})
	t.Run("NamesOfRefusedAddressesNotAskedFor", func(t *testing.T) {
		for url, want := range map[string]string{
			"http://metadata.google.internal/": "169.254.169.254 is a cloud metadata address",
			"http://2852039166/":               "in a form that is not understood",
			"http://0xa9fea9fe/":               "in a form that is not understood",
			"http://169.254.43518./":           "in a form that is not understood",
		} {
			wantText(t, callFails(t, newWebhook(t, v1alpha1.Webhook{URL: url}, through(loopback...))), want)
		}
		guarded := func(r *http.Request) (*url.URL, error) { return proxyURL, nil }
		transport := newTransport(t, webhook.TransportOptions{Proxy: guarded})
		err := callFails(t, newWebhook(t, v1alpha1.Webhook{URL: "http://api.localhost/"}, webhook.Options{Transport: transport}))
		wantText(t, err, "hook http://api.localhost/: 127.0.0.1 is a loopback address")
	})
	t.Run("ProxyIsGuardedToo", func(t *testing.T) {
		err := callFails(t, newWebhook(t, v1alpha1.Webhook{URL: "http://hooks.invalid/sync"}, through()))
		wantText(t, err, "127.0.0.1 is a loopback address")
	})
	t.Run("ErrorOfProxyChoice", func(t *testing.T) {
		broken := newTransport(t, webhook.TransportOptions{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("bad HTTP_PROXY") }})
		wantText(t, callFails(t, newWebhook(t, v1alpha1.Webhook{URL: "http://a.invalid"}, webhook.Options{Transport: broken})), "bad HTTP_PROXY")
	})
	if len(asked) != 0 {
		t.Errorf("the proxy was asked for %s", <-asked)
	}
}
