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
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// addHooks adds reading what hooks refer to. Any may be nil.
func (r *Rights) addHooks(hooks ...*metacontroller.Hook) {
	for _, hook := range hooks {
		if hook != nil && hook.Webhook != nil {
			w := hook.Webhook
			r.addReferences(w.CABundle, w.ClientTLS, w.Authorization, w.BasicAuth)
		}
	}
}

func (r *Rights) addEndpoints(configs []metacontroller.EndpointConfig) {
	for _, e := range configs {
		r.addReferences(e.CABundle, e.ClientTLS, e.Authorization, e.BasicAuth)
	}
}

func (r *Rights) addReferences(bundle *metacontroller.CABundle, tls *metacontroller.ClientTLS, authorization *metacontroller.Authorization, basic *metacontroller.BasicAuth) {
	if bundle != nil && bundle.SecretRef != nil {
		r.addInstance(bundle.SecretRef.Namespace, "secrets", bundle.SecretRef.Name)
	}
	if bundle != nil && bundle.ConfigMapRef != nil {
		r.addInstance(bundle.ConfigMapRef.Namespace, "configmaps", bundle.ConfigMapRef.Name)
	}
	if tls != nil {
		r.addInstance(tls.SecretRef.Namespace, "secrets", tls.SecretRef.Name)
	}
	if authorization != nil {
		r.addInstance(authorization.SecretRef.Namespace, "secrets", authorization.SecretRef.Name)
	}
	if basic != nil {
		r.addInstance(basic.SecretRef.Namespace, "secrets", basic.SecretRef.Name)
	}
}

// addInstance adds reading one object: it is listed and watched by its name.
func (r *Rights) addInstance(namespace, resource, name string) {
	if r.instances == nil {
		r.instances = sets.New[instance]()
	}
	r.instances.Insert(instance{namespace, resource, name})
}

// groupResource is a resource type in no particular version: rights know none. Validation refuses what is no apiVersion.
func groupResource(apiVersion, resource string) schema.GroupResource {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return schema.GroupResource{Resource: resource}
	}
	return gv.WithResource(resource).GroupResource()
}
