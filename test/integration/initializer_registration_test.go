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
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestInitializerRegistration looks at what kube-apiserver is told: what the initializer asks for, and nothing else.
func TestInitializerRegistration(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, addLabel("team", "a"))
	newInitializer(t, namespace, "registered", hook, func(c *v1alpha1.InitializerController) {
		c.Spec.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"complete": "me"}}
		c.Spec.MatchConditions = []v1alpha1.MatchCondition{{Name: "named", Expression: "object.metadata.name != 'other'"}}
		c.Spec.ReinvocationPolicy = v1alpha1.InitializerReinvokeIfNeeded
		c.Spec.Hooks.Init.Webhook.Timeout = "3s"
		c.Spec.Hooks.Init.Webhook.URL = "http://hook.hooks.svc/init" // no Service has that name
	})
	labelled := func(name string) object { return object{"key": "kubernetes.io/metadata.name", "operator": name} }
	excluded := labelled("NotIn")
	excluded["values"] = []any{"hookplane-system", "hooks", "kube-system"}
	want := []any{object{
		"name":         "configmaps.v1.initializers.metacontroller.k8s.io",
		"clientConfig": object{"service": object{"namespace": "default", "name": "kubernetes", "port": int64(443), "path": "/apis/admission.metacontroller.k8s.io/v1alpha1/initializations"}},
		"rules": []any{object{
			"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "resources": []any{"configmaps"}, "operations": []any{"CREATE"}, "scope": "*",
		}},
		"namespaceSelector":  object{"matchLabels": object{"kubernetes.io/metadata.name": namespace}, "matchExpressions": []any{excluded}},
		"objectSelector":     object{"matchLabels": object{"complete": "me"}},
		"matchConditions":    []any{object{"name": "named", "expression": "object.metadata.name != 'other'"}},
		"failurePolicy":      "Fail",
		"matchPolicy":        "Equivalent",
		"reinvocationPolicy": "IfNeeded",
		"sideEffects":        "NoneOnDryRun",
		"timeoutSeconds":     int64(4), "admissionReviewVersions": []any{"v1"},
	}}
	configuration, err := env.dynamic.Resource(webhookConfigurations).Get(t.Context(), configurationName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, configuration.Object["webhooks"]); diff != "" {
		t.Errorf("the webhooks: -want, +got:\n%s", diff)
	}
	if err := env.dynamic.Resource(webhookConfigurations).Delete(t.Context(), configurationName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what others remove is made again", func() error {
		_, err := env.dynamic.Resource(webhookConfigurations).Get(t.Context(), configurationName, metav1.GetOptions{})
		return err
	})
}

// TestInitializersSpareSystemNamespaces has an initializer of everything whose hook is down: what it needs to start is created.
func TestInitializersSpareSystemNamespaces(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, addLabel("team", "a"))
	newInitializer(t, namespace, "everywhere", hook, func(c *v1alpha1.InitializerController) { c.Spec.NamespaceSelector = nil })
	eventuallyLabelled(t, namespace, "team", "a")
	hook.down()
	for _, spared := range []string{"kube-system", "hookplane-system"} {
		if _, err := newConfigMap(t.Context(), spared, namespace, metav1.CreateOptions{}); err != nil {
			t.Errorf("in %s nothing can be created: %v", spared, err)
			continue
		}
		_ = env.kubernetes.CoreV1().ConfigMaps(spared).Delete(t.Context(), namespace, metav1.DeleteOptions{})
	}
}

// TestInitializersNeverLockACluster takes the server away, cleanly and not: a clean end takes the registration with it, and what a
// crash leaves can be removed as it says.
func TestInitializersNeverLockACluster(t *testing.T) {
	namespace := newNamespace(t)
	newInitializer(t, namespace, "locking", newInitHook(t, addLabel("team", "a")))
	eventuallyLabelled(t, namespace, "team", "a")
	if err := env.server.Stop(); err != nil {
		t.Fatal(err)
	}
	_, err := env.dynamic.Resource(webhookConfigurations).Get(t.Context(), configurationName, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("after a clean end the configuration gives %v, want not found", err)
	}
	eventuallyCreated(t, namespace, "after-the-end")
	startAgain(t)
	eventuallyLabelled(t, namespace, "team", "a")

	killed := env.server.Kill()
	_, locked := newConfigMap(t.Context(), namespace, "locked", metav1.CreateOptions{})
	configuration, err := env.dynamic.Resource(webhookConfigurations).Get(t.Context(), configurationName, metav1.GetOptions{})
	if killed != nil || err != nil {
		t.Fatal(killed, err)
	}
	if locked == nil {
		t.Error("an object was created without its initializer, which says Fail")
	}
	said := configuration.GetAnnotations()["kubernetes.io/description"]
	_, command, found := strings.Cut(said, "remove it: kubectl ")
	if !found {
		t.Fatalf("the configuration does not say how to remove it: %s", said)
	}
	mustKubectl(t, "", strings.Fields(command)...)
	eventuallyCreated(t, namespace, "unlocked")
	startAgain(t)
	eventuallyLabelled(t, namespace, "team", "a")
}

// eventuallyCreated waits until a ConfigMap can be created.
func eventuallyCreated(t *testing.T, namespace, name string) {
	t.Helper()
	eventually(t, name+" is created", func() error {
		_, err := newConfigMap(context.WithoutCancel(t.Context()), namespace, name, metav1.CreateOptions{})
		return err
	})
}
