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
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
	"github.com/hookplane/hookplane/pkg/hook/webhook"
)

// secretAPI serves the Secret "s" of the namespace "ns", which changes.
type secretAPI struct {
	mu      sync.Mutex
	data    map[string][]byte
	changed chan struct{}
}

func newSecretAPI(t *testing.T) (*secretAPI, *credentials.Store) {
	t.Helper()
	api := &secretAPI{changed: make(chan struct{})}
	server := serve(t, api.ServeHTTP)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return api, credentials.NewStore(client.CoreV1())
}

func (a *secretAPI) set(data map[string][]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.data = data
	close(a.changed)
	a.changed = make(chan struct{})
}

func (a *secretAPI) get() (corev1.Secret, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s", ResourceVersion: "2"}, Data: a.data,
	}, a.changed
}

func (a *secretAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	secret, changed := a.get()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case query.Get("sendInitialEvents") == "true":
		http.Error(w, "lists are not streamed", http.StatusUnprocessableEntity)
	case query.Get("watch") == "true":
		for r.Context().Err() == nil {
			_ = json.NewEncoder(w).Encode(map[string]any{"type": "MODIFIED", "object": secret})
			_ = http.NewResponseController(w).Flush()
			select {
			case <-changed:
			case <-r.Context().Done():
			}
			secret, changed = a.get()
		}
	default:
		_ = json.NewEncoder(w).Encode(corev1.SecretList{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []corev1.Secret{secret},
		})
	}
}

// pair is a self-signed certificate for 127.0.0.1 and its key.
type pair struct {
	tls.Certificate
	certificate, key []byte // PEM
}

func newPair(t *testing.T, name string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := pair{
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
	if p.Certificate, err = tls.X509KeyPair(p.certificate, p.key); err != nil {
		t.Fatal(err)
	}
	return p
}

// serveTLS starts a server that asks for a client certificate when clients is not nil. It answers who called, and with which
// Authorization header.
func serveTLS(t *testing.T, certificate pair, clients *pair) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
		}
		_, _ = io.WriteString(w, "|"+r.Header.Get("Authorization"))
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail on purpose
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.Certificate}}
	if clients != nil {
		server.TLS.ClientAuth, server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		server.TLS.ClientCAs.AddCert(clients.Leaf)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// answers expects a call to be answered.
func answers(t *testing.T, w *webhook.Webhook, want string) {
	t.Helper()
	response, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(response.Body)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

var secretReference = v1alpha1.SecretReference{Namespace: "ns", Name: "s"}

func TestWebhookMutualTLS(t *testing.T) {
	server, client := newPair(t, "server"), newPair(t, "client")
	api, store := newSecretAPI(t)
	api.set(map[string][]byte{"ca.crt": server.certificate, "tls.crt": client.certificate, "tls.key": client.key, "username": []byte("me"), "password": []byte("pass")})
	endpoint := v1alpha1.EndpointConfig{
		CABundle:  &v1alpha1.CABundle{SecretRef: &v1alpha1.SecretKeyReference{Namespace: "ns", Name: "s"}},
		ClientTLS: &v1alpha1.ClientTLS{SecretRef: secretReference},
		BasicAuth: &v1alpha1.BasicAuth{SecretRef: secretReference},
	}
	there := serveTLS(t, server, &client)
	endpoint.Host = there.Listener.Addr().String()
	opts := webhook.Options{Transport: newTransport(t, webhook.TransportOptions{AllowedCIDRs: loopback}), Credentials: store, UserAgent: "x"}
	w, err := webhook.New(specOf(&v1alpha1.Webhook{URL: there.URL}, endpoint), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Open(t.Context()))
	if err := w.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	answers(t, w, "client|Basic bWU6cGFzcw==")

	own := newWebhook(t, v1alpha1.Webhook{URL: there.URL, CABundle: endpoint.CABundle}, opts)
	if err := own.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { // a connection that breaks while the request is written may hide the server's words
		if err := callFails(t, own); !strings.Contains(err.Error(), "certificate required: clientTLS says") {
			return err
		}
		return nil
	})
}

// TestWebhookCredentialsChange rotates everything while the webhook is in use.
func TestWebhookCredentialsChange(t *testing.T) {
	server, client, other := newPair(t, "server"), newPair(t, "client"), newPair(t, "other")
	api, store := newSecretAPI(t)
	there := serveTLS(t, server, nil)
	w := newWebhook(t, v1alpha1.Webhook{
		URL:           there.URL,
		CABundle:      &v1alpha1.CABundle{SecretRef: &v1alpha1.SecretKeyReference{Namespace: "ns", Name: "s"}},
		Authorization: &v1alpha1.Authorization{SecretRef: v1alpha1.SecretKeyReference{Namespace: "ns", Name: "s", Key: "token"}},
	}, webhook.Options{Credentials: store})
	if _, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")}); err == nil {
		t.Error("the webhook was called without its credentials")
	}
	api.set(map[string][]byte{"ca.crt": server.certificate, "token": []byte("one")})
	if err := w.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	answers(t, w, "|Bearer one")
	api.set(map[string][]byte{"ca.crt": server.certificate, "token": []byte("two")})
	eventually(t, func() error { return answersNow(t, w, "|Bearer two") })

	api.set(map[string][]byte{"ca.crt": other.certificate, "token": []byte("two")})
	eventually(t, func() error {
		_, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
		if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
			return fmt.Errorf("error %w, want that the authority is unknown", err)
		}
		return nil
	})
	api.set(map[string][]byte{"ca.crt": append(other.certificate, server.certificate...), "token": []byte("two")})
	eventually(t, func() error { return answersNow(t, w, "|Bearer two") })

	api.set(map[string][]byte{"ca.crt": client.key, "token": []byte("two")})
	eventually(t, func() error {
		_, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
		if _, ok := errors.AsType[*hook.UnavailableError](err); !ok {
			return fmt.Errorf("error %w, want that the bundle is none", err)
		}
		return nil
	})
}

