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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// modification makes a controller, or a part of one, different from a valid
// one.
type modification func(*metacontroller.CompositeController)

// newController returns a valid controller, modified.
func newController(mods ...modification) *metacontroller.CompositeController {
	controller := &metacontroller.CompositeController{
		ObjectMeta: metav1.ObjectMeta{Name: "shops", ResourceVersion: "1"},
		Spec: metacontroller.CompositeControllerSpec{
			ParentResource: metacontroller.ParentResourceRule{APIVersion: "example.com/v1", Resource: "shops"},
			ChildResources: []metacontroller.ChildResourceRule{
				newChild("v1", "pods"),
				newChild("apps/v1", "deployments"),
			},
			Hooks: &metacontroller.CompositeControllerHooks{Sync: newHook()},
		},
	}
	for _, mod := range mods {
		mod(controller)
	}
	return controller
}

func newChild(apiVersion, resource string) metacontroller.ChildResourceRule {
	return metacontroller.ChildResourceRule{
		APIVersion:     apiVersion,
		Resource:       resource,
		UpdateStrategy: &metacontroller.ChildUpdateStrategy{Method: metacontroller.ChildUpdateOnDelete},
	}
}

func newHook() *metacontroller.Hook {
	return &metacontroller.Hook{
		Version: metacontroller.HookVersionV1,
		Webhook: &metacontroller.Webhook{
			Service:               newService(),
			Path:                  "/sync",
			Timeout:               "10s",
			ResponseUnmarshalMode: metacontroller.ResponseUnmarshalModeLoose,
		},
	}
}

func newService() *metacontroller.ServiceReference {
	return &metacontroller.ServiceReference{Name: "shops", Namespace: "default", Port: new(int32(80)), Protocol: "http"}
}

// newEverything returns a valid controller that sets every field of today's
// form.
func newEverything() *metacontroller.CompositeController {
	return newController(func(c *metacontroller.CompositeController) {
		c.Spec.ParentResource.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}}
		c.Spec.ParentResource.IgnoreStatusChanges = new(true)
		c.Spec.ParentResource.RevisionHistory = &metacontroller.RevisionHistory{FieldPaths: []string{"spec.template", "spec.search-backend"}}
		c.Spec.ChildResources[0].UpdateStrategy = &metacontroller.ChildUpdateStrategy{
			Method: metacontroller.ChildUpdateRollingInPlace,
			StatusChecks: &metacontroller.ChildUpdateStatusChecks{Conditions: []metacontroller.StatusConditionCheck{
				{Type: "Ready", Status: new("True"), Reason: new("")},
				{Type: "example.com/Warm"},
			}},
		}
		c.Spec.Hooks.Finalize = newHook()
		c.Spec.Hooks.Finalize.Webhook = &metacontroller.Webhook{
			URL:                   "https://[::1]:8443/finalize?slow=true",
			ResponseUnmarshalMode: metacontroller.ResponseUnmarshalModeStrict,
			ETag:                  &metacontroller.ETag{Enabled: new(true), CacheTimeoutSeconds: new(int32(0)), CacheCleanupSeconds: new(int32(5))},
			CABundle:              &metacontroller.CABundle{Inline: "# the authority\n" + certificate},
			ClientTLS:             newClientTLS(),
			Authorization:         newAuthorization(),
		}
		c.Spec.Hooks.Customize = newHook()
		c.Spec.Hooks.Customize.Version = metacontroller.HookVersionV2
		c.Spec.EndpointConfigs = []metacontroller.EndpointConfig{
			{Host: "Hooks.example.com:8443", CABundle: &metacontroller.CABundle{ConfigMapRef: &metacontroller.ConfigMapKeyReference{Name: "ca", Namespace: "default", Key: "ca.crt"}}},
			{Host: "hooks.example.com", BasicAuth: newBasicAuth()},
			{Host: "10.0.0.1"},
			{Host: "[2001:db8::1]:443"},
		}
		c.Spec.ResyncPeriodSeconds = new(int32(0))
		c.Spec.GenerateSelector = new(true)
	})
}

func newClientTLS() *metacontroller.ClientTLS {
	return &metacontroller.ClientTLS{
		SecretRef: metacontroller.SecretReference{Name: "tls", Namespace: "default"}, CertKey: "tls.crt", PrivateKeyKey: "tls.key",
	}
}

func newAuthorization() *metacontroller.Authorization {
	return &metacontroller.Authorization{
		Type: "Bearer", SecretRef: metacontroller.SecretKeyReference{Name: "token", Namespace: "default", Key: "token"},
	}
}

func newBasicAuth() *metacontroller.BasicAuth {
	return &metacontroller.BasicAuth{
		SecretRef: metacontroller.SecretReference{Name: "user", Namespace: "default"}, UsernameKey: "username", PasswordKey: "password",
	}
}

// check compares errors by everything that a user sees of them.
func check(t *testing.T, want []string, got field.ErrorList) {
	t.Helper()
	var messages []string
	for _, err := range got {
		messages = append(messages, err.Error())
	}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Errorf("errors: -want +got:\n%s", diff)
	}
}

// invalid is a modification that makes a controller invalid, and the errors
// that it causes.
type invalid struct {
	modify modification
	want   []string
}

func run(t *testing.T, cases map[string]invalid) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			check(t, tc.want, create(t, newController(tc.modify)))
		})
	}
}

// What Kubernetes says about names.
var (
	subdomain     = message(validation.IsDNS1123Subdomain("A"))
	label1123     = message(validation.IsDNS1123Label("A"))
	label1035     = message(validation.IsDNS1035Label("A"))
	qualifiedName = message(validation.IsQualifiedName("a b"))
	dataKey       = message(validation.IsConfigMapKey("a/b"))
)

func message(messages []string) string {
	return messages[0]
}
