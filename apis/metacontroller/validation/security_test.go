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
	"strings"
	"testing"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

func TestValidateCABundle(t *testing.T) {
	const at = `spec.hooks.sync.webhook.caBundle`
	bundle := func(b metacontroller.CABundle) modification {
		return webhook(func(w *metacontroller.Webhook) { w.CABundle = &b })
	}
	secret := &metacontroller.SecretKeyReference{Name: "ca", Namespace: "default", Key: "ca.crt"}
	configMap := &metacontroller.ConfigMapKeyReference{Name: "ca", Namespace: "default", Key: "ca.crt"}
	broken := strings.Replace(certificate, "MII", "AAA", 1)
	run(t, map[string]invalid{
		"NoSource": {
			bundle(metacontroller.CABundle{}),
			[]string{at + ": Invalid value: \"\": must specify one of: `inline`, `secretRef`, `configMapRef`"},
		},
		"ThreeSources": {
			bundle(metacontroller.CABundle{Inline: certificate, SecretRef: secret, ConfigMapRef: configMap}),
			[]string{at + ": Invalid value: \"{inline, secretRef, configMapRef}\": must specify exactly one of: `inline`, `secretRef`, `configMapRef`"},
		},
		"TwoReferences": {
			bundle(metacontroller.CABundle{SecretRef: secret, ConfigMapRef: configMap}),
			[]string{at + ": Invalid value: \"{secretRef, configMapRef}\": must specify exactly one of: `inline`, `secretRef`, `configMapRef`"},
		},
		"NotPEM": {
			bundle(metacontroller.CABundle{Inline: "LS0tLS1CRUdJTi=="}),
			[]string{at + `.inline: Invalid value: "LS0tLS1CRUdJTi==": must have at least one certificate in PEM, starting with -----BEGIN CERTIFICATE-----`},
		},
		"PrivateKey": {
			bundle(metacontroller.CABundle{Inline: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}),
			[]string{at + `.inline: Invalid value: "-----BEGIN PRIVATE KEY-----... (59 bytes)": must have CERTIFICATE blocks only, has "PRIVATE KEY"`},
		},
		"Truncated": {
			bundle(metacontroller.CABundle{Inline: certificate + certificate[:100]}),
			[]string{at + `.inline: Invalid value: "-----BEGIN CERTIFICATE-----... (666 bytes)": block 2 is not valid PEM`},
		},
		"NotACertificate": {
			bundle(metacontroller.CABundle{Inline: broken}),
			[]string{at + `.inline: Invalid value: "-----BEGIN CERTIFICATE-----... (566 bytes)": certificate 1 cannot be parsed: x509: malformed certificate`},
		},
		"EmptyReference": {
			bundle(metacontroller.CABundle{SecretRef: &metacontroller.SecretKeyReference{}}),
			[]string{
				at + `.secretRef.key: Required value`,
				at + `.secretRef.name: Required value`,
				at + `.secretRef.namespace: Required value`,
			},
		},
		"ReferenceSyntax": {
			bundle(metacontroller.CABundle{ConfigMapRef: &metacontroller.ConfigMapKeyReference{Name: "CA", Namespace: "A", Key: "a/b"}}),
			[]string{
				at + `.configMapRef.key: Invalid value: "a/b": ` + dataKey,
				at + `.configMapRef.name: Invalid value: "CA": ` + subdomain,
				at + `.configMapRef.namespace: Invalid value: "A": ` + label1123,
			},
		},
	})
}

