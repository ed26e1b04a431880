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
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/pkg/objects"
)

// placeLabels are the labels of the namespaces in these tests.
var placeLabels = map[string]map[string]string{"n0": {"team": "x"}, "n1": {"team": "y"}, "n2": {}}

// matches says in the plainest way whether a rule selects an object.
func (r *rule) matches(o *objects.Object) bool {
	return (r.id.namespace == "" || r.id.namespace == o.Namespace) &&
		(r.namespaceSelector == nil || r.namespaceSelector.Matches(labels.Set(placeLabels[o.Namespace]))) &&
		(len(r.names) == 0 || slices.Contains(r.names, o.Name)) &&
		r.selector.Matches(labels.Set(o.Labels))
}

func randomRule(random *rand.Rand) *rule {
	r := &rule{id: ruleID{resource: configMaps}, selector: labels.Everything()}
	parsed := func(texts ...string) labels.Selector {
		selector, err := labels.Parse(texts[random.IntN(len(texts))])
		if err != nil {
			panic(err)
		}
		return selector
	}
	place := random.IntN(3)
	if place == 0 {
		r.id.namespace = fmt.Sprint("n", random.IntN(3))
	}
	switch random.IntN(3) {
	case 0:
		r.names = slices.Compact(slices.Sorted(slices.Values([]string{fmt.Sprint("o", random.IntN(3)), fmt.Sprint("o", random.IntN(3))})))
	case 1:
		r.selector = parsed("a=1", "a in (1,2)", "!a", "a=1,b!=2", "b")
		fallthrough
	default:
		if place == 1 {
			r.namespaceSelector = parsed("", "team=x", "team in (x,y)", "!team")
		}
	}
	r.identify()
	return r
}

// TestInterestsAgainstWalk compares the index with a walk over all rules of all parents, while rules come and go.
func TestInterestsAgainstWalk(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	x := newInterests[int]()
	rules := map[int]map[ruleID]*rule{}
	for round := range 5000 {
		parent := random.IntN(20)
		if random.IntN(3) == 0 {
			for id := range rules[parent] {
				x.leave(id, parent)
			}
			delete(rules, parent)
		} else {
			r := randomRule(random)
			x.join(r, parent)
			if rules[parent] == nil {
				rules[parent] = map[ruleID]*rule{}
			}
			rules[parent][r.id] = r
		}
		o := &objects.Object{Namespace: fmt.Sprint("n", random.IntN(3)), Name: fmt.Sprint("o", random.IntN(3)), Labels: map[string]string{}}
		for _, key := range []string{"a", "b"} {
			if value := random.IntN(3); value > 0 {
				o.Labels[key] = fmt.Sprint(value)
			}
		}
		want := map[int]struct{}{}
		for parent, rules := range rules {
			for _, r := range rules {
				if r.matches(o) {
					want[parent] = struct{}{}
				}
			}
		}
		var found []*interest[int]
		x.matching(o, func() map[string]string { return placeLabels[o.Namespace] }, func(i *interest[int]) { found = append(found, i) })
		if diff := cmp.Diff(want, parentsOf(found)); diff != "" {
			t.Fatalf("round %d, %v with labels %v (-want +got):\n%s", round, o, o.Labels, diff)
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(rules)), slices.Sorted(maps.Keys(x.parents()))); diff != "" {
			t.Fatalf("round %d: parents (-want +got):\n%s", round, diff)
		}
	}
	for parent, rules := range rules {
		for id := range rules {
			x.leave(id, parent)
		}
	}
	if left := len(x.all) + len(x.keyed) + len(x.named) + len(x.scopes); left > 0 {
		t.Errorf("without parents %d entries are left", left)
	}
	if got := x.labels.Matching("n0", map[string]string{"a": "1"}); len(got) > 0 {
		t.Errorf("without parents %d label rules are left", len(got))
	}
	if got := x.placed.Matching("", map[string]string{"team": "x"}); len(got) > 0 {
		t.Errorf("without parents %d namespace selectors are left", len(got))
	}
}
