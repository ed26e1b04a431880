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

package authz

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// composite returns a CompositeController of things, which become pods.
func composite(mods ...func(*metacontroller.CompositeControllerSpec)) *metacontroller.CompositeController {
	c := &metacontroller.CompositeController{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"},
		Spec: metacontroller.CompositeControllerSpec{
			ParentResource: metacontroller.ParentResourceRule{APIVersion: "example.com/v1", Resource: "things"},
			ChildResources: []metacontroller.ChildResourceRule{{APIVersion: "v1", Resource: "pods"}},
			Hooks:          &metacontroller.CompositeControllerHooks{Sync: hook("http://sync/")},
		},
	}
	for _, mod := range mods {
		mod(&c.Spec)
	}
	return c
}

// decorator returns a DecoratorController that attaches services to deployments.
func decorator(mods ...func(*metacontroller.DecoratorControllerSpec)) *metacontroller.DecoratorController {
	c := &metacontroller.DecoratorController{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"},
		Spec: metacontroller.DecoratorControllerSpec{
			Resources:   []metacontroller.DecoratorResourceRule{{APIVersion: "apps/v1", Resource: "deployments"}},
			Attachments: []metacontroller.DecoratorAttachmentRule{{APIVersion: "v1", Resource: "services"}},
			Hooks:       &metacontroller.DecoratorControllerHooks{Sync: hook("http://sync/")},
		},
	}
	for _, mod := range mods {
		mod(&c.Spec)
	}
	return c
}

// initializing returns an InitializerController of pods.
func initializing(mods ...func(*metacontroller.InitializerControllerSpec)) *metacontroller.InitializerController {
	c := &metacontroller.InitializerController{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"},
		Spec: metacontroller.InitializerControllerSpec{
			InitializerName:        "a.example.com",
			UninitializedResources: []metacontroller.InitializerResourceRule{{APIVersion: "v1", Resource: "pods"}},
			Hooks:                  &metacontroller.InitializerControllerHooks{Init: hook("http://init/")},
			FailurePolicy:          metacontroller.InitializerFail,
		},
	}
	for _, mod := range mods {
		mod(&c.Spec)
	}
	return c
}

func hook(url string) *metacontroller.Hook {
	return &metacontroller.Hook{Version: metacontroller.HookVersionV1, Webhook: &metacontroller.Webhook{URL: url}}
}

var (
	podLines       = []string{"get,list,watch,create,update,patch,delete pods (core) cluster-wide"}
	thingLines     = []string{"get,list,watch things (example.com) cluster-wide", "update,patch things/status (example.com) cluster-wide"}
	compositeLines = append(podLines[:1:1], thingLines...)
	decoratorLines = []string{
		"get,list,watch,update,patch deployments (apps) cluster-wide",
		"update,patch deployments/status (apps) cluster-wide",
		"get,list,watch,create,update,patch,delete services (core) cluster-wide",
	}
	initializerLines = []string{"get,list,watch,create,update,patch pods (core) cluster-wide"}
)

