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
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
)

const (
	parentYAML = `
  parentResource: {apiVersion: apps.hybris.com/v1, resource: ecommerces}`
	clientConfigYAML = `
  clientConfig: {service: {name: ctrl, namespace: default}}`
	clientConfigWarning = `spec.clientConfig.service is deprecated: write spec.hooks.sync.webhook.service: {name: "ctrl", namespace: "default"}`
	syncPathWarning     = `spec.hooks.sync.path is deprecated: write spec.hooks.sync.webhook.path: "/sync"`
	webhookYAML         = `webhook: {service: {name: ctrl, namespace: default}, path: /sync}`
)

// decode reads the spec of a CompositeController as the server does: strictly,
// with defaults, into the internal form.
func decode(t *testing.T, spec string) *metacontroller.CompositeController {
	t.Helper()
	return decodeManifest(t, []byte("apiVersion: metacontroller.k8s.io/v1alpha1\nkind: CompositeController\nmetadata: {name: test}\nspec:"+spec))
}

func decodeManifest(t *testing.T, manifest []byte) *metacontroller.CompositeController {
	t.Helper()
	scheme := runtime.NewScheme()
	install.Install(scheme)
	obj, err := runtime.Decode(serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(), manifest)
	if err != nil {
		t.Fatalf("cannot decode the manifest: %v", err)
	}
	return obj.(*metacontroller.CompositeController)
}

