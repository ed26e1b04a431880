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
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// right is a verb on a resource type, everywhere in the cluster or, with a name, on one object.
type right struct {
	resource    schema.GroupResource
	subresource string
	// namespace and name are set for one object.
	namespace, name string
	verb            string
}

// Verbs, by what they are needed for.
var (
	read   = []string{"get", "list", "watch"}
	modify = []string{"update", "patch"}
	shape  = []string{"create", "update", "patch"}
	manage = []string{"create", "update", "patch", "delete"}
)

// escalate is the verb that lifts the check, on the controller's own resource.
const escalate = "escalate"

// everything is what RBAC calls all resources of all groups.
var everything = schema.GroupResource{Group: "*", Resource: "*"}

// rights are collected one after the other, and may repeat themselves.
type rights []right

func (r *rights) add(resource schema.GroupResource, subresource string, verbs ...string) {
	for _, verb := range verbs {
		*r = append(*r, right{resource: resource, subresource: subresource, verb: verb})
	}
}

// addRead adds reading all objects of a type.
func (r *rights) addRead(resource schema.GroupResource) {
	r.add(resource, "", read...)
}

// addWrite adds writing objects of a type: the verbs, and those that guard what is written.
func (r *rights) addWrite(resource schema.GroupResource, verbs []string) {
	r.add(resource, "", verbs...)
	for _, guard := range guards[resource] {
		r.add(guard.resource, "", guard.verb)
	}
}

// addGet adds reading one object.
func (r *rights) addGet(resource, namespace, name string) {
	*r = append(*r, right{resource: schema.GroupResource{Resource: resource}, namespace: namespace, name: name, verb: "get"})
}

// guard is a verb that an API server demands of whoever writes certain objects, because these give rights.
type guard struct {
	resource schema.GroupResource
	verb     string
}

// guards are the guarded types. The writer that an API server sees is hookplane, which may hold the verb, so
// it is demanded of the author.
var guards = map[schema.GroupResource][]guard{
	rbac("roles"):               {{rbac("roles"), "escalate"}},
	rbac("clusterroles"):        {{rbac("clusterroles"), "escalate"}},
	rbac("rolebindings"):        {{rbac("roles"), "bind"}, {rbac("clusterroles"), "bind"}},
	rbac("clusterrolebindings"): {{rbac("clusterroles"), "bind"}},

	certificates("clustertrustbundles"): {{certificates("signers"), "attest"}},

	// The check of this package: a controller that makes controllers would get around it.
	metacontroller.Resource("compositecontrollers"):   {{metacontroller.Resource("compositecontrollers"), escalate}},
	metacontroller.Resource("decoratorcontrollers"):   {{metacontroller.Resource("decoratorcontrollers"), escalate}},
	metacontroller.Resource("initializercontrollers"): {{metacontroller.Resource("initializercontrollers"), escalate}},
}

func rbac(resource string) schema.GroupResource {
	return schema.GroupResource{Group: "rbac.authorization.k8s.io", Resource: resource}
}

func certificates(resource string) schema.GroupResource {
	return schema.GroupResource{Group: "certificates.k8s.io", Resource: resource}
}