func TestValidateCredentials(t *testing.T) {
	const at = `spec.hooks.sync.webhook`
	authorization := func(change func(*metacontroller.Authorization)) modification {
		return webhook(func(w *metacontroller.Webhook) {
			w.Authorization = newAuthorization()
			change(w.Authorization)
		})
	}
	run(t, map[string]invalid{
		"BothKinds": {
			webhook(func(w *metacontroller.Webhook) { w.Authorization, w.BasicAuth = newAuthorization(), newBasicAuth() }),
			[]string{at + ": Invalid value: \"{authorization, basicAuth}\": must specify at most one of: `authorization`, `basicAuth`"},
		},
		"Basic": {
			authorization(func(a *metacontroller.Authorization) { a.Type = "bAsic" }),
			[]string{at + `.authorization.type: Invalid value: "bAsic": may not be Basic: use basicAuth`},
		},
		"TypeSyntax": {
			authorization(func(a *metacontroller.Authorization) { a.Type = "Bearer token" }),
			[]string{at + `.authorization.type: Invalid value: "Bearer token": must be an HTTP authentication scheme, for example Bearer`},
		},
		"NoAuthorizationKey": {
			authorization(func(a *metacontroller.Authorization) { a.SecretRef.Key = "" }),
			[]string{at + `.authorization.secretRef.key: Required value`},
		},
		"EmptyBasicAuth": {
			webhook(func(w *metacontroller.Webhook) { w.BasicAuth = &metacontroller.BasicAuth{} }),
			[]string{
				at + `.basicAuth.usernameKey: Required value`,
				at + `.basicAuth.passwordKey: Required value`,
				at + `.basicAuth.secretRef.name: Required value`,
				at + `.basicAuth.secretRef.namespace: Required value`,
			},
		},
		"EmptyClientTLS": {
			webhook(func(w *metacontroller.Webhook) { w.ClientTLS = &metacontroller.ClientTLS{} }),
			[]string{
				at + `.clientTLS.certKey: Required value`,
				at + `.clientTLS.privateKeyKey: Required value`,
				at + `.clientTLS.secretRef.name: Required value`,
				at + `.clientTLS.secretRef.namespace: Required value`,
			},
		},
		"ClientTLSKey": {
			webhook(func(w *metacontroller.Webhook) {
				w.ClientTLS = newClientTLS()
				w.ClientTLS.PrivateKeyKey = ".."
			}),
			[]string{at + `.clientTLS.privateKeyKey: Invalid value: "..": must not be '..'`},
		},
	})
}

func TestValidateEndpointConfigs(t *testing.T) {
	const at = `spec.endpointConfigs[0].host: `
	host := func(hosts ...string) modification {
		return func(c *metacontroller.CompositeController) {
			for _, host := range hosts {
				c.Spec.EndpointConfigs = append(c.Spec.EndpointConfigs, metacontroller.EndpointConfig{Host: host})
			}
		}
	}
	run(t, map[string]invalid{
		"NoHost":   {host(""), []string{at + `Required value: must be host or host:port, for example hooks.example.com:8443`}},
		"URL":      {host("https://example.com"), []string{at + `Invalid value: "https://example.com": must be host or host:port, without scheme, user and path`}},
		"Path":     {host("example.com/sync"), []string{at + `Invalid value: "example.com/sync": must be host or host:port, without scheme, user and path`}},
		"User":     {host("me@example.com"), []string{at + `Invalid value: "me@example.com": must be host or host:port, without scheme, user and path`}},
		"Wildcard": {host("*.example.com"), []string{at + `Invalid value: "*.example.com": must be a DNS name or an IP address, IPv6 in brackets, with an optional port`}},
		"Port":     {host("example.com:0"), []string{at + `Invalid value: "example.com:0": must have a port from 1 to 65535 after the colon`}},
		"IPv6":     {host("2001:db8::1"), []string{at + `Invalid value: "2001:db8::1": must be a DNS name or an IP address, IPv6 in brackets, with an optional port`}},
		"Twice":    {host("example.com", "EXAMPLE.com"), []string{`spec.endpointConfigs[1].host: Duplicate value: "EXAMPLE.com"`}},
		"Credentials": {
			func(c *metacontroller.CompositeController) {
				c.Spec.EndpointConfigs = []metacontroller.EndpointConfig{{Host: "example.com", CABundle: &metacontroller.CABundle{}, Authorization: newAuthorization(), BasicAuth: newBasicAuth()}}
			},
			[]string{
				"spec.endpointConfigs[0]: Invalid value: \"{authorization, basicAuth}\": must specify at most one of: `authorization`, `basicAuth`",
				"spec.endpointConfigs[0].caBundle: Invalid value: \"\": must specify one of: `inline`, `secretRef`, `configMapRef`",
			},
		},
	})
}