func TestFoldCompositeController(t *testing.T) {
	cases := map[string]struct {
		reason   string
		spec     string
		old      string // nothing: create
		want     string
		warnings []string
	}{
		"TodaysForm": {
			reason: "today's form is left alone",
			spec:   parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}\n  childResources: [{apiVersion: v1, resource: pods}]",
			want:   parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}\n  childResources: [{apiVersion: v1, resource: pods}]",
		},
		"NoHooks": {
			reason: "a missing section is for validation to judge",
			spec:   parentYAML,
			want:   parentYAML,
		},
		"Resources": {
			reason: "each entry becomes a rule, in place, with the update strategy of its rule",
			spec: parentYAML + `
  childResources:
  - {apiVersion: v1, resource: secrets}
  - {apiVersion: v1, resources: [pods, services], updateStrategy: {method: InPlace}}
  - {apiVersion: apps/v1, resource: deployments}`,
			want: parentYAML + `
  childResources:
  - {apiVersion: v1, resource: secrets}
  - {apiVersion: v1, resource: pods, updateStrategy: {method: InPlace}}
  - {apiVersion: v1, resource: services, updateStrategy: {method: InPlace}}
  - {apiVersion: apps/v1, resource: deployments}`,
			warnings: []string{`spec.childResources[1].resources is deprecated: write one rule for each resource: [{apiVersion: "v1", resource: "pods"}, {apiVersion: "v1", resource: "services"}]`},
		},
		"ResourceAndResources": {
			reason: "a rule with both stays for validation to refuse",
			spec:   parentYAML + "\n  childResources: [{apiVersion: v1, resource: pods, resources: [services]}]",
			want:   parentYAML + "\n  childResources: [{apiVersion: v1, resource: pods, resources: [services]}]",
		},
		"EmptyResources": {
			reason: "a rule that names nothing must not vanish",
			spec:   parentYAML + "\n  childResources: [{apiVersion: v1, resources: []}]",
			want:   parentYAML + "\n  childResources: [{apiVersion: v1, resources: []}]",
		},
		"PathOnCreate": {
			reason:   "service and path become a webhook with every default",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync}}",
			want:     parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			warnings: []string{syncPathWarning, clientConfigWarning},
		},
		"PathOfVersion2": {
			reason:   "defaults that depend on the version do so in a folded webhook",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {version: v2, path: /sync}}",
			want:     parentYAML + "\n  hooks: {sync: {version: v2, " + webhookYAML + "}}",
			warnings: []string{syncPathWarning, clientConfigWarning},
		},
		"AllHooks": {
			reason: "the one service goes to each hook",
			spec:   parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync}, finalize: {path: /end}, customize: {path: /more}}",
			want: parentYAML + `
  hooks:
    sync: {` + webhookYAML + `}
    finalize: {webhook: {service: {name: ctrl, namespace: default}, path: /end}}
    customize: {webhook: {service: {name: ctrl, namespace: default}, path: /more}}`,
			warnings: []string{
				syncPathWarning,
				`spec.hooks.finalize.path is deprecated: write spec.hooks.finalize.webhook.path: "/end"`,
				`spec.hooks.customize.path is deprecated: write spec.hooks.customize.webhook.path: "/more"`,
				`spec.clientConfig.service is deprecated: write spec.hooks.sync.webhook.service and spec.hooks.finalize.webhook.service and spec.hooks.customize.webhook.service: {name: "ctrl", namespace: "default"}`,
			},
		},
		"CABundle": {
			reason: "hooks of 2018 were called over http and never looked at it",
			spec:   parentYAML + "\n  clientConfig: {service: {name: ctrl, namespace: default}, caBundle: '...'}\n  hooks: {sync: {path: /sync}}",
			want:   parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			warnings: []string{
				syncPathWarning, clientConfigWarning,
				"spec.clientConfig.caBundle is deprecated: it has no effect, because the hook is called over http: remove it, or write spec.hooks.<hook>.webhook with service.protocol: https and caBundle.inline",
			},
		},
		"ClientConfigWithoutPath": {
			reason:   "webhooks say themselves what they call",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {webhook: {url: 'https://example.com/sync'}}}",
			want:     parentYAML + "\n  hooks: {sync: {webhook: {url: 'https://example.com/sync'}}}",
			warnings: []string{"spec.clientConfig.service is deprecated: it has no effect, because no hook has a path: remove it"},
		},
		"EmptyClientConfig": {
			spec:     parentYAML + "\n  clientConfig: {}\n  hooks: {sync: {" + webhookYAML + "}}",
			want:     parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			warnings: []string{"spec.clientConfig is deprecated: it is empty: remove it"},
		},
		"PathWithoutService": {
			reason: "a path alone calls nothing and stays for validation to refuse",
			spec:   parentYAML + "\n  hooks: {sync: {path: /sync}}",
			want:   parentYAML + "\n  hooks: {sync: {path: /sync}}",
		},
		"NeverCalledHooks": {
			reason: "they are not stored, whichever dialect they are in",
			spec:   parentYAML + clientConfigYAML + "\n  hooks: {preUpdateChild: {path: /pre}, postUpdateChild: {" + webhookYAML + "}, sync: {path: /sync}}",
			want:   parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			warnings: []string{
				syncPathWarning, clientConfigWarning,
				"spec.hooks.preUpdateChild is deprecated: it is never called: remove it",
				"spec.hooks.postUpdateChild is deprecated: it is never called: remove it",
			},
		},
		"MixedInAgreement": {
			reason:   "2018 says nothing about ports and timeouts, so they cannot disagree",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync, webhook: {service: {name: ctrl, namespace: default, port: 8080}, path: /sync, timeout: 3s}}}",
			want:     parentYAML + "\n  hooks: {sync: {webhook: {service: {name: ctrl, namespace: default, port: 8080}, path: /sync, timeout: 3s}}}",
			warnings: []string{syncPathWarning, clientConfigWarning},
		},
		"WebhookWithoutTarget": {
			reason:   "server-side apply by the author of today's form takes his service and path away",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync, webhook: {timeout: 3s, service: {name: '', namespace: '', port: 8080}}}}",
			old:      parentYAML + "\n  hooks: {sync: {webhook: {service: {name: ctrl, namespace: default, port: 8080}, path: /sync, timeout: 3s}}}",
			want:     parentYAML + "\n  hooks: {sync: {webhook: {service: {name: ctrl, namespace: default, port: 8080}, path: /sync, timeout: 3s}}}",
			warnings: []string{syncPathWarning, clientConfigWarning},
		},
		"MixedInContradiction": {
			reason: "nothing tells which of the two is meant",
			spec:   parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /other, " + webhookYAML + "}}",
			want:   parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /other, " + webhookYAML + "}}",
		},
		"AppliedAgain": {
			reason:   "the second apply of a 2018 manifest merges it into the stored form",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync, " + webhookYAML + "}}",
			old:      parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			want:     parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			warnings: []string{syncPathWarning, clientConfigWarning},
		},
		"AppliedWithAnotherPath": {
			reason:   "the stored webhook is not what the author wrote, so the path wins; what 2018 cannot say stays",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync, webhook: {service: {name: ctrl, namespace: default, port: 8080}, path: /old, timeout: 3s}}}",
			old:      parentYAML + "\n  hooks: {sync: {webhook: {service: {name: ctrl, namespace: default, port: 8080}, path: /old, timeout: 3s}}}",
			want:     parentYAML + "\n  hooks: {sync: {webhook: {service: {name: ctrl, namespace: default, port: 8080}, path: /sync, timeout: 3s}}}",
			warnings: []string{syncPathWarning, clientConfigWarning},
		},
		"AppliedOverURL": {
			reason:   "a service replaces the url that is stored",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync, webhook: {url: 'https://example.com/sync'}}}",
			old:      parentYAML + "\n  hooks: {sync: {webhook: {url: 'https://example.com/sync'}}}",
			want:     parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			warnings: []string{syncPathWarning, clientConfigWarning},
		},
		"AppliedWithAnotherService": {
			reason:   "and with it the port of 2018",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync, webhook: {service: {name: old, namespace: default, port: 443, protocol: https}, path: /sync}}}",
			old:      parentYAML + "\n  hooks: {sync: {webhook: {service: {name: old, namespace: default, port: 443, protocol: https}, path: /sync}}}",
			want:     parentYAML + "\n  hooks: {sync: {" + webhookYAML + "}}",
			warnings: []string{syncPathWarning, clientConfigWarning},
		},
		"BothChanged": {
			reason: "an update that changes both in contradiction is refused",
			spec:   parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /other, " + webhookYAML + "}}",
			old:    parentYAML + "\n  hooks: {sync: {webhook: {service: {name: ctrl, namespace: default}, path: /old}}}",
			want:   parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /other, " + webhookYAML + "}}",
		},
		"OneHookContradicts": {
			reason:   "clientConfig stays as long as some path needs it",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: /sync}, finalize: {path: /other, " + webhookYAML + "}}",
			want:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {" + webhookYAML + "}, finalize: {path: /other, " + webhookYAML + "}}",
			warnings: []string{syncPathWarning},
		},
		"ControlCharacters": {
			reason:   "a warning header with control characters would be dropped",
			spec:     parentYAML + clientConfigYAML + "\n  hooks: {sync: {path: \"/a\\nb\"}}",
			want:     parentYAML + "\n  hooks: {sync: {webhook: {service: {name: ctrl, namespace: default}, path: \"/a\\nb\"}}}",
			warnings: []string{`spec.hooks.sync.path is deprecated: write spec.hooks.sync.webhook.path: "/a\nb"`, clientConfigWarning},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			controller := decode(t, tc.spec)
			var old *metacontroller.CompositeController
			if tc.old != "" {
				old = decode(t, tc.old)
			}
			unchanged := old.DeepCopy()

			warnings := metacontroller.FoldCompositeController(controller, old)

			if diff := cmp.Diff(decode(t, tc.want), controller); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.warnings, warnings); diff != "" {
				t.Errorf("%s: warnings: -want +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(unchanged, old); diff != "" {
				t.Errorf("the old object was changed: -want +got:\n%s", diff)
			}
		})
	}
}

