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

package metacontroller_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/hookplane/hookplane/apis/metacontroller/install"
)

// What an object is, up to what the 2018 dialect says differently.
const (
	decoratorYAML = `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: DecoratorController
metadata: {name: test}
spec:
  resources: [{apiVersion: v1, resource: pods}]`
	initializerYAML = `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: InitializerController
metadata: {name: test}
spec:
  initializerName: test.example.com`
)

// decodeAny decodes an object of any kind as the server does.
func decodeAny(t *testing.T, manifest string) runtime.Object {
	t.Helper()
	scheme := runtime.NewScheme()
	install.Install(scheme)
	obj, err := runtime.Decode(serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(), []byte(manifest))
	if err != nil {
		t.Fatalf("cannot decode the manifest: %v", err)
	}
	return obj
}

// TestFoldUpdate applies manifests of 2018 a second time: their fields are
// merged into what was stored the first time. How each kind folds a new object
// is shown by the examples.
func TestFoldUpdate(t *testing.T) {
	const initWebhook = `webhook: {service: {name: ctrl, namespace: default}, path: /init}`
	initWarnings := []string{
		`spec.hooks.init.path is deprecated: write spec.hooks.init.webhook.path: "/init2"`,
		`spec.clientConfig.service is deprecated: write spec.hooks.init.webhook.service: {name: "ctrl", namespace: "default"}`,
	}
	cases := map[string]struct {
		reason         string
		old, obj, want string
		warnings       []string
	}{
		"DecoratorPathWins": {
			reason: "the webhook is the stored one, so the path is what the author has changed",
			old:    decoratorYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			obj:    decoratorYAML + clientConfigYAML + "\n  hooks: {sync: {path: /other, " + webhookYAML + "}}",
			want:   decoratorYAML + "\n  hooks: {sync: {webhook: {service: {name: ctrl, namespace: default}, path: /other}}}",
			warnings: []string{
				`spec.hooks.sync.path is deprecated: write spec.hooks.sync.webhook.path: "/other"`, clientConfigWarning,
			},
		},
		"DecoratorContradicts": {
			reason: "both have been changed: nobody knows which is meant",
			old:    decoratorYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			obj:    decoratorYAML + clientConfigYAML + "\n  hooks: {sync: {path: /other, webhook: {url: http://a/}}}",
			want:   decoratorYAML + clientConfigYAML + "\n  hooks: {sync: {path: /other, webhook: {url: http://a/}}}",
		},
		"InitializerPathWins": {
			old:      initializerYAML + "\n  hooks: {init: {" + initWebhook + "}}",
			obj:      initializerYAML + clientConfigYAML + "\n  hooks: {init: {path: /init2, " + initWebhook + "}}",
			want:     initializerYAML + "\n  hooks: {init: {webhook: {service: {name: ctrl, namespace: default}, path: /init2}}}",
			warnings: initWarnings,
		},
		"InitializerContradicts": {
			old:  initializerYAML + "\n  hooks: {init: {" + initWebhook + "}}",
			obj:  initializerYAML + clientConfigYAML + "\n  hooks: {init: {path: /init2, webhook: {url: http://a/}}}",
			want: initializerYAML + clientConfigYAML + "\n  hooks: {init: {path: /init2, webhook: {url: http://a/}}}",
		},
		"ResyncIsRaised": {
			old:      decoratorYAML + "\n  resyncPeriodSeconds: 1",
			obj:      decoratorYAML + "\n  resyncPeriodSeconds: -1",
			want:     decoratorYAML + "\n  resyncPeriodSeconds: 1",
			warnings: []string{"spec.resyncPeriodSeconds: -1 is raised to 1, the minimum; write 0 for never"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Log(tc.reason)
			obj := decodeAny(t, tc.obj)
			warnings := fold(obj, decodeAny(t, tc.old))
			if diff := cmp.Diff(decodeAny(t, tc.want), obj); diff != "" {
				t.Errorf("object: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(tc.warnings, warnings); diff != "" {
				t.Errorf("warnings: -want +got:\n%s", diff)
			}
		})
	}
}
