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
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestPodHostname runs the example of 2018: a Pod gets its hostname before anybody sees it.
func TestPodHostname(t *testing.T) {
	namespace := newNamespace(t)
	runExample(t, "podhostname", "podhostname")
	applyExample(t, "podhostname", "podhostname-initializer.yaml")
	eventuallyInitializing(t, "podhostname", metav1.ConditionTrue, "Running")
	n := 0
	wishes := map[string]string{"pod.beta.kubernetes.io/hostname": "web", "pod.beta.kubernetes.io/subdomain": "frontend"}
	eventually(t, "new Pods have a hostname", func() error {
		n++
		created, err := env.kubernetes.CoreV1().Pods(namespace).Create(t.Context(), pod(fmt.Sprintf("web-%d", n), wishes), metav1.CreateOptions{})
		if err != nil {
			return err
		}
		if created.Spec.Hostname != "web" || created.Spec.Subdomain != "frontend" {
			return fmt.Errorf("hostname is %q, subdomain %q", created.Spec.Hostname, created.Spec.Subdomain)
		}
		return nil
	})
	// The hook's Service is in the namespace default, so its own Pods do not wait for it.
	created, err := env.kubernetes.CoreV1().Pods("default").Create(t.Context(), pod("web", wishes), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = env.kubernetes.CoreV1().Pods("default").Delete(context.WithoutCancel(t.Context()), "web", metav1.DeleteOptions{})
	})
	if created.Spec.Hostname != "" {
		t.Errorf("a Pod in the hook's own namespace got the hostname %q", created.Spec.Hostname)
	}
}

// TestInitializersInOrder has three initializers on one object: each sees what the one before made of it.
func TestInitializersInOrder(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, func(in initRequest) initResponse {
		before := nested[string](in.Object, "metadata", "labels", "order")
		return initResponse{Object: withLabel(in.Object, "order", before+nested[string](in.Controller, "metadata", "name"))}
	})
	for _, name := range []string{"c", "a", "b"} {
		newInitializer(t, namespace, name, hook)
	}
	eventuallyLabelled(t, namespace, "order", "abc")
}

// TestInitializerRefuses has a hook whose result refuses: the user is told what the hook says.
func TestInitializerRefuses(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, func(initRequest) initResponse {
		return initResponse{Result: object{"status": "Failure", "message": "no quota left", "reason": "Forbidden", "code": 403}}
	})
	newInitializer(t, namespace, "refusing", hook)
	n := 0
	eventually(t, "creates are refused", func() error {
		n++
		_, err := newConfigMap(t.Context(), namespace, fmt.Sprintf("refused-%d", n), metav1.CreateOptions{})
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "no quota left") {
			return fmt.Errorf("the create gives %w", err)
		}
		return nil
	})
	eventually(t, "they are counted", func() error {
		found, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Get(t.Context(), "refusing", metav1.GetOptions{})
		if err != nil || found.Status.Objects == nil || found.Status.Objects.Refused < 1 || found.Status.Objects.Completed > 0 {
			return fmt.Errorf("the status is %+v, %w", found.Status, err)
		}
		return nil
	})
}

// TestInitializationsAreForKubeAPIServer shows that nobody without a right to it can ask for initializations.
func TestInitializationsAreForKubeAPIServer(t *testing.T) {
	review := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"UPDATE"}}`
	post := func(user string, groups ...string) error {
		config := rest.CopyConfig(env.config)
		if user != "" {
			config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		return client.RESTClient().Post().AbsPath("/apis/admission.metacontroller.k8s.io/v1alpha1/initializations").
			SetHeader("Content-Type", "application/json").Body([]byte(review)).Do(t.Context()).Error()
	}
	// Rights in the cluster are none here: not even those of an admin of all namespaces.
	for _, role := range []string{"edit", "admin"} {
		_, err := env.kubernetes.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "initializations-" + role},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: role + "or"}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = env.kubernetes.RbacV1().ClusterRoleBindings().Delete(context.WithoutCancel(t.Context()), "initializations-"+role, metav1.DeleteOptions{})
		})
	}
	eventually(t, "the editor has rights", func() error {
		config := rest.CopyConfig(env.config)
		config.Impersonate = rest.ImpersonationConfig{UserName: "editor"}
		client, err := kubernetes.NewForConfig(config)
		if err == nil {
			_, err = client.CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
		}
		return err
	})
	if err := post(""); err != nil {
		t.Errorf("a cluster admin's review gives %v, want an answer", err)
	}
	for _, user := range []string{"somebody", "editor", "adminor", "system:serviceaccount:default:default"} {
		if err := post(user, "system:authenticated", "system:serviceaccounts"); !apierrors.IsForbidden(err) {
			t.Errorf("the review of %s gives %v, want forbidden", user, err)
		}
	}
}

// TestInitializerFailurePolicy takes the hook away.
func TestInitializerFailurePolicy(t *testing.T) {
	for name, tc := range map[string]struct {
		policy v1alpha1.InitializerFailurePolicy
		check  func(t *testing.T, namespace string)
	}{
		"fail": {v1alpha1.InitializerFail, func(t *testing.T, namespace string) {
			output, err := kubectl(t, "", "create", "configmap", "x", "-n", namespace)
			if err == nil || !strings.Contains(output, "initializer fail.example.com") || !strings.Contains(output, "connection refused") {
				t.Errorf("kubectl create gives %v, want a refusal that says which initializer failed and why:\n%s", err, output)
			}
		}},
		"ignore": {v1alpha1.InitializerIgnore, func(t *testing.T, namespace string) {
			output := mustKubectl(t, "", "create", "configmap", "x", "-n", namespace)
			if !strings.Contains(output, "Warning: ") || !strings.Contains(output, "ignore.example.com") {
				t.Errorf("kubectl create warns of nothing:\n%s", output)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			namespace := newNamespace(t)
			hook := newInitHook(t, addLabel("team", "a"))
			newInitializer(t, namespace, name, hook, policy(tc.policy))
			eventuallyLabelled(t, namespace, "team", "a")
			hook.down()
			tc.check(t, namespace)
			eventuallyEvent(t, namespace, "x", "InitializeError", "connection refused")
			eventuallyInitializing(t, name, metav1.ConditionFalse, "HookUnreachable")
			hook.up()
			eventuallyLabelled(t, namespace, "team", "a")
			eventuallyInitializing(t, name, metav1.ConditionTrue, "Running")
		})
	}
}
