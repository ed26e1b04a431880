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

package revision

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

const shopJSON = `{"apiVersion":"example.com/v1","kind":"Shop","metadata":{"name":"s"},"spec":{"image":"two","replicas":3}}`

func shop() *objects.Object {
	return &objects.Object{APIVersion: "example.com/v1", Kind: "Shop", Namespace: "n", Name: "s", UID: "uid-s", Raw: []byte(shopJSON)}
}

func scheme(t *testing.T, paths ...string) *Scheme {
	t.Helper()
	parsed, err := ParsePaths(paths)
	if err != nil {
		t.Fatal(err)
	}
	return &Scheme{Parents: schema.GroupResource{Group: "example.com", Resource: "shops"}, Paths: parsed, Namespace: "own"}
}

func recorded(name, paths, patch string, pods ...string) *v1alpha1.ControllerRevision {
	revision := &v1alpha1.ControllerRevision{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "n", Name: name, ResourceVersion: "1", Annotations: map[string]string{pathsAnnotation: paths}},
		ParentPatch: runtime.RawExtension{Raw: []byte(patch)},
	}
	if len(pods) > 0 {
		revision.Children = []v1alpha1.ControllerRevisionChildren{{Kind: "Pod", Names: pods}}
	}
	return revision
}

func TestSchemeNewRevision(t *testing.T) {
	isController := true
	owner := metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "Shop", Name: "s", UID: "uid-s", Controller: &isController, BlockOwnerDeletion: &isController}
	tests := map[string]struct {
		scheme func(*Scheme)
		parent func(*objects.Object)
		want   metav1.ObjectMeta
		patch  string
	}{
		"Namespaced": {
			want: metav1.ObjectMeta{
				Namespace: "n", Name: "shops.example.com-4df6630c5ee458d7f6198169d9264a38144a86c0",
				Labels: map[string]string{groupLabel: "example.com", resourceLabel: "shops"},
			},
			patch: `{"spec":{"image":"two"}}`,
		},
		"GeneratedSelector": {
			scheme: func(s *Scheme) { s.GenerateSelector = true },
			parent: func(o *objects.Object) {
				o.Raw = []byte(`{"spec":{"image":"two","template":{"metadata":{"labels":{"app":"x"}}}}}`)
			},
			want:  metav1.ObjectMeta{Namespace: "n", Labels: map[string]string{groupLabel: "example.com", resourceLabel: "shops", uidLabel: "uid-s"}},
			patch: `{"spec":{"image":"two"}}`,
		},
		"LabelsOfTemplate": {
			parent: func(o *objects.Object) {
				o.Raw = []byte(`{"spec":{"template":{"metadata":{"labels":{"app":"x","no label":"x","odd":"no value!","number":1}}}}}`)
			},
			want:  metav1.ObjectMeta{Namespace: "n", Labels: map[string]string{groupLabel: "example.com", resourceLabel: "shops", "app": "x"}},
			patch: `{}`,
		},
		"OddTemplate": {
			parent: func(o *objects.Object) { o.Raw = []byte(`{"spec":{"template":{"metadata":{"labels":["x"]}}}}`) },
			want:   metav1.ObjectMeta{Namespace: "n", Labels: map[string]string{groupLabel: "example.com", resourceLabel: "shops"}},
			patch:  `{}`,
		},
		"ClusterScoped": {
			parent: func(o *objects.Object) { o.Namespace = "" },
			want:   metav1.ObjectMeta{Namespace: "own", Labels: map[string]string{groupLabel: "example.com", resourceLabel: "shops"}},
			patch:  `{"spec":{"image":"two"}}`,
		},
		"Core": {
			scheme: func(s *Scheme) { s.Parents = schema.GroupResource{Resource: "services"} },
			want: metav1.ObjectMeta{
				Namespace: "n", Name: "services.core-4df6630c5ee458d7f6198169d9264a38144a86c0", Labels: map[string]string{groupLabel: "", resourceLabel: "services"},
			},
			patch: `{"spec":{"image":"two"}}`,
		},
		"LongGroup": {
			scheme: func(s *Scheme) { s.Parents.Group = strings.Repeat("g", 250) },
			want: metav1.ObjectMeta{
				Namespace: "n", Name: "shops." + strings.Repeat("g", 206) + "-4df6630c5ee458d7f6198169d9264a38144a86c0", Labels: map[string]string{resourceLabel: "shops"},
			},
			patch: `{"spec":{"image":"two"}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, parent := scheme(t, "spec.image"), shop()
			if tc.scheme != nil {
				tc.scheme(s)
			}
			if tc.parent != nil {
				tc.parent(parent)
			}
			set, err := s.Resolve(parent, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := &v1alpha1.ControllerRevision{ObjectMeta: tc.want, ParentPatch: runtime.RawExtension{Raw: []byte(tc.patch)}}
			want.OwnerReferences = []metav1.OwnerReference{owner}
			want.Annotations = map[string]string{pathsAnnotation: "spec.image"}
			if want.Name == "" { // Not what the case is about.
				want.Name = set.Latest.Name
			}
			if diff := cmp.Diff(want, set.Latest); diff != "" {
				t.Errorf("latest (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSchemeResolve(t *testing.T) {
	tests := map[string]struct {
		paths    []string
		recorded []*v1alpha1.ControllerRevision
		latest   string // empty: a new one
		older    map[string]string
		empty    []string
		err      string
	}{
		"Latest": {
			recorded: []*v1alpha1.ControllerRevision{recorded("a", "spec.image", `{"spec":{"image":"two"}}`)},
			latest:   "a",
		},
		"Older": {
			recorded: []*v1alpha1.ControllerRevision{
				recorded("c", "spec.image", `{"spec":{"image":"two"}}`, "x"), recorded("b", "spec.image", `{"spec":{"image":"one"}}`, "y"),
				recorded("a", "spec.image", `{}`, "z"), recorded("d", "spec.image", `{"spec":{"image":"none"}}`),
			},
			latest: "c",
			older: map[string]string{
				"a": `{"apiVersion":"example.com/v1","kind":"Shop","metadata":{"name":"s"},"spec":{"replicas":3}}`,
				"b": `{"apiVersion":"example.com/v1","kind":"Shop","metadata":{"name":"s"},"spec":{"image":"one","replicas":3}}`,
			},
			empty: []string{"d"},
		},
		"TwoAreTheSame": {
			recorded: []*v1alpha1.ControllerRevision{
				recorded("b", "spec.image", `{"spec":{"image":"two"}}`, "y"), recorded("a", "spec.image", `{"spec":{"image":"two"}}`, "x"),
			},
			latest: "a",
			older:  map[string]string{"b": shopJSON},
		},
		"BeingDeleted": {
			recorded: []*v1alpha1.ControllerRevision{func() *v1alpha1.ControllerRevision {
				r := recorded("a", "spec.image", `{"spec":{"image":"two"}}`, "x")
				r.DeletionTimestamp = &metav1.Time{}
				return r
			}()},
		},
		"PathsWereWider": {
			recorded: []*v1alpha1.ControllerRevision{recorded("a", "spec", `{"spec":{"image":"two","replicas":5}}`, "x")},
			latest:   "a",
		},
		"PathsWereNarrower": {
			paths:    []string{"spec"},
			recorded: []*v1alpha1.ControllerRevision{recorded("a", "spec.image", `{"spec":{"image":"one"}}`, "x")},
			older:    map[string]string{"a": `{"apiVersion":"example.com/v1","kind":"Shop","metadata":{"name":"s"},"spec":{"image":"one","replicas":3}}`},
		},
		"NarrowerAndTheSame": {
			paths:    []string{"spec"},
			recorded: []*v1alpha1.ControllerRevision{recorded("a", "spec.image", `{"spec":{"image":"two"}}`, "x")},
			latest:   "a",
		},
		"NoAnnotation": {
			recorded: []*v1alpha1.ControllerRevision{func() *v1alpha1.ControllerRevision {
				r := recorded("a", "", `{"spec":{"image":"two"}}`)
				r.Annotations = nil
				return r
			}()},
			latest: "a",
		},
		"HostileAnnotation": {
			recorded: []*v1alpha1.ControllerRevision{recorded("a", "metadata.name", `{"metadata":{"name":"other"}}`, "x")},
			err:      `ControllerRevision "a": annotation metacontroller.k8s.io/field-paths: "metadata.name": of metadata`,
		},
		"PatchIsNoObject": {
			recorded: []*v1alpha1.ControllerRevision{recorded("a", "spec.image", `[1]`, "x")},
			err:      `ControllerRevision "a": cannot read parentPatch`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if tc.paths == nil {
				tc.paths = []string{"spec.image"}
			}
			set, err := scheme(t, tc.paths...).Resolve(shop(), tc.recorded)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("want error %q, got %v", tc.err, err)
			}
			if err != nil {
				return
			}
			if isNew := set.Latest.ResourceVersion == ""; isNew != (tc.latest == "") || !isNew && set.Latest.Name != tc.latest {
				t.Errorf("latest: want %q, got %q, new: %t", tc.latest, set.Latest.Name, isNew)
			}
			var older map[string]string
			for _, o := range set.Older {
				if older == nil {
					older = map[string]string{}
				}
				older[o.Name] = string(o.Parent)
			}
			if diff := cmp.Diff(tc.older, older); diff != "" {
				t.Errorf("older (-want +got):\n%s", diff)
			}
			var empty []string
			for _, e := range set.empty {
				empty = append(empty, e.Name)
			}
			if diff := cmp.Diff(tc.empty, empty); diff != "" {
				t.Errorf("empty (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSchemeResolveUnreadableParent(t *testing.T) {
	parent := shop()
	parent.Raw = []byte("[]")
	if _, err := scheme(t, "spec").Resolve(parent, nil); err == nil || !strings.Contains(err.Error(), "cannot read the parent") {
		t.Errorf("want an error about the parent, got %v", err)
	}
}

func TestSetChanges(t *testing.T) {
	pods := func(names ...string) []plan.Members { return []plan.Members{{Kind: "Pod", Names: names}} }
	set := func(latest *v1alpha1.ControllerRevision) *Set {
		return &Set{
			Latest: latest,
			Older:  []Older{{ControllerRevision: recorded("b", "", "", "x", "y")}, {ControllerRevision: recorded("c", "", "", "z")}},
			empty:  []*v1alpha1.ControllerRevision{recorded("d", "", "")},
		}
	}
	fresh := recorded("a", "", "")
	fresh.ResourceVersion = ""
	tests := map[string]struct {
		set      *Set
		progress *plan.Progress
		want     []string
	}{
		"New":       {set: set(fresh), progress: &plan.Progress{Latest: pods("x"), Older: [][]plan.Members{pods("y"), pods("z")}}, want: []string{"create a [x]", "update b [y]", "delete d []"}},
		"NewEmpty":  {set: &Set{Latest: fresh}, progress: &plan.Progress{}, want: []string{"create a []"}},
		"Emptied":   {set: set(recorded("a", "", "", "v")), progress: &plan.Progress{Latest: pods("v", "z"), Older: [][]plan.Members{pods("x", "y"), nil}}, want: []string{"update a [v z]", "delete c []", "delete d []"}},
		"Unchanged": {set: &Set{Latest: recorded("a", "", "", "v")}, progress: &plan.Progress{Latest: pods("v")}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, change := range tc.set.Changes(tc.progress) {
				names := []string{}
				for _, m := range members(change.Revision) {
					names = append(names, m.Names...)
				}
				got = append(got, string(change.Verb)+" "+change.Revision.Name+" ["+strings.Join(names, " ")+"]")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSetRollout(t *testing.T) {
	set := &Set{Latest: recorded("a", "", "", "v"), Older: []Older{{ControllerRevision: recorded("b", "", "", "x", "y")}}}
	want := &plan.Rollout{
		Latest: plan.Revision{Name: "a", Children: []plan.Members{{Kind: "Pod", Names: []string{"v"}}}},
		Older:  []plan.Revision{{Name: "b", Children: []plan.Members{{Kind: "Pod", Names: []string{"x", "y"}}}}},
	}
	if diff := cmp.Diff(want, set.Rollout()); diff != "" {
		t.Errorf("rollout (-want +got):\n%s", diff)
	}
}
