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
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/test/cluster"
)

// author is a user of the host cluster who writes controllers.
type author struct {
	t    *testing.T
	name string
}

// newAuthor returns a user who may write controllers of all kinds and nothing else.
func newAuthor(t *testing.T, name string) author {
	t.Helper()
	a := author{t, name}
	a.grant(rbacv1.PolicyRule{
		APIGroups: []string{"metacontroller.k8s.io"}, Resources: []string{"compositecontrollers", "decoratorcontrollers", "initializercontrollers"},
		Verbs: []string{"get", "create", "update", "patch"},
	})
	return a
}

// grant gives the user rights, everywhere in the cluster, and returns when the host cluster knows. What it returns takes them back.
func (a author) grant(rules ...rbacv1.PolicyRule) (revoke func()) {
	a.t.Helper()
	roles, bindings := env.kubernetes.RbacV1().ClusterRoles(), env.kubernetes.RbacV1().ClusterRoleBindings()
	role, err := roles.Create(a.t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: a.name + "-"}, Rules: rules}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	_, err = bindings.Create(a.t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: a.name}},
	}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		ctx := context.WithoutCancel(a.t.Context())
		_ = bindings.Delete(ctx, role.Name, metav1.DeleteOptions{})
		_ = roles.Delete(ctx, role.Name, metav1.DeleteOptions{})
	})
	last := rules[len(rules)-1]
	granted := authorizationv1.ResourceAttributes{
		Verb: last.Verbs[0], Group: last.APIGroups[0], Resource: last.Resources[0], Name: strings.Join(last.ResourceNames, ""),
	}
	a.eventuallyMay(granted)
	return func() {
		a.t.Helper()
		if err := bindings.Delete(a.t.Context(), role.Name, metav1.DeleteOptions{}); err != nil {
			a.t.Fatal(err)
		}
		eventually(a.t, a.name+" may not any more", func() error {
			if allowed, err := a.may(granted); err != nil || allowed {
				return fmt.Errorf("allowed: %t, %w", allowed, err)
			}
			return nil
		})
	}
}

// grantNamespace makes the user admin of a namespace.
func (a author) grantNamespace(namespace string) {
	a.t.Helper()
	_, err := env.kubernetes.RbacV1().RoleBindings(namespace).Create(a.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: a.name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: a.name}},
	}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	a.eventuallyMay(authorizationv1.ResourceAttributes{Verb: "create", Resource: "pods", Namespace: namespace})
}

func (a author) eventuallyMay(attributes authorizationv1.ResourceAttributes) {
	a.t.Helper()
	eventually(a.t, fmt.Sprintf("%s may %s %s", a.name, attributes.Verb, attributes.Resource), func() error {
		allowed, err := a.may(attributes)
		if err != nil || allowed {
			return err
		}
		return errors.New("not allowed")
	})
}

// may asks the host cluster whether the user has a right.
func (a author) may(attributes authorizationv1.ResourceAttributes) (bool, error) {
	review, err := env.kubernetes.AuthorizationV1().SubjectAccessReviews().Create(a.t.Context(), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{User: a.name, ResourceAttributes: &attributes},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

// client returns a client that is the user, through the host cluster.
func (a author) client() dynamic.Interface {
	a.t.Helper()
	config := rest.CopyConfig(env.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: a.name}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		a.t.Fatal(err)
	}
	return client
}

// tryCreate creates a controller, which is deleted at the end of the test.
func tryCreate(t *testing.T, client dynamic.Interface, resource string, controller object) error {
	t.Helper()
	gvr := compositeControllers.GroupVersion().WithResource(resource)
	created, err := client.Resource(gvr).Create(t.Context(), &unstructured.Unstructured{Object: controller}, metav1.CreateOptions{})
	if err == nil {
		deleteAtEnd(t, gvr, created.GetName())
	}
	return err
}

// deleteAtEnd deletes a controller when the test has ended.
func deleteAtEnd(t *testing.T, resource schema.GroupVersionResource, name string) {
	t.Helper()
	t.Cleanup(func() {
		_ = env.dynamic.Resource(resource).Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{})
	})
}

// guarded is a CompositeController whose hook needs a Secret.
func guarded(name, namespace, secret string, k kind) object {
	return object{
		"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "CompositeController",
		"metadata": object{"name": name},
		"spec": object{
			"parentResource":   object{"apiVersion": k.GroupVersion().String(), "resource": k.Resource},
			"childResources":   []any{object{"apiVersion": "v1", "resource": "configmaps"}, object{"apiVersion": "apps/v1", "resource": "deployments"}},
			"generateSelector": true,
			"hooks": object{"sync": object{"webhook": object{
				"url":           "https://hook.example.com/sync",
				"authorization": object{"secretRef": object{"name": secret, "namespace": namespace, "key": "token"}},
			}}},
		},
	}
}

