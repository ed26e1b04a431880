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

package v1alpha1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// decode reads the spec of a CompositeController without defaulting it.
func decode(t *testing.T, spec string) *CompositeController {
	t.Helper()
	controller := &CompositeController{}
	if err := yaml.UnmarshalStrict([]byte("spec: {"+spec+"}"), controller); err != nil {
		t.Fatalf("cannot decode %q: %v", spec, err)
	}
	return controller
}

func TestSetObjectDefaultsCompositeController(t *testing.T) {
	const (
		always = "parentResource: {apiVersion: v1, resource: a, ignoreStatusChanges: false}, generateSelector: false"
		parent = "parentResource: {apiVersion: v1, resource: a}"
	)
	cases := map[string]struct {
		spec string
		want string
	}{
		"Minimal": {
			spec: parent,
			want: always,
		},
		"ExplicitValuesStay": {
			spec: "parentResource: {apiVersion: v1, resource: a, ignoreStatusChanges: true}, generateSelector: true, resyncPeriodSeconds: 30",
			want: "parentResource: {apiVersion: v1, resource: a, ignoreStatusChanges: true}, generateSelector: true, resyncPeriodSeconds: 30",
		},
		"ZeroResyncIsNever": {
			spec: parent + ", resyncPeriodSeconds: 0",
			want: always + ", resyncPeriodSeconds: 0",
		},
		"RevisionHistory": {
			spec: "parentResource: {apiVersion: v1, resource: a, revisionHistory: {fieldPaths: []}}",
			want: "parentResource: {apiVersion: v1, resource: a, ignoreStatusChanges: false, revisionHistory: {fieldPaths: [spec]}}, generateSelector: false",
		},
		"RulesInLists": {
			// what an apply replaces as a whole stays as it was written
			spec: parent + ", childResources: [{apiVersion: v1}, {apiVersion: v1, updateStrategy: {statusChecks: {}}}, {apiVersion: v1, updateStrategy: {method: InPlace}}]",
			want: always + ", childResources: [{apiVersion: v1}, {apiVersion: v1, updateStrategy: {statusChecks: {}}}, {apiVersion: v1, updateStrategy: {method: InPlace}}]",
		},
		"HookVersion": {
			spec: parent + ", hooks: {sync: {}, finalize: {version: v2}}",
			want: always + ", hooks: {sync: {version: v1}, finalize: {version: v2}}",
		},
		"Webhook": {
			spec: parent + ", hooks: {sync: {webhook: {url: a}}, customize: {version: v2, webhook: {url: a, timeout: 1m}}}",
			want: always + ", hooks: {sync: {version: v1, webhook: {url: a, timeout: 10s, responseUnMarshallMode: loose}}, customize: {version: v2, webhook: {url: a, timeout: 1m, responseUnMarshallMode: strict}}}",
		},
		"ZeroTimeoutStays": {
			spec: parent + ", hooks: {sync: {webhook: {timeout: 0s, responseUnMarshallMode: strict}}}",
			want: always + ", hooks: {sync: {version: v1, webhook: {timeout: 0s, responseUnMarshallMode: strict}}}",
		},
		"Service": {
			spec: parent + ", hooks: {sync: {version: v2, webhook: {timeout: 1s, service: {name: a, namespace: b}}}}",
			want: always + ", hooks: {sync: {version: v2, webhook: {timeout: 1s, responseUnMarshallMode: strict, service: {name: a, namespace: b, port: 80, protocol: http}}}}",
		},
		"ZeroPortStays": {
			spec: parent + ", hooks: {sync: {version: v2, webhook: {timeout: 1s, service: {name: a, namespace: b, port: 0, protocol: https}}}}",
			want: always + ", hooks: {sync: {version: v2, webhook: {timeout: 1s, responseUnMarshallMode: strict, service: {name: a, namespace: b, port: 0, protocol: https}}}}",
		},
		"ETag": {
			spec: parent + ", hooks: {sync: {version: v2, webhook: {timeout: 1s, etag: {}}}}",
			want: always + ", hooks: {sync: {version: v2, webhook: {timeout: 1s, responseUnMarshallMode: strict, etag: {enabled: false}}}}",
		},
		"Credentials": {
			spec: parent + ", endpointConfigs: [{host: a, caBundle: {secretRef: {}}, clientTLS: {}, authorization: {type: ' Token '}}, {host: b, caBundle: {configMapRef: {}}, authorization: {}, basicAuth: {}}]",
			want: always + ", endpointConfigs: [{host: a, caBundle: {secretRef: {key: ca.crt}}, clientTLS: {certKey: tls.crt, privateKeyKey: tls.key}, authorization: {type: Token}}," +
				" {host: b, caBundle: {configMapRef: {key: ca.crt}}, authorization: {type: Bearer}, basicAuth: {usernameKey: username, passwordKey: password}}]",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			controller := decode(t, tc.spec)
			SetObjectDefaults_CompositeController(controller)
			if diff := cmp.Diff(decode(t, tc.want), controller); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			again := controller.DeepCopy()
			SetObjectDefaults_CompositeController(again)
			if diff := cmp.Diff(controller, again); diff != "" {
				t.Errorf("defaulting twice: -once +twice:\n%s", diff)
			}
		})
	}
}
