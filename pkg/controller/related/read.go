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

package related

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// Objects are the related objects of one parent, as they were at one moment. Nil has none.
type Objects struct {
	kinds []kind
}

// kind is the related objects of one resource, sorted by namespace and name.
type kind struct {
	resource objects.Resource
	objects  []*objects.Object
}

// read finds the objects that the rules select: by key where a rule names them, by index where it does not.
func read(stores map[objects.Resource]*objects.Store, rules []*rule) *Objects {
	found := &Objects{}
	at := map[objects.Resource]int{}
	for _, r := range rules {
		i, known := at[r.id.resource]
		if !known {
			i = len(found.kinds)
			at[r.id.resource] = i
			found.kinds = append(found.kinds, kind{resource: r.id.resource})
		}
		if !r.id.hidden {
			found.kinds[i].objects = append(found.kinds[i].objects, r.read(stores)...)
		}
	}
	for i := range found.kinds {
		found.kinds[i].sort()
	}
	return found
}

// resources returns the resources that must be watched for the rule.
func (r *rule) resources() []objects.Resource {
	switch {
	case r.id.hidden:
		return nil
	case r.namespaceSelector != nil:
		return []objects.Resource{r.id.resource, r.namespaces}
	}
	return []objects.Resource{r.id.resource}
}

// read returns the objects that the rule selects.
func (r *rule) read(stores map[objects.Resource]*objects.Store) []*objects.Object {
	store := stores[r.id.resource]
	var found []*objects.Object
	switch {
	case r.namespaceSelector != nil:
		for _, namespace := range stores[r.namespaces].Selected("", r.namespaceSelector) {
			found = append(found, store.Selected(namespace.Name, r.selector)...)
		}
	case len(r.names) == 0:
		found = store.Selected(r.id.namespace, r.selector)
	case r.anywhere():
		for _, name := range r.names {
			found = append(found, store.Named(name)...)
		}
	default:
		for _, name := range r.names {
			if o := store.Get(r.id.namespace, name); o != nil {
				found = append(found, o)
			}
		}
	}
	return found
}

// show makes an object that was found be in this state. A parent that is related to itself is the same in both places then, also when
// they are kept by two watches.
func (o *Objects) show(state *objects.Object) {
	for _, k := range o.kinds {
		if i, found := slices.BinarySearchFunc(k.objects, state.Key(), compareKeys); found && k.objects[i].UID == state.UID {
			k.objects[i] = state
		}
	}
}

// sort brings the objects in order, each once: of several states the newer one does not matter, a watch tells of it.
func (k *kind) sort() {
	slices.SortStableFunc(k.objects, func(a, b *objects.Object) int { return compareKeys(a, b.Key()) })
	k.objects = slices.CompactFunc(k.objects, func(a, b *objects.Object) bool { return a.Key() == b.Key() })
}

func compareKeys(o *objects.Object, key objects.Key) int {
	return cmp.Or(strings.Compare(o.Namespace, key.Namespace), strings.Compare(o.Name, key.Name))
}

// Groups returns the objects as a request shows them: one group for each resource that a rule names, with or without objects.
func (o *Objects) Groups() []hook.Group {
	if o == nil {
		return nil
	}
	groups := make([]hook.Group, len(o.kinds))
	for i, k := range o.kinds {
		groups[i] = hook.Group{Kind: k.resource.Kind, APIVersion: k.resource.APIVersion(), Namespaced: k.resource.Namespaced}
		for _, object := range k.objects {
			groups[i].Objects = append(groups[i].Objects, hook.ObjectRef{Namespace: object.Namespace, Name: object.Name, Raw: object.Raw})
		}
	}
	return groups
}

// Resources returns the resources that rules name.
func (o *Objects) Resources() []objects.Resource {
	if o == nil {
		return nil
	}
	resources := make([]objects.Resource, len(o.kinds))
	for i, k := range o.kinds {
		resources[i] = k.resource
	}
	return resources
}

// Version returns the resourceVersion in which an object was found, or "" when it was not.
func (o *Objects) Version(resource objects.Resource, key objects.Key) string {
	if o == nil {
		return ""
	}
	for _, k := range o.kinds {
		if k.resource != resource {
			continue
		}
		if i, found := slices.BinarySearchFunc(k.objects, key, compareKeys); found {
			return k.objects[i].ResourceVersion
		}
	}
	return ""
}
