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
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestForbiddenChild has the server run with rights that lack one child type: the controller's condition says so, and it
// starts by itself when the rights are given.
func TestForbiddenChild(t *testing.T) {
	server := author{t, "limited-hookplane"}
	server.grantAllButSecrets()
	defer server.runServer()()

	kind := newKind(t, "confined")
	createController(t, kind, newHook(t, threeConfigMaps), func(c *v1alpha1.CompositeController) {
		c.Spec.ChildResources = append(c.Spec.ChildResources, v1alpha1.ChildResourceRule{APIVersion: "v1", Resource: "secrets"})
	})
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "Forbidden")
	message := mustKubectl(t, "", "get", "cc", kind.Resource, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].message}`)
	for _, want := range []string{server.name, "secrets"} {
		if !strings.Contains(message, want) {
			t.Errorf("the condition says %q, want %q in it", message, want)
		}
	}

	server.grant(rbacv1.PolicyRule{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"secrets"}})
	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")
}

// grantAllButSecrets gives a user what the server needs for the controllers of tests, as long as they have nothing to do with Secrets.
func (a author) grantAllButSecrets() {
	a.t.Helper()
	a.grant(
		rbacv1.PolicyRule{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
		rbacv1.PolicyRule{Verbs: []string{"*"}, Resources: []string{"*"}, APIGroups: []string{
			"metacontroller.k8s.io", "admission.metacontroller.k8s.io", "apiregistration.k8s.io", "apiextensions.k8s.io",
			"authentication.k8s.io", "authorization.k8s.io", "admissionregistration.k8s.io", "test.hookplane.dev",
		}},
		rbacv1.PolicyRule{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"namespaces", "services", "events", "configmaps"}},
	)
}

// runServer restarts the server as the user. What it returns undoes that.
func (a author) runServer() (undo func()) {
	a.t.Helper()
	kubeconfig := env.options.Kubeconfig
	env.options.Kubeconfig = impersonating(a.t, a.name)
	restart(a.t)
	return func() {
		env.options.Kubeconfig = kubeconfig
		restart(a.t)
	}
}

// impersonating returns a kubeconfig with which the admin acts as another user.
func impersonating(t *testing.T, user string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(env.controlPlane.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range config.AuthInfos {
		info.Impersonate = user
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}