// refusal is what somebody hears who lacks rights.
func refusal(a author, resource, name string, lacking ...string) string {
	controller := fmt.Sprintf("%s.metacontroller.k8s.io %q", resource, name)
	return fmt.Sprintf("%s is forbidden: user %q lacks rights that the controller would use:\n  %s\nask a cluster admin for them, or for the verb escalate on %s, which lifts this check",
		controller, a.name, strings.Join(lacking, "\n  "), controller)
}

// checkRefusal compares an error with what is expected; empty: none.
func checkRefusal(t *testing.T, what, want string, err error) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
		if !apierrors.IsForbidden(err) {
			t.Errorf("%s gives the reason %q, want Forbidden", what, apierrors.ReasonForError(err))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -want, +got:\n%s", what, diff)
	}
}

// rule is one rule of a role.
func rule(group, resources, verbs string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: strings.Split(resources, ","), Verbs: strings.Split(verbs, ","), ResourceNames: names}
}

func TestEscalationIsRefusedUntilGranted(t *testing.T) {
	k := newKind(t, "vault")
	namespace := newNamespace(t)
	alice := newAuthor(t, "alice")
	alice.grantNamespace(namespace)

	withSecretOf := func(namespace string) object { return guarded("vaults", namespace, "hook-token", k) }
	rights := []string{
		"get,list,watch,create,update,patch,delete configmaps (core) cluster-wide",
		"get,list,watch,create,update,patch,delete deployments (apps) cluster-wide",
		`get secret "kube-system/hook-token"`,
		"get,list,watch vaults (test.hookplane.dev) cluster-wide",
		"update,patch vaults/status (test.hookplane.dev) cluster-wide",
	}
	checkRefusal(t, "a create by a namespace's admin", refusal(alice, "compositecontrollers", "vaults", rights...),
		tryCreate(t, alice.client(), "compositecontrollers", withSecretOf("kube-system")))
	checkRefusal(t, "with a Secret that she may read", refusal(alice, "compositecontrollers", "vaults", slices.Delete(slices.Clone(rights), 2, 3)...),
		tryCreate(t, alice.client(), "compositecontrollers", withSecretOf(namespace)))

	alice.grant(
		rule("", "configmaps", "get,list,watch,create,update,patch,delete"),
		rule("apps", "deployments", "get,list,watch,create,update,delete"),
		rule(k.Group, k.Resource, "get,list,watch"),
		rule(k.Group, k.Resource+"/status", "update,patch"),
	)
	checkRefusal(t, "with most rights", refusal(alice, "compositecontrollers", "vaults", "patch deployments (apps) cluster-wide"),
		tryCreate(t, alice.client(), "compositecontrollers", withSecretOf(namespace)))

	revoke := alice.grant(rule("apps", "deployments", "patch"))
	checkRefusal(t, "with all rights", "", tryCreate(t, alice.client(), "compositecontrollers", withSecretOf(namespace)))

	revoke()
	checkRefusal(t, "when a right was taken back", refusal(alice, "compositecontrollers", "vaults-too", "patch deployments (apps) cluster-wide"),
		tryCreate(t, alice.client(), "compositecontrollers", guarded("vaults-too", namespace, "hook-token", k)))
}

