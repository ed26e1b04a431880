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
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// keyPair is a self-signed certificate for 127.0.0.1 and its key.
type keyPair struct {
	tls.Certificate
	certificate, key string // PEM
}

func newKeyPair(t *testing.T, name string) keyPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pair := keyPair{
		certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
		key:         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}
	if pair.Certificate, err = tls.X509KeyPair([]byte(pair.certificate), []byte(pair.key)); err != nil {
		t.Fatal(err)
	}
	return pair
}

func secret(namespace, name string, data map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, StringData: data}
}

func createSecret(t *testing.T, s *corev1.Secret) {
	t.Helper()
	if _, err := env.kubernetes.CoreV1().Secrets(s.Namespace).Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func updateSecret(t *testing.T, s *corev1.Secret) {
	t.Helper()
	if _, err := env.kubernetes.CoreV1().Secrets(s.Namespace).Update(t.Context(), s, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// wantReadyMessage checks what the condition Ready says.
func wantReadyMessage(t *testing.T, controller, want string) {
	t.Helper()
	object, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(t.Context(), controller, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, condition := range object.Status.Conditions {
		if condition.Type == "Ready" && strings.Contains(condition.Message, want) {
			return
		}
	}
	t.Errorf("the conditions are %+v, want a message with %q", object.Status.Conditions, want)
}

// requireToken lets only calls with a bearer token pass.
func requireToken(hook *hookServer) *atomic.Value {
	var token atomic.Value
	token.Store("one")
	hook.mu.Lock()
	pass := hook.handler
	hook.mu.Unlock()
	hook.handle(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+token.Load().(string) {
			http.Error(w, "I do not know "+got, http.StatusUnauthorized)
			return
		}
		pass(w, r)
	})
	return &token
}

// TestHookCredentials has a hook that needs an authority and a token, in a Secret that comes late and changes.
func TestHookCredentials(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "guarded")
	first, second := newKeyPair(t, "first"), newKeyPair(t, "second")
	hook := newTLSHook(t, &tls.Config{Certificates: []tls.Certificate{first.Certificate}}, threeConfigMaps)
	token := requireToken(hook)
	createController(t, kind, hook, func(c *v1alpha1.CompositeController) {
		webhook := c.Spec.Hooks.Sync.Webhook
		webhook.CABundle = &v1alpha1.CABundle{SecretRef: &v1alpha1.SecretKeyReference{Namespace: namespace, Name: "hook"}}
		webhook.Authorization = &v1alpha1.Authorization{SecretRef: v1alpha1.SecretKeyReference{Namespace: namespace, Name: "hook", Key: "token"}}
	})
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "SecretNotFound")
	wantReadyMessage(t, kind.Resource, fmt.Sprintf(`spec.hooks.sync.webhook.caBundle.secretRef: Secret "%s/hook" does not exist`, namespace))

	createSecret(t, secret(namespace, "hook", map[string]string{"ca.crt": first.certificate}))
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "InvalidSecret")
	wantReadyMessage(t, kind.Resource, fmt.Sprintf(`spec.hooks.sync.webhook.authorization.secretRef: key "token" of Secret "%s/hook" is missing`, namespace))
	if hook.count("p") != 0 {
		t.Error("the hook was called without its credentials")
	}

	updateSecret(t, secret(namespace, "hook", map[string]string{"ca.crt": first.certificate, "token": "one\n"}))
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")

	token.Store("two")
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyEvent(t, namespace, "p", "SyncError", "answered 401 Unauthorized")
	eventuallyEvent(t, namespace, "p", "SyncError", "I do not know Bearer [REDACTED]")
	updateSecret(t, secret(namespace, "hook", map[string]string{"ca.crt": first.certificate, "token": "two"}))
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")

	hook.down()
	hook.tls = &tls.Config{Certificates: []tls.Certificate{second.Certificate}}
	hook.up()
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"3"}}`)
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "HookUnreachable")
	updateSecret(t, secret(namespace, "hook", map[string]string{"ca.crt": first.certificate + second.certificate, "token": "two"}))
	eventuallyHas(t, configMaps, namespace, "p-2", "3", "data", "value")
	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")
}

// TestHookMutualTLS has a hook that asks for a client certificate, which the controller's endpointConfigs name.
func TestHookMutualTLS(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "mutual")
	server, client := newKeyPair(t, "server"), newKeyPair(t, "client")
	clients := x509.NewCertPool()
	clients.AddCert(client.Leaf)
	hook := newTLSHook(t, &tls.Config{
		Certificates: []tls.Certificate{server.Certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
	}, threeConfigMaps)
	createSecret(t, secret(namespace, "client", map[string]string{"tls.crt": client.certificate, "tls.key": client.key}))
	_, err := env.kubernetes.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "authority"}, Data: map[string]string{"ca.crt": server.certificate},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	newController(t, kind, hook, func(c *v1alpha1.CompositeController) {
		c.Spec.EndpointConfigs = []v1alpha1.EndpointConfig{
			{Host: "hooks.example.com", BasicAuth: &v1alpha1.BasicAuth{SecretRef: v1alpha1.SecretReference{Namespace: namespace, Name: "other"}}},
			{
				Host:      hook.address,
				CABundle:  &v1alpha1.CABundle{ConfigMapRef: &v1alpha1.ConfigMapKeyReference{Namespace: namespace, Name: "authority"}},
				ClientTLS: &v1alpha1.ClientTLS{SecretRef: v1alpha1.SecretReference{Namespace: namespace, Name: "client"}},
			},
		}
	})
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
}

// TestHookETag has a hook that does not repeat an answer that is still true.
func TestHookETag(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "thrifty")
	hook := newHook(t, threeConfigMaps)
	var sent, saved atomic.Int64
	hook.handle(func(w http.ResponseWriter, r *http.Request) {
		var in request
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		etag := `"` + nested[string](in.Parent, "spec", "value") + `"`
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			saved.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent.Add(1)
		_ = json.NewEncoder(w).Encode(threeConfigMaps(in))
	})
	newController(t, kind, hook, func(c *v1alpha1.CompositeController) {
		on := true
		c.Spec.Hooks.Sync.Webhook.ETag = &v1alpha1.ETag{Enabled: &on}
	})
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	eventually(t, "an answer was saved", func() error {
		if saved.Load() == 0 {
			return fmt.Errorf("%d answers were sent", sent.Load())
		}
		return nil
	})
	err := env.kubernetes.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "p-1", metav1.DeleteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventuallyHas(t, configMaps, namespace, "p-1", "1", "data", "value")
	if got := sent.Load(); got != 1 {
		t.Errorf("the answer was sent %d times, want once", got)
	}
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
	if got := sent.Load(); got != 2 {
		t.Errorf("answers were sent %d times, want twice", got)
	}
}
