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

package integration

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestForbiddenRelated has the server run with rights that lack what a customize hook asks for: the controller's condition and
// an event on the parent say so, no hook is called without it, and all goes on by itself when the right is given.
func TestForbiddenRelated(t *testing.T) {
	server := author{t, "shortsighted-hookplane"}
	server.grantAllButSecrets()
	defer server.runServer()()

	namespace, kind := newNamespace(t), newKind(t, "shortsighted")
	sync, customize := newHook(t, threeConfigMaps), newHook(t, nil)
	customize.answerAny(func(request) any {
		return object{"relatedResources": []object{{"apiVersion": "v1", "resource": "secrets"}}}
	})
	newController(t, kind, sync, func(c *v1alpha1.CompositeController) {
		c.Spec.Hooks.Customize = &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: customize.URL()}}
	})
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "Forbidden")
	message := mustKubectl(t, "", "get", "cc", kind.Resource, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].message}`)
	for _, want := range []string{server.name, "secrets"} {
		if !strings.Contains(message, want) {
			t.Errorf("the condition says %q, want %q in it", message, want)
		}
	}
	eventuallyEvent(t, namespace, "p", "SyncError", "secrets")
	if calls := sync.count("p"); calls > 0 {
		t.Errorf("the sync hook was called %d times without its related objects", calls)
	}

	server.grant(rbacv1.PolicyRule{Verbs: []string{"get", "list", "watch"}, APIGroups: []string{""}, Resources: []string{"secrets"}})
	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
}
