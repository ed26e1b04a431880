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
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// warnHooks tells of webhooks and of the endpointConfigs that are meant for
// them.
func warnHooks(hooks []namedHook, configs []metacontroller.EndpointConfig) []string {
	var warnings []string
	var endpoints []endpoint
	for _, h := range hooks {
		if h.hook == nil || h.hook.Webhook == nil {
			continue
		}
		path := field.NewPath("spec", "hooks", h.name, "webhook")
		warnings = append(warnings, warnWebhook(h.hook.Webhook, path)...)
		if e, ok := endpointOf(h.hook.Webhook); ok {
			endpoints = append(endpoints, e)
		}
	}
	for i, config := range configs {
		warnings = append(warnings, warnEndpointConfig(config, endpoints, field.NewPath("spec", "endpointConfigs").Index(i))...)
	}
	return warnings
}

func warnWebhook(webhook *metacontroller.Webhook, path *field.Path) []string {
	var warnings []string
	if webhook.URL != "" && (webhook.Service != nil || webhook.Path != "") {
		warnings = append(warnings, path.String()+": url wins, service and path are ignored: remove them, or the url")
	}
	if etag := webhook.ETag; etag != nil && (etag.Enabled == nil || !*etag.Enabled) && (etag.CacheTimeoutSeconds != nil || etag.CacheCleanupSeconds != nil) {
		warnings = append(warnings, path.Child("etag").String()+": has no effect without enabled: true")
	}
	e, ok := endpointOf(webhook)
	if !ok || e.scheme != "http" {
		return warnings
	}
	if e.external() {
		warnings = append(warnings, path.Child("url").String()+": objects are sent unencrypted to a host outside of the cluster: use https")
	}
	return append(warnings, warnPlainText(security{webhook.CABundle, webhook.ClientTLS, webhook.Authorization, webhook.BasicAuth}, path)...)
}

// warnPlainText tells what is wrong with the security of a webhook that is
// called over http.
func warnPlainText(s security, path *field.Path) []string {
	var warnings []string
	for _, credentials := range []struct {
		name string
		set  bool
	}{{"authorization", s.authorization != nil}, {"basicAuth", s.basicAuth != nil}} {
		if credentials.set {
			warnings = append(warnings, path.Child(credentials.name).String()+": credentials are sent unencrypted: use https")
		}
	}
	for _, certificates := range []struct {
		name string
		set  bool
	}{{"caBundle", s.caBundle != nil}, {"clientTLS", s.clientTLS != nil}} {
		if certificates.set {
			warnings = append(warnings, path.Child(certificates.name).String()+": has no effect over http: use https")
		}
	}
	return warnings
}

// warnEndpointConfig tells of an entry that is for no webhook, or for one that
// is called over http.
func warnEndpointConfig(config metacontroller.EndpointConfig, endpoints []endpoint, path *field.Path) []string {
	matches := false
	for _, e := range endpoints {
		if e.host != withoutDefaultPort(config.Host, e.scheme) {
			continue
		}
		matches = true
		if e.secured {
			continue
		}
		if e.scheme == "http" {
			return warnPlainText(security{config.CABundle, config.ClientTLS, config.Authorization, config.BasicAuth}, path)
		}
		return nil
	}
	if matches {
		return []string{fmt.Sprintf("%s: has no effect: every webhook with the host %q has certificates or credentials of its own", path, config.Host)}
	}
	return []string{fmt.Sprintf("%s: has no effect: no webhook has the host %q", path, config.Host)}
}

// endpoint is where a webhook is called.
type endpoint struct {
	scheme, host string
	service      bool // given as a Service
	secured      bool // has certificates or credentials of its own
}

// endpointOf returns where a valid webhook is called.
func endpointOf(webhook *metacontroller.Webhook) (e endpoint, ok bool) {
	secured := webhook.CABundle != nil || webhook.ClientTLS != nil || webhook.Authorization != nil || webhook.BasicAuth != nil
	if webhook.URL == "" {
		service := webhook.Service
		if service == nil || service.Port == nil {
			return endpoint{}, false
		}
		scheme := string(service.Protocol)
		host := net.JoinHostPort(service.Name+"."+service.Namespace, strconv.Itoa(int(*service.Port)))
		return endpoint{scheme: scheme, host: withoutDefaultPort(host, scheme), service: true, secured: secured}, true
	}
	parsed, err := url.Parse(webhook.URL)
	if err != nil {
		return endpoint{}, false
	}
	return endpoint{scheme: parsed.Scheme, host: withoutDefaultPort(parsed.Host, parsed.Scheme), secured: secured}, true
}

// withoutDefaultPort makes hosts comparable.
func withoutDefaultPort(host, scheme string) string {
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	return strings.TrimSuffix(strings.ToLower(host), port)
}

// external tells whether the host is certainly not one of the cluster: a public
// address, or a name that is too long for name.namespace and not below svc or a
// domain that is local by convention.
func (e endpoint) external() bool {
	if e.service {
		return false
	}
	name := (&url.URL{Host: e.host}).Hostname()
	if address, err := netip.ParseAddr(name); err == nil {
		return !address.IsPrivate() && !address.IsLoopback() && !address.IsLinkLocalUnicast()
	}
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	if len(labels) < 3 || labels[2] == "svc" {
		return false
	}
	last := labels[len(labels)-1]
	return last != "local" && last != "internal" && last != "localhost"
}
