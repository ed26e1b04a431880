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
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

const (
	// soakChildren is how many children a parent has at most of its counted kind, in each namespace; it has one Secret, too.
	soakChildren = 4
	// soakShared is the ConfigMap of each namespace that customize hooks ask for.
	soakShared = "shared"
)

var soakConfigMap = kind{GroupVersionResource: configMaps, Kind: "ConfigMap"}

// soakKind is a parent resource of the soak and how its CompositeController is made.
type soakKind struct {
	kind
	name        string
	method      v1alpha1.ChildUpdateMethod
	version     v1alpha1.HookVersion
	ownSelector bool // spec.selector of the parent, not one that is generated
	finalizes   bool
	follows     bool // a related object, by a customize hook
	cluster     bool // no namespace; children in all namespaces of the soak
	works       bool // its children are workers, which must be ready before a rollout goes on
	plain       bool // nobody's parent: what decorators decorate

	child kind // of which it has as many as spec.count says
}

func soakKinds() []soakKind {
	return []soakKind{
		{name: "soaker", method: v1alpha1.ChildUpdateInPlace},
		{name: "soakmaker", method: v1alpha1.ChildUpdateRecreate, ownSelector: true},
		{name: "soakkeeper", method: v1alpha1.ChildUpdateOnDelete, version: v1alpha1.HookVersionV2},
		{name: "soakender", method: v1alpha1.ChildUpdateInPlace, finalizes: true, ownSelector: true},
		{name: "soakfollower", method: v1alpha1.ChildUpdateInPlace, follows: true},
		{name: "soakruler", method: v1alpha1.ChildUpdateRecreate, cluster: true, finalizes: true, version: v1alpha1.HookVersionV2},
		{name: "soakroller", method: v1alpha1.ChildUpdateRollingInPlace, finalizes: true, works: true},
		{name: "soakrenewer", method: v1alpha1.ChildUpdateRollingRecreate, cluster: true, works: true},
		{name: "soakthing", plain: true},
	}
}

// rolls reports whether the children of a parent change one after the other.
func (k *soakKind) rolls() bool {
	return k.method == v1alpha1.ChildUpdateRollingInPlace || k.method == v1alpha1.ChildUpdateRollingRecreate
}

// soakHook returns a hook below the URL base.
func soakHook(base, controller, hook string, version v1alpha1.HookVersion) *v1alpha1.Hook {
	return &v1alpha1.Hook{Version: version, Webhook: &v1alpha1.Webhook{URL: base + "/" + controller + "/" + hook, Timeout: "3s"}}
}

// configure makes the controller one of this kind.
func (k *soakKind) configure(spec *v1alpha1.CompositeControllerSpec, base string) {
	generate := !k.ownSelector
	spec.GenerateSelector = &generate
	spec.ChildResources = nil
	for _, child := range []kind{k.child, {GroupVersionResource: secrets, Kind: "Secret"}} {
		strategy := &v1alpha1.ChildUpdateStrategy{Method: k.method}
		if child.Kind != "Secret" && k.works {
			strategy.StatusChecks = &v1alpha1.ChildUpdateStatusChecks{Conditions: []v1alpha1.StatusConditionCheck{{Type: soakReady, Status: new("True")}}}
		}
		spec.ChildResources = append(spec.ChildResources, v1alpha1.ChildResourceRule{
			APIVersion: child.GroupVersion().String(), Resource: child.Resource, UpdateStrategy: strategy,
		})
	}
	spec.Hooks.Sync = soakHook(base, k.name, "sync", k.version)
	if k.finalizes {
		spec.Hooks.Finalize = soakHook(base, k.name, "finalize", k.version)
	}
	if k.follows {
		spec.Hooks.Customize = soakHook(base, k.name, "customize", k.version)
	}
}

func (k *soakKind) parentName(n int) string { return fmt.Sprintf("%s-%d", k.name, n) }

// answer answers as the hooks of the controller should.
func (k *soakKind) answer(hook string, in *soakRequest, namespaces []string) any {
	observed := countAll(in.Children)
	switch hook {
	case "customize":
		return askForShared()
	case "finalize":
		return response{Status: object{"phase": "Ending"}, Finalized: observed == 0}
	default:
		return response{
			Children: k.desired(in.Parent, namespaces, in.shared()),
			Status:   object{"value": nested[string](in.Parent, "spec", "value"), "children": observed},
		}
	}
}

// desired is what the hooks want for a parent. shared is the value of the related object.
func (k *soakKind) desired(parent object, namespaces []string, shared string) []object {
	name := nested[string](parent, "metadata", "name")
	if !k.cluster {
		namespaces = []string{nested[string](parent, "metadata", "namespace")}
	}
	var labels object
	if k.ownSelector {
		labels = object{"soak": name}
	}
	var children []object
	for _, namespace := range namespaces {
		children = append(children, soakObjects(k.child, name, namespace, labels, soakData(parent, k.follows, shared), soakCount(parent))...)
		secret := base64.StdEncoding.EncodeToString([]byte(nested[string](parent, "spec", "value")))
		children = append(children, object{
			"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": name, "namespace": namespace, "labels": labels}, "data": object{"value": secret},
		})
	}
	return children
}

// soakCount is how many children an object has of the kind that it counts.
func soakCount(parent object) int {
	count, _ := strconv.Atoi(nested[string](parent, "spec", "count")) // of our own making
	return count
}

// soakData is what children carry of the object that they belong to.
func soakData(parent object, follows bool, shared string) object {
	spec := nested[object](parent, "spec")
	data := object{"value": spec["value"]}
	if extra, ok := spec["extra"]; ok {
		data["extra"] = extra
	}
	if follows {
		data["shared"] = shared
	}
	return data
}

// soakObjects makes desired objects with the same content.
func soakObjects(k kind, prefix, namespace string, labels, data object, count int) []object {
	var objects []object
	for n := range count {
		objects = append(objects, object{
			"apiVersion": k.GroupVersion().String(), "kind": k.Kind, contentField(k.Kind): data,
			"metadata": object{"name": fmt.Sprintf("%s-%d", prefix, n), "namespace": namespace, "labels": labels},
		})
	}
	return objects
}

// contentField is the field of a child that its hook decides about.
func contentField(kind string) string {
	if kind == "ConfigMap" || kind == "Secret" {
		return "data"
	}
	return "spec"
}
