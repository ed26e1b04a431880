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
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/webhook"
)

// services serves Services by "namespace/name".
func services(specs map[string]corev1.ServiceSpec) webhook.ServiceGetterFunc {
	return func(_ context.Context, namespace, name string) (*corev1.Service, error) {
		spec, found := specs[namespace+"/"+name]
		if !found {
			return nil, apierrors.NewNotFound(corev1.Resource("services"), name)
		}
		return &corev1.Service{Spec: spec}, nil
	}
}

func portOf(t *testing.T, server *httptest.Server) int32 {
	t.Helper()
	_, text, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int32(port)
}

func TestWebhookServiceThroughAPI(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s%s", r.Host, r.URL.Path)
	})
	port := portOf(t, server)
	getter := services(map[string]corev1.ServiceSpec{
		"default/mapped": {
			Type: corev1.ServiceTypeExternalName, ExternalName: "localhost",
			Ports: []corev1.ServicePort{
				{Port: 443, TargetPort: intstr.FromInt32(1)},
				{Port: 80, TargetPort: intstr.FromInt32(port)},
			},
		},
		"default/unmapped": {
			Type: corev1.ServiceTypeExternalName, ExternalName: "127.0.0.1",
			Ports: []corev1.ServicePort{{Port: port}, {Port: 80, TargetPort: intstr.FromString("http")}},
		},
		"default/clusterip": {
			ClusterIP: "127.0.0.1",
			Ports:     []corev1.ServicePort{{Port: port, TargetPort: intstr.FromInt32(1)}}, // kube-proxy maps, not we
		},
	})
	tests := map[string]struct {
		service v1alpha1.ServiceReference
		want    string // what the server saw
	}{
		"ExternalNameMapsPort":  {service: v1alpha1.ServiceReference{Name: "mapped", Namespace: "default"}, want: "mapped.default:80/sync"},
		"ExternalNameKeepsPort": {service: v1alpha1.ServiceReference{Name: "unmapped", Namespace: "default", Port: &port}, want: fmt.Sprintf("unmapped.default:%d/sync", port)},
		"ClusterIP":             {service: v1alpha1.ServiceReference{Name: "clusterip", Namespace: "default", Port: &port}, want: fmt.Sprintf("clusterip.default:%d/sync", port)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			transport := newTransport(t, webhook.TransportOptions{AllowedCIDRs: loopback, ServiceResolution: webhook.ResolveAPI, Services: getter})
			w := newWebhook(t, v1alpha1.Webhook{Service: &tc.service, Path: "/sync"}, webhook.Options{Transport: transport})
			response, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(response.Body)); diff != "" {
				t.Errorf("host and path (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWebhookServiceThroughAPIFails(t *testing.T) {
	getter := services(map[string]corev1.ServiceSpec{
		"default/headless": {ClusterIP: corev1.ClusterIPNone},
		"default/pending":  {},
		"default/nowhere":  {Type: corev1.ServiceTypeExternalName},
		"default/loopback": {ClusterIP: "127.0.0.1"},
		"default/metadata": {Type: corev1.ServiceTypeExternalName, ExternalName: "169.254.169.254"},
	})
	tests := map[string]string{
		"missing":  `cannot get service default/missing: services "missing" not found`,
		"headless": "service default/headless is headless",
		"pending":  "service default/pending has no cluster IP yet",
		"nowhere":  "service default/nowhere is of type ExternalName and has no externalName",
		"loopback": "127.0.0.1 is a loopback address",
		"metadata": "169.254.169.254 is a cloud metadata address",
	}
	transport := newTransport(t, webhook.TransportOptions{ServiceResolution: webhook.ResolveAPI, Services: getter})
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWebhook(t, v1alpha1.Webhook{Service: &v1alpha1.ServiceReference{Name: name, Namespace: "default"}, Path: "/sync"}, webhook.Options{Transport: transport})
			wantText(t, callFails(t, w), "hook http://"+name+".default:80/sync: ", want)
		})
	}
}

// The certificate has to be for name.namespace, wherever the Service leads.
func TestWebhookServiceThroughAPIWithTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.ServerName)
	}))
	t.Cleanup(server.Close)
	getter := services(map[string]corev1.ServiceSpec{"com/example": {
		Type: corev1.ServiceTypeExternalName, ExternalName: "localhost",
		Ports: []corev1.ServicePort{{Port: 443, TargetPort: intstr.FromInt32(portOf(t, server))}},
	}})
	transport := newTransport(t, webhook.TransportOptions{AllowedCIDRs: loopback, ServiceResolution: webhook.ResolveAPI, Services: getter})
	w := newWebhook(t, v1alpha1.Webhook{
		Service:  &v1alpha1.ServiceReference{Name: "example", Namespace: "com", Port: ptr.To[int32](443), Protocol: v1alpha1.ServiceProtocolHTTPS},
		CABundle: &v1alpha1.CABundle{Inline: pemOf(server.Certificate())},
	}, webhook.Options{Transport: transport})
	response, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("example.com", string(response.Body)); diff != "" {
		t.Errorf("server name (-want +got):\n%s", diff)
	}
}

// A Service is read once per connection, not once per call.
func TestWebhookServiceReadOncePerConnection(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	port := portOf(t, server)
	var reads atomic.Int64
	getter := webhook.ServiceGetterFunc(func(context.Context, string, string) (*corev1.Service, error) {
		reads.Add(1)
		return &corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: "127.0.0.1"}}, nil
	})
	transport := newTransport(t, webhook.TransportOptions{AllowedCIDRs: loopback, ServiceResolution: webhook.ResolveAPI, Services: getter})
	w := newWebhook(t, v1alpha1.Webhook{Service: &v1alpha1.ServiceReference{Name: "a", Namespace: "b", Port: &port}}, webhook.Options{Transport: transport})
	for range 10 {
		if _, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(int64(1), reads.Load()); diff != "" {
		t.Errorf("reads for 10 calls (-want +got):\n%s", diff)
	}
}

// A URL means what DNS says, also when it looks like a Service that the API knows.
func TestWebhookURLIsNotResolvedThroughAPI(t *testing.T) {
	getter := webhook.ServiceGetterFunc(func(context.Context, string, string) (*corev1.Service, error) {
		t.Error("the host of a URL was looked up as a Service")
		return nil, io.ErrUnexpectedEOF
	})
	transport := newTransport(t, webhook.TransportOptions{ServiceResolution: webhook.ResolveAPI, Services: getter})
	_ = callFails(t, newWebhook(t, v1alpha1.Webhook{URL: "http://" + longLabel + ".default/"}, webhook.Options{Transport: transport}))
}

func TestNewTransportRefuses(t *testing.T) {
	tests := map[string]struct {
		opts webhook.TransportOptions
		want string
	}{
		"APIWithoutGetter":  {opts: webhook.TransportOptions{ServiceResolution: webhook.ResolveAPI}, want: "needs a client for Services"},
		"UnknownResolution": {opts: webhook.TransportOptions{ServiceResolution: "hosts"}, want: `"hosts" is neither "dns" nor "api"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := webhook.NewTransport(tc.opts)
			if err == nil {
				t.Fatal("NewTransport() succeeded, want an error")
			}
			wantText(t, err, tc.want)
		})
	}
}
