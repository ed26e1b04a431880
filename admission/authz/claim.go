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
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/dump"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// claim is what a controller object asks for, taken apart by what happens when it changes.
type claim struct {
	// steering is everything that decides what is done with the rights, such as where the hooks are: all
	// of the spec but what is left out in claimOf.
	steering any
	// rights are those that the steering part needs.
	rights rights
	// rules are the declared resource types outside of the steering part.
	rules []rule
}

// rule is one declared resource type.
type rule struct {
	// declared is the rule as it was written, and in which list, as text to compare.
	declared string
	rights   rights
	// steers says that objects of this type make the controller act on objects of others.
	steers bool
}

// claimOf returns the claim of a controller of any kind; false for other objects.
func claimOf(object runtime.Object) (claim, bool) {
	switch controller := object.(type) {
	case *metacontroller.CompositeController:
		return compositeClaim(controller.Spec.DeepCopy()), true
	case *metacontroller.DecoratorController:
		return decoratorClaim(controller.Spec.DeepCopy()), true
	case *metacontroller.InitializerController:
		return initializerClaim(controller.Spec.DeepCopy()), true
	default:
		return claim{}, false
	}
}

// compositeClaim keeps spec for itself, as the others do.
func compositeClaim(spec *metacontroller.CompositeControllerSpec) claim {
	c := claim{steering: spec}
	for _, declared := range spec.ChildResources {
		c.addManaged(declared.APIVersion, declared.Resource, "child "+dump.ForHash(declared))
	}
	parent := groupResource(spec.ParentResource.APIVersion, spec.ParentResource.Resource)
	c.rights.addRead(parent)
	c.rights.add(parent, "status", modify...)
	if hooks := spec.Hooks; hooks != nil {
		if hooks.Finalize != nil {
			c.rights.add(parent, "", modify...)
			c.rights.add(parent, "finalizers", "update")
		}
		c.rights.addHooks(hooks.Customize, hooks.Sync, hooks.Finalize)
	}
	c.rights.addEndpoints(spec.EndpointConfigs)
	spec.ChildResources, spec.ResyncPeriodSeconds, spec.ParentResource.IgnoreStatusChanges = nil, nil, nil
	return c
}

func decoratorClaim(spec *metacontroller.DecoratorControllerSpec) claim {
	c := claim{steering: spec}
	for _, declared := range spec.Attachments {
		c.addManaged(declared.APIVersion, declared.Resource, "attachment "+dump.ForHash(declared))
	}
	hooks := spec.Hooks
	if hooks == nil {
		hooks = &metacontroller.DecoratorControllerHooks{}
	}
	for _, declared := range spec.Resources {
		declared.IgnoreStatusChanges = nil
		target := groupResource(declared.APIVersion, declared.Resource)
		r := rule{declared: "target " + dump.ForHash(declared), steers: true}
		r.rights.addRead(target)
		r.rights.addWrite(target, modify)
		r.rights.add(target, "status", modify...)
		if hooks.Finalize != nil {
			r.rights.add(target, "finalizers", "update")
		}
		c.rules = append(c.rules, r)
	}
	c.rights.addHooks(hooks.Customize, hooks.Sync, hooks.Finalize)
	c.rights.addEndpoints(spec.EndpointConfigs)
	spec.Attachments, spec.Resources, spec.ResyncPeriodSeconds = nil, nil, nil
	return c
}

func initializerClaim(spec *metacontroller.InitializerControllerSpec) claim {
	c := claim{steering: spec}
	for _, declared := range spec.UninitializedResources {
		resource := groupResource(declared.APIVersion, declared.Resource)
		r := rule{declared: "uninitialized " + dump.ForHash(declared)}
		r.rights.addRead(resource)
		r.rights.addWrite(resource, shape)
		c.rules = append(c.rules, r)
	}
	if spec.Hooks != nil {
		c.rights.addHooks(nil, spec.Hooks.Init)
	}
	c.rights.addEndpoints(spec.EndpointConfigs)
	spec.UninitializedResources = nil
	return c
}

// addManaged adds a rule for objects that the controller makes and keeps.
func (c *claim) addManaged(apiVersion, resource, declared string) {
	r := rule{declared: declared}
	r.rights.addRead(groupResource(apiVersion, resource))
	r.rights.addWrite(groupResource(apiVersion, resource), manage)
	c.rules = append(c.rules, r)
}

// addHooks adds what hooks read through the server. Any may be nil.
func (r *rights) addHooks(customize *metacontroller.Hook, others ...*metacontroller.Hook) {
	if customize != nil {
		r.addRead(everything)
	}
	for _, hook := range append(others, customize) {
		if hook != nil && hook.Webhook != nil {
			w := hook.Webhook
			r.addReferences(w.CABundle, w.ClientTLS, w.Authorization, w.BasicAuth)
		}
	}
}

func (r *rights) addEndpoints(configs []metacontroller.EndpointConfig) {
	for _, e := range configs {
		r.addReferences(e.CABundle, e.ClientTLS, e.Authorization, e.BasicAuth)
	}
}

// addReferences adds reading the Secrets and ConfigMaps that are named. Any may be nil.
func (r *rights) addReferences(bundle *metacontroller.CABundle, tls *metacontroller.ClientTLS, authorization *metacontroller.Authorization, basic *metacontroller.BasicAuth) {
	if bundle != nil && bundle.SecretRef != nil {
		r.addGet("secrets", bundle.SecretRef.Namespace, bundle.SecretRef.Name)
	}
	if bundle != nil && bundle.ConfigMapRef != nil {
		r.addGet("configmaps", bundle.ConfigMapRef.Namespace, bundle.ConfigMapRef.Name)
	}
	if tls != nil {
		r.addGet("secrets", tls.SecretRef.Namespace, tls.SecretRef.Name)
	}
	if authorization != nil {
		r.addGet("secrets", authorization.SecretRef.Namespace, authorization.SecretRef.Name)
	}
	if basic != nil {
		r.addGet("secrets", basic.SecretRef.Namespace, basic.SecretRef.Name)
	}
}

// groupResource is a resource type in no particular version: rights know none. What is not of the form
// group/version is a version of the core group; validation refuses what is neither.
func groupResource(apiVersion, resource string) schema.GroupResource {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return schema.GroupResource{Resource: resource}
	}
	return gv.WithResource(resource).GroupResource()
}
