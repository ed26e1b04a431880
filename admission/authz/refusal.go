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
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/admission"
)

// verbOrder is the order in which verbs are listed: as people are used to read them.
var verbOrder = []string{"get", "list", "watch", "create", "update", "patch", "delete", escalate, "bind", "attest"}

// compact returns the rights sorted, by object and then by verb, and each once.
func compact(r rights) rights {
	slices.SortFunc(r, func(a, b right) int {
		return cmp.Or(
			cmp.Compare(a.resource.Resource, b.resource.Resource),
			cmp.Compare(a.resource.Group, b.resource.Group),
			cmp.Compare(a.subresource, b.subresource),
			cmp.Compare(a.namespace, b.namespace),
			cmp.Compare(a.name, b.name),
			cmp.Compare(slices.Index(verbOrder, a.verb), slices.Index(verbOrder, b.verb)),
		)
	})
	return slices.Compact(r)
}

// lines says what compact rights are, an object in each line.
func lines(r rights) []string {
	var lines []string
	for len(r) > 0 {
		object := r[0].object()
		var verbs []string
		for len(r) > 0 && r[0].object() == object {
			verbs = append(verbs, r[0].verb)
			r = r[1:]
		}
		lines = append(lines, strings.Join(verbs, ",")+" "+object)
	}
	return lines
}

// refusal lists what is missing and says what to do.
func refusal(a admission.Attributes, lacking rights) error {
	return fmt.Errorf("user %q lacks rights that the controller would use:\n  %s\nask a cluster admin for them, or for %s",
		a.GetUserInfo().GetName(), strings.Join(lines(lacking), "\n  "), remedy(a))
}

// tooMany refuses what declares more than is asked about.
func tooMany(a admission.Attributes, count int) error {
	return fmt.Errorf("the controller needs %d rights, and at most %d can be checked: declare fewer resource types, or ask a cluster admin for %s", count, maxRights, remedy(a))
}

func remedy(a admission.Attributes) string {
	return fmt.Sprintf("the verb %s on %s %q, which lifts this check", escalate, a.GetResource().GroupResource(), a.GetName())
}

// object says what the right is a right on.
func (r right) object() string {
	if r.name != "" {
		return fmt.Sprintf("%s %q", strings.TrimSuffix(r.resource.Resource, "s"), r.namespace+"/"+r.name)
	}
	if r.resource == everything {
		return "*.* cluster-wide (a customize hook can ask for any object)"
	}
	resource, group := r.resource.Resource, r.resource.Group
	if r.subresource != "" {
		resource += "/" + r.subresource
	}
	return fmt.Sprintf("%s (%s) cluster-wide", resource, cmp.Or(group, "core"))
}
