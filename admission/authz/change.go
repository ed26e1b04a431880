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
	"slices"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
)

// needed returns the rights that whoever turns old into object must hold; old is nil on create. An update
// that leaves the spec alone needs none.
//
// Rights that the old object used are not asked for again as long as nobody directs them elsewhere.
// Whoever moves a hook decides from then on what is done with all rights of the controller, and so does, in
// smaller ways, whoever makes it act on other parents or targets, or under other conditions. So:
//
//   - An added or changed child, attachment or initialized resource needs the rights of that rule.
//   - A removed rule, and what merely decides how often hooks are called (resyncPeriodSeconds and
//     ignoreStatusChanges), needs none.
//   - Every other change of the spec needs all rights, and so does an added or changed target of a
//     decorator: attachments are made for it.
func needed(object, old runtime.Object) rights {
	now, ok := claimOf(object)
	if !ok {
		return nil
	}
	before, ok := claimOf(old)
	if !ok || !apiequality.Semantic.DeepEqual(now.steering, before.steering) {
		return now.all()
	}
	kept := sets.New[string]()
	for _, rule := range before.rules {
		kept.Insert(rule.declared)
	}
	var r rights
	for _, rule := range now.rules {
		switch {
		case kept.Has(rule.declared):
		case rule.steers:
			return now.all()
		default:
			r = append(r, rule.rights...)
		}
	}
	return r
}

// all returns the rights of all parts.
func (c *claim) all() rights {
	r := slices.Clone(c.rights)
	for _, rule := range c.rules {
		r = append(r, rule.rights...)
	}
	return r
}
