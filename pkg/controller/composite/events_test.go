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

package composite

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/controller/selectors"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// newFamily returns a controller of Things that knows the parents a and b in namespace n. Parent b
// selects app=b, and wanted the child "taken" in vain.
func newFamily() *controller {
	c := &controller{
		definition: &definition{parent: objects.Resource{
			GroupVersionResource: schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "things"},
			Kind:                 "Thing", Namespaced: true,
		}},
		census:    supervise.NewCensus[objects.Key](clock.RealClock{}),
		selectors: selectors.NewIndex[objects.Key](),
		memory:    map[objects.Key]*memory{},
		contested: map[plan.ChildKey]map[objects.Key]struct{}{},
	}
	for _, name := range []string{"a", "b"} {
		c.memory[objects.Key{Namespace: "n", Name: name}] = &memory{uid: types.UID("uid-" + name)}
		c.selectors.Set(objects.Key{Namespace: "n", Name: name}, "n", labels.SelectorFromSet(labels.Set{"app": name}))
	}
	key := objects.Key{Namespace: "n", Name: "b"}
	c.contest(key, c.memory[key], []plan.Problem{{Key: plan.ChildKey{Rule: 1, Namespace: "n", Name: "taken"}}})
	return c
}

// child returns a child with an owner and labels; digest stands for its content.
func child(name, owner string, app string, digest uint64) *objects.Object {
	o := &objects.Object{Namespace: "n", Name: name, Labels: map[string]string{"app": app}, ContentDigest: digest}
	if owner != "" {
		o.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "example.com/v2", Kind: "Thing", Name: owner, UID: types.UID("uid-" + owner), Controller: new(true),
		}}
	}
	return o
}

func TestConcerned(t *testing.T) {
	stranger := child("c", "a", "", 2)
	stranger.OwnerReferences[0].UID = "another"
	otherGroup := child("c", "a", "", 2)
	otherGroup.OwnerReferences[0].APIVersion = "other.com/v1"
	deleting := child("c", "", "b", 2)
	deleting.DeletionTimestamp = &metav1.Time{}
	cases := map[string]struct {
		reason   string
		rule     int
		old, new *objects.Object
		want     []string
	}{
		"Owned":          {reason: "the owner, in whatever version it is named", old: child("c", "a", "", 1), new: child("c", "a", "", 2), want: []string{"a"}},
		"Deleted":        {reason: "the last owner", old: child("c", "a", "", 1), want: []string{"a"}},
		"Released":       {reason: "who did own it", old: child("c", "a", "", 1), new: child("c", "", "", 2), want: []string{"a"}},
		"HandedOver":     {reason: "both owners", old: child("c", "a", "", 1), new: child("c", "b", "", 2), want: []string{"a", "b"}},
		"ReleasedToB":    {reason: "who did own it, and who may adopt it", old: child("c", "a", "b", 1), new: child("c", "", "b", 2), want: []string{"a", "b"}},
		"Orphan":         {reason: "who selects it", new: child("c", "", "b", 2), want: []string{"b"}},
		"OrphanStatus":   {reason: "nobody: an orphan's status makes it no child", old: child("c", "", "b", 2), new: child("c", "", "b", 2)},
		"OrphanDeleting": {reason: "nobody adopts what is going", old: child("c", "", "b", 1), new: deleting},
		"UnknownOwner":   {reason: "nobody: the owner is another object of that name", new: stranger},
		"OtherGroup":     {reason: "nobody: a Thing of another group", new: otherGroup},
		"TakenDeleted":   {reason: "the owner, and who wanted it in vain", rule: 1, old: child("taken", "a", "", 1), want: []string{"a", "b"}},
		"TakenReleased":  {reason: "the former owner, and who wanted it in vain", rule: 1, old: child("taken", "a", "", 1), new: child("taken", "", "", 2), want: []string{"a", "b"}},
		"TakenChanged":   {reason: "only the owner: it is still taken", rule: 1, old: child("taken", "a", "", 1), new: child("taken", "a", "", 2), want: []string{"a"}},
		"TakenOtherRule": {reason: "only the owner: the name is taken in another resource", rule: 0, old: child("taken", "a", "", 1), want: []string{"a"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, key := range slices.SortedFunc(maps.Keys(newFamily().concerned(tc.rule, objects.Event{Old: tc.old, New: tc.new})),
				func(a, b objects.Key) int { return strings.Compare(a.Name, b.Name) }) {
				got = append(got, key.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestContestLeavesNothingBehind(t *testing.T) {
	c := newFamily()
	key := objects.Key{Namespace: "n", Name: "b"}
	other := plan.ChildKey{Rule: 0, Namespace: "n", Name: "other"}
	c.contest(key, c.memory[key], []plan.Problem{{Key: other}})
	if diff := cmp.Diff(map[plan.ChildKey]map[objects.Key]struct{}{other: {key: {}}}, c.contested); diff != "" {
		t.Errorf("contested (-want +got):\n%s", diff)
	}
	c.contest(key, c.memory[key], nil)
	if len(c.contested) != 0 {
		t.Errorf("contested still has %v", c.contested)
	}
}

func TestChildSelector(t *testing.T) {
	cases := map[string]struct {
		raw      string
		generate bool
		want     string
		wantErr  string
	}{
		"Generated":   {raw: `{}`, generate: true, want: "controller-uid=uid-p"},
		"Labels":      {raw: `{"spec":{"selector":{"matchLabels":{"app":"p"}}}}`, want: "app=p"},
		"Expressions": {raw: `{"spec":{"selector":{"matchExpressions":[{"key":"app","operator":"Exists"}]}}}`, want: "app"},
		"Missing":     {raw: `{"spec":{}}`, wantErr: errNoSelector.Error()},
		"NoSpec":      {raw: `{}`, wantErr: errNoSelector.Error()},
		"Empty":       {raw: `{"spec":{"selector":{}}}`, wantErr: errNoSelector.Error()},
		"WrongType":   {raw: `{"spec":{"selector":"app=p"}}`, wantErr: ".spec.selector is not a label selector: json: cannot unmarshal string into Go struct field .spec.selector of type v1.LabelSelector"},
		"BadOperator": {raw: `{"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Like"}]}}}`, wantErr: `.spec.selector: "Like" is not a valid label selector operator`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &controller{definition: &definition{generateSelector: tc.generate}}
			selector, err := c.childSelector(&objects.Object{UID: "uid-p", Raw: []byte(tc.raw)})
			got, gotErr := "", ""
			if err != nil {
				gotErr = err.Error()
			} else {
				got = selector.String()
			}
			if diff := cmp.Diff([]string{tc.want, tc.wantErr}, []string{got, gotErr}); diff != "" {
				t.Errorf("childSelector() (-want +got):\n%s", diff)
			}
		})
	}
}