func TestNeededOnCreate(t *testing.T) {
	for name, tc := range map[string]struct {
		object runtime.Object
		want   []string
	}{
		"Composite": {object: composite(), want: compositeLines},
		"CompositeWithoutHooks": {
			object: composite(func(s *metacontroller.CompositeControllerSpec) { s.Hooks = nil }),
			want:   compositeLines,
		},
		"CompositeFinalize": {
			object: composite(func(s *metacontroller.CompositeControllerSpec) { s.Hooks.Finalize = hook("http://finalize/") }),
			want: []string{
				podLines[0],
				"get,list,watch,update,patch things (example.com) cluster-wide",
				"update things/finalizers (example.com) cluster-wide",
				"update,patch things/status (example.com) cluster-wide",
			},
		},
		"CompositeCustomize": {
			object: composite(func(s *metacontroller.CompositeControllerSpec) { s.Hooks.Customize = hook("http://customize/") }),
			want:   append([]string{"get,list,watch *.* cluster-wide (a customize hook can ask for any object)"}, compositeLines...),
		},
		"Decorator": {object: decorator(), want: decoratorLines},
		"DecoratorFinalize": {
			object: decorator(func(s *metacontroller.DecoratorControllerSpec) { s.Hooks.Finalize = hook("http://finalize/") }),
			want:   []string{decoratorLines[0], "update deployments/finalizers (apps) cluster-wide", decoratorLines[1], decoratorLines[2]},
		},
		"DecoratorCustomize": {
			object: decorator(func(s *metacontroller.DecoratorControllerSpec) { s.Hooks.Customize = hook("http://customize/") }),
			want:   append([]string{"get,list,watch *.* cluster-wide (a customize hook can ask for any object)"}, decoratorLines...),
		},
		"DecoratorOfClusterRoles": {
			object: decorator(func(s *metacontroller.DecoratorControllerSpec) {
				s.Resources[0] = metacontroller.DecoratorResourceRule{APIVersion: "rbac.authorization.k8s.io/v1", Resource: "clusterroles"}
				s.Attachments = nil
			}),
			want: []string{
				"get,list,watch,update,patch,escalate clusterroles (rbac.authorization.k8s.io) cluster-wide",
				"update,patch clusterroles/status (rbac.authorization.k8s.io) cluster-wide",
			},
		},
		"Initializer": {object: initializing(), want: initializerLines},
		"GuardedChildren": {
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.ChildResources = nil
				for _, resource := range []string{"roles", "rolebindings", "clusterrolebindings"} {
					s.ChildResources = append(s.ChildResources, metacontroller.ChildResourceRule{APIVersion: "rbac.authorization.k8s.io/v1", Resource: resource})
				}
				s.ChildResources = append(s.ChildResources, metacontroller.ChildResourceRule{APIVersion: "metacontroller.k8s.io/v1alpha1", Resource: "decoratorcontrollers"})
			}),
			want: append([]string{
				"get,list,watch,create,update,patch,delete clusterrolebindings (rbac.authorization.k8s.io) cluster-wide",
				"bind clusterroles (rbac.authorization.k8s.io) cluster-wide",
				"get,list,watch,create,update,patch,delete,escalate decoratorcontrollers (metacontroller.k8s.io) cluster-wide",
				"get,list,watch,create,update,patch,delete rolebindings (rbac.authorization.k8s.io) cluster-wide",
				"get,list,watch,create,update,patch,delete,escalate,bind roles (rbac.authorization.k8s.io) cluster-wide",
			}, thingLines...),
		},
		"References": {
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.Hooks.Sync.Webhook.CABundle = &metacontroller.CABundle{ConfigMapRef: &metacontroller.ConfigMapKeyReference{Name: "ca", Namespace: "shop", Key: "k"}}
				s.Hooks.Finalize, s.Hooks.Customize = hook("http://finalize/"), hook("http://customize/")
				s.Hooks.Finalize.Webhook.BasicAuth = &metacontroller.BasicAuth{SecretRef: metacontroller.SecretReference{Name: "finalize", Namespace: "shop"}}
				s.Hooks.Customize.Webhook.BasicAuth = &metacontroller.BasicAuth{SecretRef: metacontroller.SecretReference{Name: "customize", Namespace: "shop"}}
				s.Hooks.Sync.Webhook.ClientTLS = &metacontroller.ClientTLS{SecretRef: metacontroller.SecretReference{Name: "tls", Namespace: "shop"}}
				s.Hooks.Sync.Webhook.Authorization = &metacontroller.Authorization{SecretRef: metacontroller.SecretKeyReference{Name: "token", Namespace: "shop", Key: "k"}}
				s.EndpointConfigs = []metacontroller.EndpointConfig{{
					Host:      "a",
					CABundle:  &metacontroller.CABundle{SecretRef: &metacontroller.SecretKeyReference{Name: "ca", Namespace: "other", Key: "k"}},
					BasicAuth: &metacontroller.BasicAuth{SecretRef: metacontroller.SecretReference{Name: "password", Namespace: "shop"}},
				}, {
					Host:      "b", // the same again
					BasicAuth: &metacontroller.BasicAuth{SecretRef: metacontroller.SecretReference{Name: "password", Namespace: "shop"}},
				}}
			}),
			want: []string{
				"get,list,watch *.* cluster-wide (a customize hook can ask for any object)",
				`get configmap "shop/ca"`, podLines[0], `get secret "other/ca"`,
				`get secret "shop/customize"`, `get secret "shop/finalize"`, `get secret "shop/password"`, `get secret "shop/tls"`, `get secret "shop/token"`,
				"get,list,watch,update,patch things (example.com) cluster-wide",
				"update things/finalizers (example.com) cluster-wide",
				thingLines[1],
			},
		},
		"ReferenceOfInitializer": {
			object: initializing(func(s *metacontroller.InitializerControllerSpec) {
				s.Hooks.Init.Webhook.Authorization = &metacontroller.Authorization{SecretRef: metacontroller.SecretKeyReference{Name: "token", Namespace: "shop", Key: "k"}}
			}),
			want: append(initializerLines[:1:1], `get secret "shop/token"`),
		},
		"ControllerRevision": {object: &metacontroller.ControllerRevision{}},
	} {
		t.Run(name, func(t *testing.T) {
			before := tc.object.DeepCopyObject()
			if diff := cmp.Diff(tc.want, lines(compact(needed(tc.object, nil)))); diff != "" {
				t.Errorf("needed: -want, +got:\n%s", diff)
			}
			if diff := cmp.Diff(before, tc.object); diff != "" {
				t.Errorf("the object has changed: -before, +after:\n%s", diff)
			}
		})
	}
}

