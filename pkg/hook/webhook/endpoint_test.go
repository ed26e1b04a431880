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
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

func TestSecurityOf(t *testing.T) {
	service := func(port *int32, protocol v1alpha1.ServiceProtocol) v1alpha1.Webhook {
		return v1alpha1.Webhook{Path: "/sync", Service: &v1alpha1.ServiceReference{Name: "hook", Namespace: "ns", Port: port, Protocol: protocol}}
	}
	const own, endpoint = "spec.hooks.sync.webhook", "spec.endpointConfigs[0]"
	tests := map[string]struct {
		spec  v1alpha1.Webhook
		hosts []string
		want  string
	}{
		"None":                {spec: v1alpha1.Webhook{URL: "https://a.example/"}, want: own},
		"Same":                {spec: v1alpha1.Webhook{URL: "https://a.example/x"}, hosts: []string{"a.example"}, want: endpoint},
		"OtherName":           {spec: v1alpha1.Webhook{URL: "https://a.example/"}, hosts: []string{"b.a.example", "a.example.com", "example"}, want: own},
		"Case":                {spec: v1alpha1.Webhook{URL: "https://A.Example/"}, hosts: []string{"a.eXAMPLE"}, want: endpoint},
		"TrailingDot":         {spec: v1alpha1.Webhook{URL: "https://a.example./"}, hosts: []string{"a.example"}, want: endpoint},
		"HTTPSPortInEntry":    {spec: v1alpha1.Webhook{URL: "https://a.example/"}, hosts: []string{"a.example:443"}, want: endpoint},
		"HTTPSPortInURL":      {spec: v1alpha1.Webhook{URL: "https://a.example:443/"}, hosts: []string{"a.example"}, want: endpoint},
		"HTTPPortInEntry":     {spec: v1alpha1.Webhook{URL: "http://a.example/"}, hosts: []string{"a.example:80"}, want: endpoint},
		"HTTPPortInURL":       {spec: v1alpha1.Webhook{URL: "http://a.example:80/"}, hosts: []string{"a.example"}, want: endpoint},
		"PortOfOtherScheme":   {spec: v1alpha1.Webhook{URL: "http://a.example/"}, hosts: []string{"a.example:443"}, want: own},
		"OtherPort":           {spec: v1alpha1.Webhook{URL: "https://a.example:8443/"}, hosts: []string{"a.example", "a.example:443"}, want: own},
		"SamePort":            {spec: v1alpha1.Webhook{URL: "https://a.example:8443/"}, hosts: []string{"a.example:8443"}, want: endpoint},
		"FirstWins":           {spec: v1alpha1.Webhook{URL: "https://a.example/"}, hosts: []string{"a.example:443", "a.example"}, want: endpoint},
		"IPv6":                {spec: v1alpha1.Webhook{URL: "https://[FD00::1]:8443/"}, hosts: []string{"[fd00::1]:8443"}, want: endpoint},
		"IPv6DefaultPort":     {spec: v1alpha1.Webhook{URL: "https://[fd00::1]/"}, hosts: []string{"[fd00::1]:443"}, want: endpoint},
		"Service":             {spec: service(nil, ""), hosts: []string{"hook.ns"}, want: endpoint},
		"ServicePort":         {spec: service(ptr.To[int32](8443), v1alpha1.ServiceProtocolHTTPS), hosts: []string{"hook.ns:8443"}, want: endpoint},
		"ServiceHTTPSOn443":   {spec: service(ptr.To[int32](443), v1alpha1.ServiceProtocolHTTPS), hosts: []string{"hook.ns"}, want: endpoint},
		"ServiceHTTPSOn80":    {spec: service(nil, v1alpha1.ServiceProtocolHTTPS), hosts: []string{"hook.ns"}, want: own},
		"ServiceOther":        {spec: service(nil, ""), hosts: []string{"hook.other"}, want: own},
		"OwnCABundle":         {spec: v1alpha1.Webhook{URL: "https://a.example/", CABundle: &v1alpha1.CABundle{}}, hosts: []string{"a.example"}, want: own},
		"OwnClientTLS":        {spec: v1alpha1.Webhook{URL: "https://a.example/", ClientTLS: &v1alpha1.ClientTLS{}}, hosts: []string{"a.example"}, want: own},
		"OwnAuthorization":    {spec: v1alpha1.Webhook{URL: "https://a.example/", Authorization: &v1alpha1.Authorization{}}, hosts: []string{"a.example"}, want: own},
		"OwnBasicAuth":        {spec: v1alpha1.Webhook{URL: "https://a.example/", BasicAuth: &v1alpha1.BasicAuth{}}, hosts: []string{"a.example"}, want: own},
		"PathIsNoPartOfMatch": {spec: v1alpha1.Webhook{URL: "https://a.example/b.example"}, hosts: []string{"b.example"}, want: own},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			target, err := targetOf(&tc.spec)
			if err != nil {
				t.Fatal(err)
			}
			endpoints := make([]v1alpha1.EndpointConfig, len(tc.hosts))
			for i, host := range tc.hosts {
				endpoints[i] = v1alpha1.EndpointConfig{Host: host, CABundle: &v1alpha1.CABundle{Inline: host}}
			}
			got := securityOf(field.NewPath("spec", "hooks", "sync", "webhook"), &tc.spec, target, endpoints)
			if diff := cmp.Diff(tc.want, got.Path.String()); diff != "" {
				t.Errorf("securityOf() (-want +got):\n%s", diff)
			}
			if tc.want == endpoint {
				if diff := cmp.Diff(endpoints[0].CABundle, got.CABundle); diff != "" {
					t.Errorf("caBundle (-want +got):\n%s", diff)
				}
			}
		})
	}
}