func answersNow(t *testing.T, w *webhook.Webhook, want string) error {
	t.Helper()
	response, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
	if err == nil && string(response.Body) != want {
		return fmt.Errorf("the answer is %q, want %q", response.Body, want)
	}
	return err
}

func eventually(t *testing.T, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// TestWebhookKeepsSecrets calls servers that repeat in failures what they were sent.
func TestWebhookKeepsSecrets(t *testing.T) {
	const secret = "t0k3n-that-nobody-may-see"
	api, store := newSecretAPI(t)
	api.set(map[string][]byte{"token": []byte(secret)})
	tests := map[string]func(w http.ResponseWriter, authorization string){
		"Body": func(w http.ResponseWriter, authorization string) {
			http.Error(w, "no: "+authorization, http.StatusForbidden)
		},
		"BodyAtTheEnd": func(w http.ResponseWriter, authorization string) {
			http.Error(w, strings.Repeat("x", hook.MaxExcerptBytes-len("Bearer ")-8)+authorization, http.StatusForbidden)
		},
		"Location": func(w http.ResponseWriter, authorization string) {
			w.Header().Set("Location", "https://me:"+secret+"@elsewhere/?token="+strings.TrimPrefix(authorization, "Bearer "))
			w.WriteHeader(http.StatusFound)
		},
		"InvalidLocation": func(w http.ResponseWriter, authorization string) {
			w.Header().Set("Location", "https://me:"+secret+"@else where/")
			w.WriteHeader(http.StatusFound)
		},
		"Encoding": func(w http.ResponseWriter, authorization string) {
			w.Header().Set("Content-Encoding", authorization)
		},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(w, r.Header.Get("Authorization")) })
			w := newWebhook(t, v1alpha1.Webhook{
				URL:           server.URL,
				Authorization: &v1alpha1.Authorization{SecretRef: v1alpha1.SecretKeyReference{Namespace: "ns", Name: "s", Key: "token"}},
			}, webhook.Options{Credentials: store})
			if err := w.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := callFails(t, w); strings.Contains(err.Error(), secret[:8]) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

// TestWebhookKeepsSecretsOfAnswers calls a server that repeats what it was sent where an answer was asked for.
func TestWebhookKeepsSecretsOfAnswers(t *testing.T) {
	const secret = "t0k3n-that-nobody-may-see"
	api, store := newSecretAPI(t)
	api.set(map[string][]byte{"token": []byte(secret)})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) })
	w := newWebhook(t, v1alpha1.Webhook{
		URL:           server.URL,
		Authorization: &v1alpha1.Authorization{SecretRef: v1alpha1.SecretKeyReference{Namespace: "ns", Name: "s", Key: "token"}},
	}, webhook.Options{Credentials: store})
	if err := w.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	response, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = hook.DecodeComposite(response.Body, hook.Strict)
	if err = response.Hide(err); err == nil || !strings.Contains(err.Error(), "[REDACTED]") || strings.Contains(err.Error(), secret[:8]) {
		t.Errorf("the error is %v, want one that hides the token", err)
	}
}

// TestWebhookClosesConnections closes webhooks that share their server's connections.
func TestWebhookClosesConnections(t *testing.T) {
	closed := make(chan struct{}, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	opts := webhook.Options{
		Transport: newTransport(t, webhook.TransportOptions{AllowedCIDRs: loopback}), Credentials: credentials.NewStore(nil), UserAgent: "x",
	}
	var closers []func()
	var hooks []*webhook.Webhook
	for range 2 {
		w, err := webhook.New(specOf(&v1alpha1.Webhook{URL: server.URL}), opts)
		if err != nil {
			t.Fatal(err)
		}
		closers, hooks = append(closers, w.Open(t.Context())), append(hooks, w)
		answers(t, w, "")
	}
	closers[0]()
	answers(t, hooks[1], "")
	if len(closed) != 0 {
		t.Error("a connection was closed that another webhook uses")
	}
	wantText(t, callFails(t, hooks[0]), "outside of its controller's life")
	closers[1]()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Error("the connection that nobody uses stays open")
	}
}
