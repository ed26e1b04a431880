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
	"net"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
)

// defaultPorts are the ports that a URL need not name.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// securityOf returns the security configuration of the webhook at path that calls target: its own, or else all of the first
// endpoint whose host matches. docs/protocol.md §1.
func securityOf(path *field.Path, spec *v1alpha1.Webhook, target target, endpoints []v1alpha1.EndpointConfig) credentials.Spec {
	own := credentials.Spec{
		Path: path, CABundle: spec.CABundle, ClientTLS: spec.ClientTLS, Authorization: spec.Authorization, BasicAuth: spec.BasicAuth,
	}
	if own.CABundle != nil || own.ClientTLS != nil || own.Authorization != nil || own.BasicAuth != nil {
		return own
	}
	host := normalHost(target.scheme, target.host)
	for i := range endpoints {
		if e := &endpoints[i]; normalHost(target.scheme, e.Host) == host {
			return credentials.Spec{
				Path:     field.NewPath("spec", "endpointConfigs").Index(i),
				CABundle: e.CABundle, ClientTLS: e.ClientTLS, Authorization: e.Authorization, BasicAuth: e.BasicAuth,
			}
		}
	}
	return own
}

// normalHost returns the one form of host or host:port in which hosts of one scheme are compared.
func normalHost(scheme, host string) string {
	parsed := url.URL{Host: strings.ToLower(host)}
	name, port := strings.TrimSuffix(parsed.Hostname(), "."), parsed.Port()
	if port == "" {
		port = defaultPorts[scheme]
	}
	return net.JoinHostPort(name, port)
}
