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

package rights

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

var everyVerb = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

func rule(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

func hook() *metacontroller.Hook { return &metacontroller.Hook{Webhook: &metacontroller.Webhook{}} }

func TestRules(t *testing.T) {
	shops := metacontroller.ParentResourceRule{APIVersion: "example.com/v1", Resource: "shops"}
	for name, tc := range map[string]struct {
		reason      string
		controllers []runtime.Object
		want        []rbacv1.PolicyRule
		remarks     int
	}{
		"Parents": {
			reason:      "a parent's status is written, it itself is not",
			controllers: []runtime.Object{&metacontroller.CompositeController{Spec: metacontroller.CompositeControllerSpec{ParentResource: shops}}},
			want: []rbacv1.PolicyRule{
				rule("example.com", []string{"get", "list", "watch"}, "shops"),
				rule("example.com", []string{"patch"}, "shops/status"),
			},
		},
		"Finalize": {
			reason: "our finalizer is put on parents",
			controllers: []runtime.Object{&metacontroller.CompositeController{Spec: metacontroller.CompositeControllerSpec{
				ParentResource: shops, Hooks: &metacontroller.CompositeControllerHooks{Finalize: hook()},
			}}},
			want: []rbacv1.PolicyRule{
				rule("example.com", []string{"get", "list", "watch", "patch"}, "shops"),
				rule("example.com", []string{"patch"}, "shops/status"),
			},
		},
		"Children": {
			reason: "children are made and kept, and their parent is their owner; two controllers need what both need",
			controllers: []runtime.Object{
				&metacontroller.CompositeController{Spec: metacontroller.CompositeControllerSpec{
					ParentResource: shops, ChildResources: []metacontroller.ChildResourceRule{{APIVersion: "v1", Resource: "pods"}},
				}},
				&metacontroller.CompositeController{Spec: metacontroller.CompositeControllerSpec{
					ParentResource: shops, ChildResources: []metacontroller.ChildResourceRule{{APIVersion: "v1", Resource: "configmaps"}},
				}},
			},
			want: []rbacv1.PolicyRule{
				rule("", everyVerb, "configmaps", "pods"),
				rule("example.com", []string{"get", "list", "watch"}, "shops"),
				rule("example.com", []string{"update"}, "shops/finalizers"),
				rule("example.com", []string{"patch"}, "shops/status"),
			},
		},
		"Roles": {
			reason: "nobody writes a role that gives more than he has",
			controllers: []runtime.Object{&metacontroller.CompositeController{Spec: metacontroller.CompositeControllerSpec{
				ParentResource: shops, ChildResources: []metacontroller.ChildResourceRule{
					{APIVersion: "rbac.authorization.k8s.io/v1", Resource: "roles"},
				},
			}}},
			want: []rbacv1.PolicyRule{
				rule("example.com", []string{"get", "list", "watch"}, "shops"),
				rule("example.com", []string{"update"}, "shops/finalizers"),
				rule("example.com", []string{"patch"}, "shops/status"),
				rule("rbac.authorization.k8s.io", everyVerb, "roles"),
			},
			remarks: 1,
		},
		"Decorator": {
			reason: "targets are labelled, and their hooks may ask for anything",
			controllers: []runtime.Object{&metacontroller.DecoratorController{Spec: metacontroller.DecoratorControllerSpec{
				Resources: []metacontroller.DecoratorResourceRule{{APIVersion: "v1", Resource: "pods"}}, Hooks: &metacontroller.DecoratorControllerHooks{Customize: hook()},
			}}},
			want: []rbacv1.PolicyRule{
				rule("", []string{"get", "list", "watch", "patch"}, "pods"),
				rule("", []string{"patch"}, "pods/status"),
			},
			remarks: 1,
		},
		"Initializer": {
			reason: "what is completed while it is admitted takes no right",
			controllers: []runtime.Object{&metacontroller.InitializerController{Spec: metacontroller.InitializerControllerSpec{
				UninitializedResources: []metacontroller.InitializerResourceRule{{APIVersion: "v1", Resource: "pods"}}, FailurePolicy: metacontroller.InitializerIgnore,
			}}},
			want: []rbacv1.PolicyRule{},
		},
		"DeferredInitializer": {
			reason: "what is completed later is watched and updated",
			controllers: []runtime.Object{&metacontroller.InitializerController{Spec: metacontroller.InitializerControllerSpec{
				UninitializedResources: []metacontroller.InitializerResourceRule{{APIVersion: "v1", Resource: "pods"}}, FailurePolicy: metacontroller.InitializerDefer,
			}}},
			want: []rbacv1.PolicyRule{rule("", []string{"get", "list", "watch", "update"}, "pods")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r Rights
			for _, controller := range tc.controllers {
				if !r.Add(controller) {
					t.Fatalf("%T is no controller", controller)
				}
			}
			if diff := cmp.Diff(tc.want, r.rules()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if got := r.Remarks(); len(got) != tc.remarks {
				t.Errorf("%d remarks, want %d: %q", len(got), tc.remarks, got)
			}
		})
	}
}

// TestReferences reads each Secret and ConfigMap by its name, in its namespace.
func TestReferences(t *testing.T) {
	reference := func(namespace, name string) metacontroller.SecretKeyReference {
		return metacontroller.SecretKeyReference{Namespace: namespace, Name: name}
	}
	sync := hook()
	bundle, token := reference("b", "bundle"), reference("a", "token")
	sync.Webhook.CABundle = &metacontroller.CABundle{SecretRef: &bundle}
	sync.Webhook.Authorization = &metacontroller.Authorization{SecretRef: token}
	endpoint := metacontroller.EndpointConfig{
		CABundle:  &metacontroller.CABundle{ConfigMapRef: &metacontroller.ConfigMapKeyReference{Namespace: "a", Name: "bundle"}},
		ClientTLS: &metacontroller.ClientTLS{SecretRef: metacontroller.SecretReference{Namespace: "a", Name: "pair"}},
		BasicAuth: &metacontroller.BasicAuth{SecretRef: metacontroller.SecretReference{Namespace: "a", Name: "login"}},
	}
	var r Rights
	r.Add(&metacontroller.InitializerController{Spec: metacontroller.InitializerControllerSpec{
		Hooks: &metacontroller.InitializerControllerHooks{Init: sync}, EndpointConfigs: []metacontroller.EndpointConfig{endpoint},
	}})

	named := func(resource string, names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{resource}, ResourceNames: names, Verbs: []string{"get", "list", "watch"}}
	}
	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "ns", Name: "sa"}
	role := func(namespace string, rules ...rbacv1.PolicyRule) []runtime.Object {
		meta := metav1.ObjectMeta{Namespace: namespace, Name: "hooks", Labels: map[string]string{"app.kubernetes.io/part-of": "hookplane"}}
		return []runtime.Object{
			&rbacv1.Role{TypeMeta: typeMeta("Role"), ObjectMeta: meta, Rules: rules},
			&rbacv1.RoleBinding{TypeMeta: typeMeta("RoleBinding"), ObjectMeta: meta, RoleRef: roleRef("Role", "hooks"), Subjects: []rbacv1.Subject{subject}},
		}
	}
	want := append(role("a", named("configmaps", "bundle"), named("secrets", "login", "pair", "token")), role("b", named("secrets", "bundle"))...)
	if diff := cmp.Diff(want, r.Objects("hooks", subject)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAddsControllersOnly(t *testing.T) {
	var r Rights
	if r.Add(&metacontroller.ControllerRevision{}) || len(r.Objects("name", rbacv1.Subject{})) > 0 {
		t.Error("a ControllerRevision needs nothing")
	}
}