func TestEscalationByUpdate(t *testing.T) {
	k := newKind(t, "crypt")
	bob := newAuthor(t, "bob")
	if err := tryCreate(t, env.dynamic, "compositecontrollers", guarded("crypts", "default", "hook-token", k)); err != nil {
		t.Fatal(err)
	}
	patch := func(patch string) error {
		_, err := bob.client().Resource(compositeControllers).Patch(t.Context(), "crypts", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		return err
	}
	checkRefusal(t, "a label", "", patch(`{"metadata":{"labels":{"a":"b"}}}`))
	checkRefusal(t, "a resync period", "", patch(`{"spec":{"resyncPeriodSeconds":60}}`))
	checkRefusal(t, "a child", refusal(bob, "compositecontrollers", "crypts", "get,list,watch,create,update,patch,delete pods (core) cluster-wide"),
		patch(`{"spec":{"childResources":[{"apiVersion":"v1","resource":"pods"},{"apiVersion":"v1","resource":"configmaps"},{"apiVersion":"apps/v1","resource":"deployments"}]}}`))
	checkRefusal(t, "a hook that moves", refusal(bob, "compositecontrollers", "crypts",
		"get,list,watch,create,update,patch,delete configmaps (core) cluster-wide",
		"get,list,watch crypts (test.hookplane.dev) cluster-wide",
		"update,patch crypts/status (test.hookplane.dev) cluster-wide",
		"get,list,watch,create,update,patch,delete deployments (apps) cluster-wide",
		`get secret "default/hook-token"`,
	), patch(`{"spec":{"hooks":{"sync":{"webhook":{"url":"https://bob.example.com/"}}}}}`))

	// The 2018 form of the stored hook's address is no way around.
	checkRefusal(t, "a hook that moves in the form of 2018", refusal(bob, "compositecontrollers", "crypts",
		"get,list,watch,create,update,patch,delete configmaps (core) cluster-wide",
		"get,list,watch crypts (test.hookplane.dev) cluster-wide",
		"update,patch crypts/status (test.hookplane.dev) cluster-wide",
		"get,list,watch,create,update,patch,delete deployments (apps) cluster-wide",
		`get secret "default/hook-token"`,
	), patch(`{"spec":{"clientConfig":{"service":{"name":"bob","namespace":"bob"}},"hooks":{"sync":{"path":"/sync"}}}}`))
}

func TestEscalationIsAllowedByVerb(t *testing.T) {
	k := newKind(t, "safe")
	carol := newAuthor(t, "carol")
	carol.grant(rule("metacontroller.k8s.io", "compositecontrollers", "escalate", "safes"))
	checkRefusal(t, "with escalate on this controller", "", tryCreate(t, carol.client(), "compositecontrollers", guarded("safes", "default", "hook-token", k)))
	if err := tryCreate(t, carol.client(), "compositecontrollers", guarded("others", "default", "hook-token", k)); !apierrors.IsForbidden(err) {
		t.Errorf("with escalate on another controller, create gives %v, want Forbidden", err)
	}
}

func TestEscalationOfOtherKinds(t *testing.T) {
	frank := newAuthor(t, "frank")
	hooks := func(name string) object {
		return object{name: object{"webhook": object{"url": "https://hook.example.com/"}}}
	}
	for resource, tc := range map[string]struct {
		kind    string
		spec    object
		lacking []string
	}{
		"decoratorcontrollers": {
			kind: "DecoratorController",
			spec: object{
				"resources":   []any{object{"apiVersion": "apps/v1", "resource": "deployments"}},
				"attachments": []any{object{"apiVersion": "rbac.authorization.k8s.io/v1", "resource": "roles"}},
				"hooks":       hooks("sync"),
			},
			lacking: []string{
				"get,list,watch,update,patch deployments (apps) cluster-wide",
				"update,patch deployments/status (apps) cluster-wide",
				"get,list,watch,create,update,patch,delete,escalate roles (rbac.authorization.k8s.io) cluster-wide",
			},
		},
		"initializercontrollers": {
			kind: "InitializerController",
			spec: object{
				"initializerName":        "pods.frank.example.com",
				"uninitializedResources": []any{object{"apiVersion": "v1", "resource": "pods"}},
				"hooks":                  hooks("init"),
			},
			lacking: []string{"get,list,watch,create,update,patch pods (core) cluster-wide"},
		},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			controller := object{
				"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": tc.kind,
				"metadata": object{"name": "frank"}, "spec": tc.spec,
			}
			checkRefusal(t, "create", refusal(frank, resource, "frank", tc.lacking...), tryCreate(t, frank.client(), resource, controller))
			frank.grant(rule("metacontroller.k8s.io", resource, "escalate", "frank"))
			checkRefusal(t, "create with escalate", "", tryCreate(t, frank.client(), resource, controller))
		})
	}
}

// TestEscalationAsKubectlShowsIt applies an example in the ways that kubectl knows. What it prints is in the documents.
func TestEscalationAsKubectlShowsIt(t *testing.T) {
	dave := newAuthor(t, "dave")
	want := refusal(dave, "compositecontrollers", "greeting",
		"get,list,watch,create,update,patch,delete configmaps (core) cluster-wide",
		"get,list,watch greetings (example.com) cluster-wide",
		"update,patch greetings/status (example.com) cluster-wide",
	)
	for name, args := range map[string]string{
		"Apply": "apply", "ServerSide": "apply --server-side", "DryRun": "apply --dry-run=server", "Create": "create",
	} {
		t.Run(name, func(t *testing.T) {
			output, err := kubectl(t, "", append(strings.Fields(args), "--as=dave", "-f", example("greeting", "greeting-controller.yaml"))...)
			if err == nil {
				deleteAtEnd(t, compositeControllers, "greeting")
			}
			if err == nil || !strings.HasSuffix(output, want+"\n") {
				t.Errorf("kubectl %s ends with %v and prints:\n%s\nwant:\n%s", args, err, output, want)
			}
		})
	}
	text, err := os.ReadFile(filepath.Join(cluster.Root(), "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), want) {
		t.Errorf("docs/security.md does not show\n%s", want)
	}
}

func TestEscalationCheckCanBeTurnedOff(t *testing.T) {
	k := newKind(t, "shelf")
	erin := newAuthor(t, "erin")
	flags := env.options.Flags
	env.options.Flags = append(slices.Clone(flags), "--escalation-check=false")
	defer func() {
		env.options.Flags = flags
		restart(t)
	}()
	restart(t)
	checkRefusal(t, "without the check", "", tryCreate(t, erin.client(), "compositecontrollers", guarded("shelves", "default", "hook-token", k)))
}
