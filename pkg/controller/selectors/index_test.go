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

package selectors

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"
)

func parse(t *testing.T, s string) labels.Selector {
	t.Helper()
	selector, err := labels.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return selector
}

func TestIndexMatching(t *testing.T) {
	x := NewIndex[string]()
	x.Set("web", "default", parse(t, "app=web"))
	x.Set("webOrDB", "default", parse(t, "app in (web,db),tier"))
	x.Set("notWeb", "default", parse(t, "app!=web"))
	x.Set("elsewhere", "other", parse(t, "app=web"))
	x.Set("everywhere", "", parse(t, "app=web"))

	cases := map[string]struct {
		namespace string
		labels    map[string]string
		want      []string
	}{
		"Pair":             {namespace: "default", labels: map[string]string{"app": "web"}, want: []string{"everywhere", "web"}},
		"AllRequirements":  {namespace: "default", labels: map[string]string{"app": "web", "tier": "x"}, want: []string{"everywhere", "web", "webOrDB"}},
		"SecondValue":      {namespace: "default", labels: map[string]string{"app": "db", "tier": "x"}, want: []string{"notWeb", "webOrDB"}},
		"Broad":            {namespace: "default", labels: nil, want: []string{"notWeb"}},
		"OtherNamespace":   {namespace: "other", labels: map[string]string{"app": "web"}, want: []string{"elsewhere", "everywhere"}},
		"ClusterScoped":    {namespace: "", labels: map[string]string{"app": "web"}, want: []string{"everywhere"}},
		"UnknownNamespace": {namespace: "none", labels: map[string]string{"app": "db"}, want: nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := x.Matching(tc.namespace, tc.labels)
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Matching() (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIndexAgainstWalk compares the index with the dumb way, over random parents that change.
func TestIndexAgainstWalk(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	selectors := []string{"a=1", "a=2", "a in (1,2),b", "b notin (1)", "!a", "a", "b=1,a=1"}
	x := NewIndex[int]()
	parents := map[int]labels.Selector{}
	namespaces := map[int]string{}
	for range 2000 {
		parent := random.IntN(20)
		if random.IntN(4) == 0 {
			x.Remove(parent)
			delete(parents, parent)
		} else {
			parents[parent] = parse(t, selectors[random.IntN(len(selectors))])
			namespaces[parent] = []string{"", "n", "m"}[random.IntN(3)]
			x.Set(parent, namespaces[parent], parents[parent])
		}
		set := labels.Set{"a": fmt.Sprint(random.IntN(3)), "b": fmt.Sprint(random.IntN(3))}
		var want []int
		for p, selector := range parents {
			if (namespaces[p] == "" || namespaces[p] == "n") && selector.Matches(set) {
				want = append(want, p)
			}
		}
		got := x.Matching("n", set)
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("labels %v (-want +got):\n%s", set, diff)
		}
	}
	for parent := range parents {
		x.Remove(parent)
	}
	if len(x.parents)+len(x.byPair)+len(x.broad) != 0 {
		t.Errorf("an empty index holds %d parents, %d pairs, %d broad selectors", len(x.parents), len(x.byPair), len(x.broad))
	}
}

// TestIndexSpreadsParents has parents that share one label and differ in another: a look-up must not evaluate them all.
func TestIndexSpreadsParents(t *testing.T) {
	x := NewIndex[int]()
	for parent := range 1000 {
		x.Set(parent, "", parse(t, fmt.Sprintf("app=web,tenant=t%d", parent)))
	}
	if got := len(x.byPair[pair{"", "app", "web"}]); got > 1 {
		t.Errorf("%d of 1000 parents are found by app=web, want the first at most", got)
	}
	if diff := cmp.Diff([]int{7}, x.Matching("n", map[string]string{"app": "web", "tenant": "t7"})); diff != "" {
		t.Errorf("Matching() (-want +got):\n%s", diff)
	}
}
