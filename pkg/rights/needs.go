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
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// Verbs, by what they are needed for.
var (
	read   = []string{"get", "list", "watch"}
	manage = []string{"get", "list", "watch", "create", "update", "patch", "delete"}
)

// Rights are what the server needs for the controllers that were added. The zero value is nothing.
type Rights struct {
	types     map[typeName]sets.Set[string]
	instances sets.Set[instance]
	// remarks are what cannot be known from a manifest.
	remarks []string
}

// typeName is a resource type in no particular version, or a subresource of it.
type typeName struct {
	schema.GroupResource
	subresource string
}

// instance is one object of the core group.
type instance struct{ namespace, resource, name string }

// Add adds what one controller needs: of any kind, in the hub version, with defaults and in today's form. Other objects need
// nothing; it reports whether the object is a controller.
func (r *Rights) Add(object runtime.Object) bool {
	switch controller := object.(type) {
	case *metacontroller.CompositeController:
		r.addComposite(&controller.Spec, "CompositeController "+controller.Name)
	case *metacontroller.DecoratorController:
		r.addDecorator(&controller.Spec, "DecoratorController "+controller.Name)
	case *metacontroller.InitializerController:
		r.addInitializer(&controller.Spec)
	default:
		return false
	}
	return true
}

// Remarks returns what the rules leave out because it depends on the answers of hooks, one sentence each, with the controller
// and the field that it is about.
func (r *Rights) Remarks() []string { return r.remarks }

func (r *Rights) allow(name typeName, verbs ...string) {
	if r.types == nil {
		r.types = map[typeName]sets.Set[string]{}
	}
	if r.types[name] == nil {
		r.types[name] = sets.New[string]()
	}
	r.types[name].Insert(verbs...)
}

func (r *Rights) addComposite(spec *metacontroller.CompositeControllerSpec, name string) {
	parent := groupResource(spec.ParentResource.APIVersion, spec.ParentResource.Resource)
	r.allow(typeName{parent, ""}, read...)
	r.allow(typeName{parent, "status"}, "patch")
	if len(spec.ChildResources) > 0 {
		r.addOwner(parent)
	}
	for _, child := range spec.ChildResources {
		r.addManaged(groupResource(child.APIVersion, child.Resource), name+": spec.childResources")
	}
	if hooks := spec.Hooks; hooks != nil {
		if hooks.Finalize != nil {
			r.allow(typeName{parent, ""}, "patch")
		}
		r.addCustomize(hooks.Customize, name)
		r.addHooks(hooks.Customize, hooks.Sync, hooks.Finalize)
	}
	r.addEndpoints(spec.EndpointConfigs)
}

func (r *Rights) addDecorator(spec *metacontroller.DecoratorControllerSpec, name string) {
	for _, rule := range spec.Resources {
		target := groupResource(rule.APIVersion, rule.Resource)
		r.allow(typeName{target, ""}, read...)
		r.allow(typeName{target, ""}, "patch") // labels, annotations, finalizers
		r.allow(typeName{target, "status"}, "patch")
		if len(spec.Attachments) > 0 {
			r.addOwner(target)
		}
	}
	for _, attachment := range spec.Attachments {
		r.addManaged(groupResource(attachment.APIVersion, attachment.Resource), name+": spec.attachments")
	}
	if hooks := spec.Hooks; hooks != nil {
		r.addCustomize(hooks.Customize, name)
		r.addHooks(hooks.Customize, hooks.Sync, hooks.Finalize)
	}
	r.addEndpoints(spec.EndpointConfigs)
}

// addInitializer adds what completing deferred objects takes. What is completed while it is admitted takes no right.
func (r *Rights) addInitializer(spec *metacontroller.InitializerControllerSpec) {
	if spec.FailurePolicy == metacontroller.InitializerDefer {
		for _, rule := range spec.UninitializedResources {
			resource := typeName{groupResource(rule.APIVersion, rule.Resource), ""}
			r.allow(resource, read...)
			r.allow(resource, "update")
		}
	}
	if spec.Hooks != nil {
		r.addHooks(spec.Hooks.Init)
	}
	r.addEndpoints(spec.EndpointConfigs)
}

// addOwner adds what owning objects takes, with blockOwnerDeletion set, where the admission plugin
// OwnerReferencesPermissionEnforcement is on.
func (r *Rights) addOwner(owner schema.GroupResource) {
	r.allow(typeName{owner, "finalizers"}, "update")
}

func (r *Rights) addManaged(resource schema.GroupResource, where string) {
	r.allow(typeName{resource, ""}, manage...)
	if resource.Group == "rbac.authorization.k8s.io" {
		r.remarks = append(r.remarks, fmt.Sprintf("%s: to write %s the server must itself hold every right that these give, "+
			"or the verbs escalate and bind; add what your hook needs", where, resource))
	}
}

func (r *Rights) addCustomize(hook *metacontroller.Hook, name string) {
	if hook != nil {
		r.remarks = append(r.remarks, name+": spec.hooks.customize decides when it is called which objects it wants to see; "+
			"add get, list and watch of these types")
	}
}
