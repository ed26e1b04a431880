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

package registration

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/initialization/initializationtest"
)

type spec = v1alpha1.InitializerControllerSpec

var (
	initializer = initializationtest.Initializer
	owner       = metav1.OwnerReference{APIVersion: "apiregistration.k8s.io/v1", Kind: "APIService", Name: apiServiceName, UID: "1"}
	hooks       = map[string]initializationtest.Hook{"a": nil, "b": nil}
)

// webhooks returns the webhooks for some controllers, by their names.
func webhooks(t *testing.T, controllers ...*v1alpha1.InitializerController) map[string]admissionregistrationv1.MutatingWebhook {
	t.Helper()
	registry, _, err := initializationtest.NewRegistry(t.Context(), hooks, controllers...)
	if err != nil {
		t.Fatal(err)
	}
	configuration := Configuration(registry.Snapshot(), "own", owner)
	if configuration == nil {
		return nil
	}
	if diff := cmp.Diff([]metav1.OwnerReference{owner}, configuration.OwnerReferences); diff != "" {
		t.Errorf("the owners differ: -want, +got:\n%s", diff)
	}
	found := map[string]admissionregistrationv1.MutatingWebhook{}
	for _, webhook := range configuration.Webhooks {
		found[webhook.Name] = webhook
	}
	return found
}

func excluding(namespaces ...string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpNotIn, Values: namespaces}
}

const podsWebhook = "pods.v1.initializers.metacontroller.k8s.io"

// TestConfigurationOfOne has one initializer, which kube-apiserver is told all of.
func TestConfigurationOfOne(t *testing.T) {
	shop := metav1.LabelSelector{MatchLabels: map[string]string{"team": "shop"}}
	web := metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	got := webhooks(t, initializer("a", func(s *spec) {
		s.Hooks.Init.Webhook.URL = ""
		s.Hooks.Init.Webhook.Service = &v1alpha1.ServiceReference{Name: "hook", Namespace: "hooks"}
		s.NamespaceSelector, s.ObjectSelector = &shop, &web
		s.MatchConditions = []v1alpha1.MatchCondition{{Name: "c", Expression: "true"}}
		s.FailurePolicy, s.ReinvocationPolicy = v1alpha1.InitializerIgnore, v1alpha1.InitializerReinvokeIfNeeded
	}))
	// The hook of the test registry is not there, so the selectors are the endpoint's to judge.
	want := admissionregistrationv1.MutatingWebhook{
		Name: podsWebhook,
		ClientConfig: admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{
			Namespace: "default", Name: "kubernetes", Path: new(Path), Port: new(int32(443)),
		}},
		Rules: []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule: admissionregistrationv1.Rule{
				APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}, Scope: new(admissionregistrationv1.AllScopes),
			},
		}},
		FailurePolicy: new(admissionregistrationv1.Ignore), MatchPolicy: new(admissionregistrationv1.Equivalent),
		NamespaceSelector:       &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{excluding("hooks", "kube-system", "own")}},
		ObjectSelector:          &metav1.LabelSelector{},
		SideEffects:             new(admissionregistrationv1.SideEffectClassNoneOnDryRun),
		TimeoutSeconds:          new(int32(11)),
		AdmissionReviewVersions: []string{"v1"},
		ReinvocationPolicy:      new(admissionregistrationv1.IfNeededReinvocationPolicy),
		MatchConditions:         []admissionregistrationv1.MatchCondition{{Name: "c", Expression: "true"}},
	}
	if diff := cmp.Diff(map[string]admissionregistrationv1.MutatingWebhook{podsWebhook: want}, got); diff != "" {
		t.Errorf("Configuration(...): -want, +got:\n%s", diff)
	}
}

// TestConfigurationOfTwo has two initializers of one resource type: an object is sent once, whatever they disagree on.
func TestConfigurationOfTwo(t *testing.T) {
	shop := &metav1.LabelSelector{MatchLabels: map[string]string{"team": "shop"}}
	nothing := func(*spec) {}
	ignored := func(s *spec) { s.FailurePolicy = v1alpha1.InitializerIgnore }
	deferred := func(s *spec) { s.FailurePolicy = v1alpha1.InitializerDefer }
	selected := func(s *spec) { s.NamespaceSelector, s.ObjectSelector = shop, shop }
	type summary struct {
		Policy  admissionregistrationv1.FailurePolicyType
		Timeout int32
		Labels  map[string]string
		Objects map[string]string
	}
	for name, tc := range map[string]struct {
		a, b func(*spec)
		want summary
	}{
		"Plain":         {nothing, nothing, summary{Policy: admissionregistrationv1.Fail, Timeout: 21}},
		"BothIgnored":   {ignored, ignored, summary{Policy: admissionregistrationv1.Ignore, Timeout: 21}},
		"OneIgnored":    {ignored, nothing, summary{Policy: admissionregistrationv1.Fail, Timeout: 21}},
		"OneDeferred":   {ignored, deferred, summary{Policy: admissionregistrationv1.Fail, Timeout: 21}},
		"SameSelectors": {selected, selected, summary{Policy: admissionregistrationv1.Fail, Timeout: 21, Labels: shop.MatchLabels, Objects: shop.MatchLabels}},
		"OneSelects":    {selected, nothing, summary{Policy: admissionregistrationv1.Fail, Timeout: 21}},
		"Patient":       {func(s *spec) { s.Hooks.Init.Webhook.Timeout = "1h" }, nothing, summary{Policy: admissionregistrationv1.Fail, Timeout: 30}},
	} {
		t.Run(name, func(t *testing.T) {
			all := webhooks(t, initializer("a", tc.a), initializer("b", tc.b))
			if len(all) != 1 {
				t.Fatalf("there are %d webhooks, want one", len(all))
			}
			w := all[podsWebhook]
			got := summary{*w.FailurePolicy, *w.TimeoutSeconds, w.NamespaceSelector.MatchLabels, w.ObjectSelector.MatchLabels}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Configuration(...): -want, +got:\n%s", diff)
			}
		})
	}
}

func TestConfigurationIsNarrow(t *testing.T) {
	got := webhooks(t, initializer("a", func(s *spec) {
		s.UninitializedResources = []v1alpha1.InitializerResourceRule{
			{APIVersion: "apps/v1", Resource: "deployments"},
			{APIVersion: "metacontroller.k8s.io/v1alpha1", Resource: "compositecontrollers"},
			{APIVersion: "admission.metacontroller.k8s.io/v1alpha1", Resource: "initializations"},
		}
	}))
	if _, found := got["deployments.v1.apps.initializers.metacontroller.k8s.io"]; !found || len(got) != 1 {
		t.Errorf("the webhooks are %v, want the one for deployments: the server must not wait for itself", got)
	}
	if got := webhooks(t); got != nil {
		t.Errorf("without initializers there are the webhooks %v", got)
	}
}
