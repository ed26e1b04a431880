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
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// TestObjects shows objects that were found to a hook, and tells in which version it was shown them.
func TestObjects(t *testing.T) {
	w := newWorld()
	w.put(configMapsPath, "red", "one")
	w.put(configMapsPath, "blue", "one")
	b := newBench(t, w)
	p := newParent("p")
	b.answer(p, `{"apiVersion":"v1","resource":"configmaps","names":["one"]},{"apiVersion":"v1","resource":"namespaces"}`)
	if _, err := b.find(p); err != nil {
		t.Fatal(err)
	}
	found, err := b.Find(t.Context(), p.Name, p)
	if err != nil {
		t.Fatal(err)
	}
	var groups []hook.Group
	for _, group := range found.Groups() {
		for i := range group.Objects {
			group.Objects[i].Raw = nil
		}
		groups = append(groups, group)
	}
	want := []hook.Group{
		{Kind: "ConfigMap", APIVersion: "v1", Namespaced: true, Objects: []hook.ObjectRef{{Namespace: "blue", Name: "one"}, {Namespace: "red", Name: "one"}}},
		{Kind: "Namespace", APIVersion: "v1"},
	}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Errorf("Groups() (-want +got):\n%s", diff)
	}
	resources := found.Resources()
	if len(resources) != 2 || resources[0].Resource != "configmaps" || resources[1].Resource != "namespaces" {
		t.Fatalf("Resources() = %v, want configmaps and namespaces", resources)
	}
	for key, want := range map[objects.Key]string{
		{Namespace: "red", Name: "one"}: "11", {Namespace: "blue", Name: "one"}: "12", {Namespace: "red", Name: "two"}: "",
	} {
		if got := found.Version(resources[0], key); got != want {
			t.Errorf("Version(%v) = %q, want %q", key, got, want)
		}
	}
	if got := found.Version(objects.Resource{}, objects.Key{Namespace: "red", Name: "one"}); got != "" {
		t.Errorf("the version of a resource that no rule names is %q", got)
	}
}

// TestNoObjects has a parent whose controller has no customize hook.
func TestNoObjects(t *testing.T) {
	var none *Objects
	if none.Groups() != nil || none.Resources() != nil || none.Version(objects.Resource{}, objects.Key{}) != "" {
		t.Errorf("something is found by nobody: %v, %v", none.Groups(), none.Resources())
	}
}

// TestDeliveredChange has the owner of the Finder hand over changes of a resource that it watches anyway.
func TestDeliveredChange(t *testing.T) {
	w := newWorld()
	b := newBench(t, w)
	resource, err := b.Objects.Lookup(t.Context(), "v1", "configmaps")
	if err != nil {
		t.Fatal(err)
	}
	b.Delivered = []objects.Resource{resource}
	p := newParent("p")
	b.answer(p, `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"app":"web"}}}`)
	matching := &objects.Object{Namespace: "red", Name: "one", Labels: map[string]string{"app": "web"}}
	appeared := objects.Event{Resource: resource, New: matching}
	if got := b.Concerned(appeared); got != nil {
		t.Errorf("Concerned() = %v before anybody asked for the resource", got)
	}
	if _, err := b.find(p); err != nil {
		t.Fatal(err)
	}
	parent := map[string]struct{}{"p": {}}
	for name, tc := range map[string]struct {
		event objects.Event
		want  map[string]struct{}
	}{
		"Appeared":    {appeared, parent},
		"Gone":        {objects.Event{Resource: resource, Old: matching}, parent},
		"SameContent": {objects.Event{Resource: resource, Old: matching, New: matching}, nil},
		"Relabeled":   {objects.Event{Resource: resource, Old: matching, New: &objects.Object{Namespace: "red", Name: "one", ContentDigest: 1}}, parent},
		"Other":       {objects.Event{Resource: resource, New: &objects.Object{Namespace: "red", Name: "two"}}, map[string]struct{}{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, b.Concerned(tc.event)); diff != "" {
				t.Errorf("Concerned() (-want +got):\n%s", diff)
			}
		})
	}
	w.put(configMapsPath, "red", "one", withLabels(object{"app": "web"}))
	w.put(namespacesPath, "", "red")
	q := newParent("q")
	b.answer(q, `{"apiVersion":"v1","resource":"namespaces"}`)
	if _, err := b.find(q); err != nil {
		t.Fatal(err)
	}
	w.put(namespacesPath, "", "blue")
	b.wakes("what is delivered is not told again, and the next change is", "q")
}

