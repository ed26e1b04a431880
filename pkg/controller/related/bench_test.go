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
	"fmt"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/pkg/objects"
)

// BenchmarkEvent takes one change of a related object in, which matters to one parent, while others, more and more of them,
// have rules that it does not match. What it costs must not grow with their number.
func BenchmarkEvent(b *testing.B) {
	for _, kind := range []struct{ name, mine, others string }{
		{"Names", `{"apiVersion":"v1","resource":"configmaps","namespace":"n","names":["mine"]}`, `{"apiVersion":"v1","resource":"configmaps","namespace":"n","names":["other-%d"]}`},
		{"NamesEverywhere", `{"apiVersion":"v1","resource":"configmaps","names":["mine"]}`, `{"apiVersion":"v1","resource":"configmaps","names":["other-%d"]}`},
		{"Labels", `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"tenant":"mine"}}}`, `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"tenant":"other-%d"}}}`},
		{"SharedLabel", `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"app":"web","tenant":"mine"}}}`, `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"app":"web","tenant":"other-%d"}}}`},
		{"Namespaces", `{"apiVersion":"v1","resource":"configmaps","namespace":"n"}`, `{"apiVersion":"v1","resource":"configmaps","namespace":"other-%d"}`},
		{"NamespaceLabels", `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{"matchLabels":{"team":"mine"}}}`, `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{"matchLabels":{"team":"other-%d"}}}`},
	} {
		for _, others := range []int{0, 100, 10000} {
			b.Run(fmt.Sprintf("%s/Others=%d", kind.name, others), func(b *testing.B) {
				x := newInterests[int]()
				join(b, x, 0, kind.mine)
				for parent := range others {
					join(b, x, parent+1, fmt.Sprintf(kind.others, parent))
				}
				o := &objects.Object{Namespace: "n", Name: "mine", Labels: map[string]string{"app": "web", "tenant": "mine"}}
				placed := func() map[string]string { return map[string]string{"team": "mine"} }
				b.ReportAllocs()
				for b.Loop() {
					var found []*interest[int]
					x.matching(o, placed, func(i *interest[int]) { found = append(found, i) })
					if concerned := parentsOf(found); len(concerned) != 1 {
						b.Fatalf("%d parents are concerned, want 1", len(concerned))
					}
				}
			})
		}
	}
}

// BenchmarkSharedRule takes one change in that matters to all of many parents, which all have the same rule: the rule is
// looked at once, and the rest is the list of parents.
func BenchmarkSharedRule(b *testing.B) {
	const parents = 5000
	x := newInterests[int]()
	for parent := range parents {
		join(b, x, parent, `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"NotIn","values":["`+strings.Repeat("x", 20)+`"]}]}}`)
	}
	o := &objects.Object{Namespace: "n", Name: "mine", Labels: map[string]string{"app": "web"}}
	b.ReportAllocs()
	for b.Loop() {
		var found []*interest[int]
		x.matching(o, nil, func(i *interest[int]) { found = append(found, i) })
		if concerned := parentsOf(found); len(found) != 1 || len(concerned) != parents {
			b.Fatalf("%d rules were found for %d parents, want 1 for %d", len(found), len(concerned), parents)
		}
	}
}

func join(b *testing.B, x *interests[int], parent int, text string) {
	b.Helper()
	rules, err := compile(b.Context(), lookupCore, Scope{}, clusterParent, parseRules(b, text))
	if err != nil {
		b.Fatal(err)
	}
	x.join(rules[0], parent)
}
