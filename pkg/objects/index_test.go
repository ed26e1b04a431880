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

package objects

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// TestIndexMatchesScan puts and removes objects at random, and compares what the index finds with what
// a scan over all objects finds.
func TestIndexMatchesScan(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	x := newIndex()
	s := &Store{informer: &informer{index: x}}
	known := map[Key]*Object{}
	for i := range 5000 {
		if i == 1000 {
			x.makeSelectable() // from what is there; the rest comes and goes afterwards
		}
		o := randomObject(random)
		if random.IntN(3) == 0 {
			x.remove(o.Key())
			delete(known, o.Key())
		} else {
			x.put(o)
			known[o.Key()] = o
		}
	}
	for _, uid := range []types.UID{"u0", "u1", "u2", "u3", "none"} {
		want := scan(known, func(o *Object) bool { return o.ControllerUID() == uid })
		if diff := cmp.Diff(want, keys(s.OwnedBy(uid))); diff != "" {
			t.Errorf("OwnedBy(%s): -want +got:\n%s", uid, diff)
		}
	}
	for _, text := range []string{"", "app=a", "app in (a,b)", "app in (a,b),tier!=x", "app", "!app", "app=none", "app!=a", "tier=x,app=b"} {
		selector, err := labels.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, namespace := range []string{"", "n0", "n1", "none"} {
			want := scan(known, func(o *Object) bool {
				return o.Controller() == nil && (namespace == "" || o.Namespace == namespace) && selector.Matches(labels.Set(o.Labels))
			})
			if diff := cmp.Diff(want, keys(s.Orphans(namespace, selector))); diff != "" {
				t.Errorf("Orphans(%q, %q): -want +got:\n%s", namespace, text, diff)
			}
			want = scan(known, func(o *Object) bool {
				return (namespace == "" || o.Namespace == namespace) && selector.Matches(labels.Set(o.Labels))
			})
			selected := s.Selected(namespace, selector)
			for _, o := range selected {
				if known[o.Key()] != o {
					t.Errorf("Selected(%q, %q): an old state of %s", namespace, text, o)
				}
			}
			if diff := cmp.Diff(want, keys(selected)); diff != "" {
				t.Errorf("Selected(%q, %q): -want +got:\n%s", namespace, text, diff)
			}
		}
	}
	for i := range 41 {
		name := fmt.Sprint("o", i)
		want := scan(known, func(o *Object) bool { return o.Name == name })
		if diff := cmp.Diff(want, keys(s.Named(name))); diff != "" {
			t.Errorf("Named(%s): -want +got:\n%s", name, diff)
		}
	}
	if got := slices.Concat(s.Orphans("n0", labels.Nothing()), s.Selected("n0", labels.Nothing())); len(got) > 0 {
		t.Errorf("Orphans and Selected of a selector that matches nothing: got %d", len(got))
	}
	if got := len(slices.Collect(s.All())); got != len(known) {
		t.Errorf("All: got %d objects, want %d", got, len(known))
	}
	for k := range known {
		x.remove(k)
	}
	if len(x.owned)+len(x.orphans)+len(x.labeled)+len(x.objects) > 0 {
		t.Errorf("an empty index keeps %d owners, %d namespaces, %d labels", len(x.owned), len(x.orphans), len(x.labeled))
	}
	if all := x.selectable; len(all.namespaces)+len(all.labels)+len(all.names) > 0 {
		t.Errorf("an empty index keeps %d namespaces, %d labels, %d names", len(all.namespaces), len(all.labels), len(all.names))
	}
}

func randomObject(random *rand.Rand) *Object {
	o := &Object{Namespace: fmt.Sprint("n", random.IntN(3)), Name: fmt.Sprint("o", random.IntN(40)), Labels: map[string]string{}}
	if random.IntN(2) == 0 {
		controls := random.IntN(4) > 0
		o.OwnerReferences = []metav1.OwnerReference{{UID: types.UID(fmt.Sprint("u", random.IntN(4))), Controller: &controls}}
	}
	if app := random.IntN(4); app < 3 {
		o.Labels["app"] = string("abc"[app])
	}
	if random.IntN(2) == 0 {
		o.Labels["tier"] = string("xy"[random.IntN(2)])
	}
	return o
}

func scan(known map[Key]*Object, matches func(*Object) bool) []Key {
	var found []*Object
	for _, o := range known {
		if matches(o) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b *Object) int { return compareKeys(a, b.Key()) })
	return keys(found)
}

func keys(objects []*Object) []Key {
	var keys []Key
	for _, o := range objects {
		keys = append(keys, o.Key())
	}
	return keys
}