// A parent that is related to itself is shown in one state, also when two watches know it in two.
func TestObjectsShowsTheParentOnce(t *testing.T) {
	key := objects.Key{Namespace: "n", Name: "b"}
	newer := &objects.Object{Namespace: "n", Name: "b", UID: "uid-b", ResourceVersion: "2"}
	for name, tc := range map[string]struct {
		found *objects.Object
		want  string
	}{
		"Itself":      {found: &objects.Object{Namespace: "n", Name: "b", UID: "uid-b", ResourceVersion: "1"}, want: "2"},
		"Predecessor": {found: &objects.Object{Namespace: "n", Name: "b", UID: "uid-a", ResourceVersion: "1"}, want: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			o := &Objects{kinds: []kind{
				{resource: objects.Resource{Kind: "Other"}},
				{resource: configMaps, objects: []*objects.Object{{Namespace: "n", Name: "a", UID: "uid-c"}, tc.found}},
			}}
			o.show(newer)
			if got := o.Version(configMaps, key); got != tc.want {
				t.Errorf("the parent is shown in version %q, want %q", got, tc.want)
			}
		})
	}
}

// TestFindFailsWithTheHook has a hook that does not answer, and one that answers what nobody can read.
func TestFindFailsWithTheHook(t *testing.T) {
	b := newBench(t, newWorld())
	p := newParent("p")
	b.down = errors.New("the hook is down")
	if _, err := b.find(p); !errors.Is(err, b.down) {
		t.Errorf("find() error = %v, want %v", err, b.down)
	}
	b.down = nil
	b.answer(p, `not a rule`)
	if _, err := b.find(p); err == nil || !strings.Contains(err.Error(), "not valid JSON") {
		t.Errorf("find() error = %v, want one about the JSON", err)
	}
	b.answer(p, "")
	if _, err := b.find(p); err != nil {
		t.Errorf("find() error = %v once the hook answers", err)
	}
}

// TestFindHidesClusterScopedObjects has a namespaced parent of v1 ask for what such parents are not shown: nothing is watched for it.
func TestFindHidesClusterScopedObjects(t *testing.T) {
	w := newWorld()
	w.put(namespacesPath, "", "red")
	b := newBench(t, w)
	p := newParent("p")
	p.Namespace = "red"
	b.answer(p, `{"apiVersion":"v1","resource":"namespaces"}`)
	found, err := b.Find(t.Context(), p.Name, p)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]hook.Group{{Kind: "Namespace", APIVersion: "v1"}}, found.Groups()); diff != "" {
		t.Errorf("Groups() (-want +got):\n%s", diff)
	}
	if len(b.watches) != 0 {
		t.Errorf("%d resources are watched, want none", len(b.watches))
	}
}

// TestNamespaceAppears has an object in a namespace that is not known yet, and that is selected once it is.
func TestNamespaceAppears(t *testing.T) {
	w := newWorld()
	b := newBench(t, w)
	team, all := newParent("team"), newParent("all")
	b.answer(team, `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{"matchLabels":{"team":"red"}}}`)
	b.answer(all, `{"apiVersion":"v1","resource":"configmaps"}`)
	for _, p := range []*objects.Object{team, all} {
		if _, err := b.find(p); err != nil {
			t.Fatal(err)
		}
	}
	w.put(configMapsPath, "new", "one")
	b.wakes("an object in an unknown namespace", "all")
	w.put(namespacesPath, "", "new", withLabels(object{"team": "red"}))
	b.wakes("the namespace appears", "team")
}