// TestFoldDefaults holds folding to the defaults of the served version, which
// it bypasses.
func TestFoldDefaults(t *testing.T) {
	folded := decode(t, parentYAML+clientConfigYAML+"\n  hooks: {sync: {path: /sync}, finalize: {version: v2, path: /end}}\n  childResources: [{apiVersion: v1, resources: [pods]}]")
	metacontroller.FoldCompositeController(folded, nil)

	var served v1alpha1.CompositeController
	if err := v1alpha1.Convert_metacontroller_CompositeController_To_v1alpha1_CompositeController(folded, &served, nil); err != nil {
		t.Fatal(err)
	}
	want := served.DeepCopy()
	v1alpha1.SetObjectDefaults_CompositeController(want)
	if diff := cmp.Diff(want, &served); diff != "" {
		t.Errorf("defaulting changes what was folded: -want +got:\n%s", diff)
	}
}

func TestSeedManifest(t *testing.T) {
	manifest, err := os.ReadFile("testdata/ecommerce-controller.yaml")
	if err != nil {
		t.Fatal(err)
	}
	controller := decodeManifest(t, manifest)
	warnings := metacontroller.FoldCompositeController(controller, nil)

	want := decode(t, parentYAML+`
  childResources: [{apiVersion: v1, resource: pods}]
  hooks:
    sync:
      version: v1
      webhook:
        service: {name: ecommerce-ctrl, namespace: default, port: 80, protocol: http}
        path: /sync
        timeout: 10s
        responseUnMarshallMode: loose
  generateSelector: true`)
	if diff := cmp.Diff(want.Spec, controller.Spec); diff != "" {
		t.Errorf("spec: -want +got:\n%s", diff)
	}
	wantWarnings := []string{
		`spec.childResources[0].resources is deprecated: write one rule for each resource: [{apiVersion: "v1", resource: "pods"}]`,
		syncPathWarning,
		`spec.clientConfig.service is deprecated: write spec.hooks.sync.webhook.service: {name: "ecommerce-ctrl", namespace: "default"}`,
	}
	if diff := cmp.Diff(wantWarnings, warnings); diff != "" {
		t.Errorf("warnings: -want +got:\n%s", diff)
	}
	if errs := validation.ValidateCompositeController(controller); len(errs) > 0 {
		t.Errorf("the seed's manifest is refused: %v", errs.ToAggregate())
	}
}
