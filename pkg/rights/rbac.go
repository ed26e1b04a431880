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
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
)

// Objects returns the rights as RBAC objects that bind them to a subject: a ClusterRole with its binding, and in each
// namespace with Secrets or ConfigMaps that hooks refer to a Role with its binding. All have the given name. The order, and that
// of everything in them, depends on the rights only.
func (r *Rights) Objects(name string, subject rbacv1.Subject) []runtime.Object {
	var objects []runtime.Object
	subjects := []rbacv1.Subject{subject}
	if rules := r.rules(); len(rules) > 0 {
		objects = append(objects,
			&rbacv1.ClusterRole{TypeMeta: typeMeta("ClusterRole"), ObjectMeta: objectMeta("", name), Rules: rules},
			&rbacv1.ClusterRoleBinding{
				TypeMeta: typeMeta("ClusterRoleBinding"), ObjectMeta: objectMeta("", name),
				RoleRef: roleRef("ClusterRole", name), Subjects: subjects,
			})
	}
	byNamespace := r.namespacedRules()
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		meta := objectMeta(namespace, name)
		objects = append(objects,
			&rbacv1.Role{TypeMeta: typeMeta("Role"), ObjectMeta: meta, Rules: byNamespace[namespace]},
			&rbacv1.RoleBinding{TypeMeta: typeMeta("RoleBinding"), ObjectMeta: meta, RoleRef: roleRef("Role", name), Subjects: subjects})
	}
	return objects
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

// objectMeta has a label by which hookplane uninstall --check finds the object.
func objectMeta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app.kubernetes.io/part-of": "hookplane"}}
}

func roleRef(kind, name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
}

// rules has one rule for all types of a group that allow the same.
func (r *Rights) rules() []rbacv1.PolicyRule {
	type key struct{ group, verbs string }
	resources := map[key][]string{}
	for name, allowed := range r.types {
		resource := name.Resource
		if name.subresource != "" {
			resource += "/" + name.subresource
		}
		k := key{name.Group, joined(allowed)}
		resources[k] = append(resources[k], resource)
	}
	rules := make([]rbacv1.PolicyRule, 0, len(resources))
	for k, names := range resources {
		slices.Sort(names)
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{k.group}, Resources: names, Verbs: strings.Split(k.verbs, ",")})
	}
	slices.SortFunc(rules, func(a, b rbacv1.PolicyRule) int {
		if c := strings.Compare(a.APIGroups[0], b.APIGroups[0]); c != 0 {
			return c
		}
		return strings.Compare(a.Resources[0], b.Resources[0])
	})
	return rules
}

// namespacedRules has one rule for all objects of a type.
func (r *Rights) namespacedRules() map[string][]rbacv1.PolicyRule {
	names := map[string]map[string][]string{}
	for object := range r.instances {
		if names[object.namespace] == nil {
			names[object.namespace] = map[string][]string{}
		}
		names[object.namespace][object.resource] = append(names[object.namespace][object.resource], object.name)
	}
	rules := map[string][]rbacv1.PolicyRule{}
	for namespace, byResource := range names {
		for _, resource := range slices.Sorted(maps.Keys(byResource)) {
			objects := byResource[resource]
			slices.Sort(objects)
			rules[namespace] = append(rules[namespace], rbacv1.PolicyRule{
				APIGroups: []string{""}, Resources: []string{resource}, ResourceNames: objects, Verbs: read,
			})
		}
	}
	return rules
}

// order is how people write verbs.
var order = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

func joined(set sets.Set[string]) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(order), func(verb string) bool { return !set.Has(verb) }), ",")
}