func TestNeededOnUpdate(t *testing.T) {
	period, ignore := int32(60), true
	configMaps := metacontroller.ChildResourceRule{APIVersion: "v1", Resource: "configmaps"}
	withConfigMaps := composite(func(s *metacontroller.CompositeControllerSpec) {
		s.ChildResources = append(s.ChildResources, configMaps)
	})
	for name, tc := range map[string]struct {
		old, object runtime.Object
		want        []string
	}{
		"Nothing": {old: composite(), object: composite()},
		"Label": {
			old: composite(),
			object: func() runtime.Object {
				c := composite()
				c.Labels = map[string]string{"a": "b"}
				return c
			}(),
		},
		"CallsLessOften": {
			old: composite(),
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.ResyncPeriodSeconds, s.ParentResource.IgnoreStatusChanges = &period, &ignore
			}),
		},
		"HookMoved": {
			old:    composite(),
			object: composite(func(s *metacontroller.CompositeControllerSpec) { s.Hooks.Sync.Webhook.URL = "http://elsewhere/" }),
			want:   compositeLines,
		},
		"HookServiceMoved": {
			old: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.Hooks.Sync.Webhook = &metacontroller.Webhook{Service: &metacontroller.ServiceReference{Name: "a", Namespace: "b"}}
			}),
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.Hooks.Sync.Webhook = &metacontroller.Webhook{Service: &metacontroller.ServiceReference{Name: "a", Namespace: "c"}}
			}),
			want: compositeLines,
		},
		"EndpointConfig": {
			old: composite(),
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.EndpointConfigs = []metacontroller.EndpointConfig{{Host: "sync"}}
			}),
			want: compositeLines,
		},
		"ClientConfig": {
			old: composite(),
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.ClientConfig = &metacontroller.ClientConfig{Service: &metacontroller.ClientConfigService{Name: "a", Namespace: "b"}}
			}),
			want: compositeLines,
		},
		"ParentSelector": {
			old: composite(),
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.ParentResource.LabelSelector = &metav1.LabelSelector{}
			}),
			want: compositeLines,
		},
		"ChildAdded":   {old: composite(), object: withConfigMaps, want: []string{"get,list,watch,create,update,patch,delete configmaps (core) cluster-wide"}},
		"ChildRemoved": {old: withConfigMaps, object: composite()},
		"ChildrenReordered": {
			old: withConfigMaps,
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.ChildResources = []metacontroller.ChildResourceRule{configMaps, s.ChildResources[0]}
			}),
		},
		"ChildUpdatedOtherwise": {
			old: withConfigMaps,
			object: composite(func(s *metacontroller.CompositeControllerSpec) {
				s.ChildResources = append(s.ChildResources, configMaps)
				s.ChildResources[0].UpdateStrategy = &metacontroller.ChildUpdateStrategy{Method: metacontroller.ChildUpdateRecreate}
			}),
			want: podLines,
		},
		"AttachmentAdded": {
			old: decorator(),
			object: decorator(func(s *metacontroller.DecoratorControllerSpec) {
				s.Attachments = append(s.Attachments, metacontroller.DecoratorAttachmentRule{APIVersion: "v1", Resource: "pods"})
			}),
			want: podLines,
		},
		"TargetAdded": {
			old: decorator(func(s *metacontroller.DecoratorControllerSpec) { s.Resources = nil }), object: decorator(),
			want: decoratorLines,
		},
		"TargetRemoved": {
			old: decorator(), object: decorator(func(s *metacontroller.DecoratorControllerSpec) { s.Resources = nil }),
		},
		"TargetSelector": {
			old: decorator(),
			object: decorator(func(s *metacontroller.DecoratorControllerSpec) {
				s.Resources[0].AnnotationSelector = &metacontroller.AnnotationSelector{MatchAnnotations: map[string]string{"a": "b"}}
			}),
			want: decoratorLines,
		},
		"DecoratorCallsLessOften": {
			old: decorator(),
			object: decorator(func(s *metacontroller.DecoratorControllerSpec) {
				s.ResyncPeriodSeconds, s.Resources[0].IgnoreStatusChanges = &period, &ignore
			}),
		},
		"DecoratorHookAdded": {
			old:    decorator(),
			object: decorator(func(s *metacontroller.DecoratorControllerSpec) { s.Hooks.Sync.Webhook.Path = "/other" }),
			want:   decoratorLines,
		},
		"InitializedAdded": {
			old: initializing(),
			object: initializing(func(s *metacontroller.InitializerControllerSpec) {
				s.UninitializedResources = append(s.UninitializedResources, metacontroller.InitializerResourceRule{APIVersion: "v1", Resource: "services"})
			}),
			want: []string{"get,list,watch,create,update,patch services (core) cluster-wide"},
		},
		"InitializerOfOtherNamespaces": {
			old:    initializing(),
			object: initializing(func(s *metacontroller.InitializerControllerSpec) { s.NamespaceSelector = &metav1.LabelSelector{} }),
			want:   initializerLines,
		},
		"InitializerFailurePolicy": {
			old:    initializing(),
			object: initializing(func(s *metacontroller.InitializerControllerSpec) { s.FailurePolicy = metacontroller.InitializerIgnore }),
			want:   initializerLines,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, lines(compact(needed(tc.object, tc.old)))); diff != "" {
				t.Errorf("needed: -want, +got:\n%s", diff)
			}
		})
	}
}
