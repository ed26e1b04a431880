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

package validation

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// TestEndpointExternal has only hosts that are certainly outside of the cluster
// called so: a warning that is wrong teaches to overlook warnings.
func TestEndpointExternal(t *testing.T) {
	for url, want := range map[string]bool{
		"http://hooks/":                         false,
		"http://hooks.default/":                 false,
		"http://example.com/":                   false, // may be a Service in a namespace com
		"http://hooks.default.svc/":             false,
		"http://hooks.default.svc:8080/":        false,
		"http://hooks.default.svc.example.com/": false, // the cluster's domain is its operator's choice
		"http://hooks.corp.internal/":           false,
		"http://hooks.example.localhost/":       false,
		"http://hooks.example.com/":             true,
		"http://HOOKS.example.COM.:80/":         true,
		"http://127.0.0.1:8080/":                false,
		"http://10.1.2.3/":                      false,
		"http://169.254.1.1/":                   false,
		"http://[::1]:8080/":                    false,
		"http://[fd00::1]/":                     false,
		"http://203.0.113.7/":                   true,
		"http://[2001:db8::1]:80/":              true,
	} {
		e, ok := endpointOf(&metacontroller.Webhook{URL: url})
		if !ok || e.external() != want {
			t.Errorf("external(%q) = %v, %v, want %v", url, e.external(), ok, want)
		}
	}
}

func TestEndpointOf(t *testing.T) {
	service := func(port int32, protocol metacontroller.ServiceProtocol) *metacontroller.Webhook {
		return &metacontroller.Webhook{Service: &metacontroller.ServiceReference{Name: "a", Namespace: "b", Port: &port, Protocol: protocol}}
	}
	cases := map[string]struct {
		webhook *metacontroller.Webhook
		want    endpoint
	}{
		"HTTP":         {&metacontroller.Webhook{URL: "http://A.b:80/sync"}, endpoint{scheme: "http", host: "a.b"}},
		"HTTPS":        {&metacontroller.Webhook{URL: "https://a.b:443"}, endpoint{scheme: "https", host: "a.b"}},
		"OtherPort":    {&metacontroller.Webhook{URL: "https://a.b:80"}, endpoint{scheme: "https", host: "a.b:80"}},
		"IPv6":         {&metacontroller.Webhook{URL: "https://[::1]:443/"}, endpoint{scheme: "https", host: "[::1]"}},
		"Service":      {service(80, "http"), endpoint{scheme: "http", host: "a.b", service: true}},
		"ServiceHTTPS": {service(443, "https"), endpoint{scheme: "https", host: "a.b", service: true}},
		"ServicePort":  {service(443, "http"), endpoint{scheme: "http", host: "a.b:443", service: true}},
		"Secured":      {&metacontroller.Webhook{URL: "http://a", BasicAuth: newBasicAuth()}, endpoint{scheme: "http", host: "a", secured: true}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := endpointOf(tc.webhook)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(endpoint{})); diff != "" || !ok {
				t.Errorf("%v, -want +got:\n%s", ok, diff)
			}
		})
	}
}
