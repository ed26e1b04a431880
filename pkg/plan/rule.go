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

package plan

import (
	"fmt"
	"strings"
)

// ruleIndex finds rules by what a desired child says of itself.
type ruleIndex struct {
	rules  []Rule
	byType map[childType]int
	// family maps each rule to the first one with the same group and kind. Rules of one family are versions of the same
	// objects, so a child that is desired in one version is not to be deleted for being absent in the other.
	family []int
}

type childType struct{ apiVersion, kind string }

func indexRules(rules []Rule) (*ruleIndex, error) {
	index := &ruleIndex{rules: rules, byType: make(map[childType]int, len(rules)), family: make([]int, len(rules))}
	families := make(map[childType]int, len(rules))
	for i, rule := range rules {
		switch rule.Method {
		case OnDelete, Recreate, InPlace, RollingRecreate, RollingInPlace:
		default:
			return nil, fmt.Errorf("child rule %d (%s in %s): update method %q is not supported: use %s, %s, %s, %s or %s",
				i, rule.Resource, rule.APIVersion, rule.Method, OnDelete, Recreate, InPlace, RollingRecreate, RollingInPlace)
		}
		if _, found := index.byType[childType{rule.APIVersion, rule.Kind}]; !found {
			index.byType[childType{rule.APIVersion, rule.Kind}] = i
		}
		objects := childType{group(rule.APIVersion), rule.Kind}
		if _, found := families[objects]; !found {
			families[objects] = i
		}
		index.family[i] = families[objects]
	}
	return index, nil
}

// identity is the same for all keys that name one object.
func (x *ruleIndex) identity(key ChildKey) ChildKey {
	key.Rule = x.family[key.Rule]
	return key
}

// familyOf returns the rule that stands for all versions of a kind, or false when no rule declares it.
func (x *ruleIndex) familyOf(apiGroup, kind string) (int, bool) {
	for i := range x.rules {
		if x.rules[i].Kind == kind && group(x.rules[i].APIVersion) == apiGroup {
			return x.family[i], true
		}
	}
	return 0, false
}

// describe names a child for people: Pod "default/solr".
func (x *ruleIndex) describe(key ChildKey) string {
	name := key.Name
	if key.Namespace != "" {
		name = key.Namespace + "/" + key.Name
	}
	return x.rules[key.Rule].Kind + " " + quote(name)
}

func group(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return "" // The core group.
	}
	return group
}
