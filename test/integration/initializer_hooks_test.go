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
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// eventuallyRefused creates ConfigMaps until one is refused with the text, and returns all that is said.
func eventuallyRefused(t *testing.T, namespace, text string) (said string) {
	t.Helper()
	n := 0
	eventually(t, "new ConfigMaps are refused with "+text, func() error {
		n++
		_, err := newConfigMap(t.Context(), namespace, fmt.Sprintf("refused-%d", n), metav1.CreateOptions{})
		if err == nil {
			return errors.New("it was created")
		}
		if said = err.Error(); !strings.Contains(said, text) {
			return fmt.Errorf("the refusal is: %w", err)
		}
		return nil
	})
	return said
}

// TestInitializerCredentials has an init hook that asks for a token and a client certificate, which endpointConfigs name, and
// that changes all of them and its own certificate: what comes next is called with what the Secrets say then.
func TestInitializerCredentials(t *testing.T) {
	namespace := newNamespace(t)
	server, client, nextServer, nextClient := newKeyPair(t, "server"), newKeyPair(t, "client"), newKeyPair(t, "next-server"), newKeyPair(t, "next-client")
	demanding := func(server, client keyPair) *tls.Config {
		clients := x509.NewCertPool()
		clients.AddCert(client.Leaf)
		return &tls.Config{Certificates: []tls.Certificate{server.Certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	}
	hook := newTLSHook(t, demanding(server, client), nil)
	hook.answerInit(addLabel("team", "a"))
	token := requireToken(hook)
	credentials := map[string]string{"ca.crt": server.certificate, "tls.crt": client.certificate, "tls.key": client.key, "token": "one"}
	createSecret(t, secret(namespace, "hook", credentials))
	newInitializer(t, namespace, "guarded", hook, func(c *v1alpha1.InitializerController) {
		c.Spec.EndpointConfigs = []v1alpha1.EndpointConfig{{
			Host:          hook.address,
			CABundle:      &v1alpha1.CABundle{SecretRef: &v1alpha1.SecretKeyReference{Namespace: namespace, Name: "hook"}},
			ClientTLS:     &v1alpha1.ClientTLS{SecretRef: v1alpha1.SecretReference{Namespace: namespace, Name: "hook"}},
			Authorization: &v1alpha1.Authorization{SecretRef: v1alpha1.SecretKeyReference{Namespace: namespace, Name: "hook", Key: "token"}},
		}}
	})
	eventuallyLabelled(t, namespace, "team", "a")

	token.Store("two")
	if said := eventuallyRefused(t, namespace, "answered 401 Unauthorized"); strings.Contains(said, "Bearer one") {
		t.Errorf("the refusal has the token: %s", said)
	}
	credentials["token"] = "two"
	updateSecret(t, secret(namespace, "hook", credentials))
	eventuallyLabelled(t, namespace, "team", "a")

	hook.down()
	hook.tls = demanding(nextServer, nextClient)
	hook.up()
	eventuallyRefused(t, namespace, "certificate signed by unknown authority")
	eventuallyInitializing(t, "guarded", metav1.ConditionFalse, "HookUnreachable")
	credentials["ca.crt"] = server.certificate + nextServer.certificate
	updateSecret(t, secret(namespace, "hook", credentials))
	eventuallyRefused(t, namespace, "tls:")
	credentials["tls.crt"], credentials["tls.key"] = nextClient.certificate, nextClient.key
	updateSecret(t, secret(namespace, "hook", credentials))
	eventuallyLabelled(t, namespace, "team", "a")
	eventuallyInitializing(t, "guarded", metav1.ConditionTrue, "Running")
}

// TestInitializerMetrics reads what a Prometheus would of an initializer, until it is gone.
func TestInitializerMetrics(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, addLabel("team", "a"))
	newInitializer(t, namespace, "metered", hook)
	eventuallyLabelled(t, namespace, "team", "a")
	hook.down()
	eventuallyRefused(t, namespace, "connection refused")
	ofHook := func(metric, labels string) string {
		return fmt.Sprintf(`metacontroller_init_%s{%scontroller_name="metered",controller_type="InitializerController",`, metric, labels)
	}
	ofInitializer := func(metric, labels string) string {
		return fmt.Sprintf(`hookplane_initializer_%s{initializer="metered.example.com"%s}`, metric, labels)
	}
	calls := scrapeLabel(t, "initializer", "metered.example.com")
	completed, failed := calls[ofInitializer("admissions_total", `,result="completed"`)], calls[ofInitializer("admissions_total", `,result="failed"`)]
	maps.DeleteFunc(calls, func(series, _ string) bool { return strings.Contains(series, "_seconds_sum{") })
	want := map[string]string{
		ofInitializer("admissions_total", `,result="completed"`): "1",
		ofInitializer("admissions_total", `,result="failed"`):    "1",
		ofInitializer("call_duration_seconds_count", ""):         "2",
	}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("the initializer's metrics: -want, +got:\n%s", diff)
	}
	url := fmt.Sprintf(`method="post",url=%q}`, hook.URL())
	want = map[string]string{
		ofHook("requests_total", `code="200",`) + url:                         completed,
		ofHook("requests_total", `code="0",`) + url:                           failed,
		ofHook("request_duration_histogram_seconds_count", "") + url:          completed,
		ofHook("in_flight_requests", "") + fmt.Sprintf("url=%q}", hook.URL()): "0",
	}
	series := scrape(t, "metered")
	maps.DeleteFunc(series, func(series, _ string) bool {
		return strings.Contains(series, "_seconds_sum{") || strings.HasPrefix(series, "hookplane_")
	})
	if diff := cmp.Diff(want, series); diff != "" {
		t.Errorf("the hook's metrics: -want, +got:\n%s", diff)
	}
	deleteInitializer(t, "metered")
	eventually(t, "all series of the initializer are gone", func() error {
		if left := len(scrape(t, "metered")) + len(scrapeLabel(t, "initializer", "metered.example.com")); left > 0 {
			return fmt.Errorf("there are %d", left)
		}
		return nil
	})
}
