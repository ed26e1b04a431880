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

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/pkg/objects"
)

func TestFindAsksOncePerStateOfParent(t *testing.T) {
	b := newBench(t, newWorld())
	p := newParent("p")
	p.Generation = 1
	steps := []struct {
		what   string
		change func()
		asked  bool
	}{
		{"first", func() {}, true},
		{"again", func() {}, false},
		{"status", func() { p.StatusDigest++; p.ResourceVersion = "7" }, false},
		{"finalizer", func() { p.ContentDigest++ }, false},
		{"generation", func() { p.Generation++ }, true},
		{"labels", func() { p.Labels = map[string]string{"a": "b"} }, true},
		{"another label that reads the same", func() { p.Labels = map[string]string{"ab": ""} }, true},
		{"annotations", func() { p.Raw = []byte(`{"metadata":{"annotations":{"a":"b"}}}`) }, true},
		{"annotation moves to label", func() { p.Labels, p.Raw = map[string]string{"a": "b", "c": "d"}, []byte(`{}`) }, true},
		{"successor", func() { p.UID = "another" }, true},
		{"forgotten", func() { b.Forget("p") }, true},
		{"no generations", func() { p.Generation = 0 }, true},
		{"content without generations", func() { p.ContentDigest++ }, true},
		{"status without generations", func() { p.StatusDigest++ }, false},
	}
	asked := 0
	for _, step := range steps {
		step.change()
		if _, err := b.find(p); err != nil {
			t.Fatal(err)
		}
		if step.asked {
			asked++
		}
		if got := b.asked["uid-p"] + b.asked["another"]; got != asked {
			t.Fatalf("%s: the hook was asked %d times, want %d", step.what, got, asked)
		}
	}
}

func TestFindAsksAgainAfterInvalidAnswer(t *testing.T) {
	b := newBench(t, newWorld())
	p := newParent("p")
	b.answer(p, `{"resource":"configmaps"}`)
	for range 2 {
		if _, err := b.find(p); err == nil || !strings.Contains(err.Error(), "relatedResources[0].apiVersion: Required") {
			t.Fatalf("find() error = %v, want one that names the field", err)
		}
	}
	if got := b.asked["uid-p"]; got != 2 {
		t.Errorf("the hook was asked %d times, want 2", got)
	}
}

// TestFinderTellsWhomAChangeMattersTo goes through changes in order. Each wakes somebody, so that one too many shows as the
// wrong parents of the next.
func TestFinderTellsWhomAChangeMattersTo(t *testing.T) {
	w := newWorld()
	w.put(namespacesPath, "", "red", withLabels(object{"team": "red"}))
	w.put(namespacesPath, "", "blue")
	w.put(configMapsPath, "red", "one", withLabels(object{"app": "web"}))
	b := newBench(t, w)
	for name, rules := range map[string]string{
		"named":    `{"apiVersion":"v1","resource":"configmaps","namespace":"red","names":["one","two"]}`,
		"anywhere": `{"apiVersion":"v1","resource":"configmaps","names":["two"]}`,
		"web":      `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"app":"web"}}},{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchExpressions":[{"key":"app","operator":"Exists"}]}}`,
		"team":     `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{"matchLabels":{"team":"red"}},"labelSelector":{"matchLabels":{"app":"web"}}}`,
		"place":    `{"apiVersion":"v1","resource":"namespaces","names":["blue"]}`,
		"nobody":   `{"apiVersion":"v1","resource":"configmaps","namespace":"nowhere"}`,
	} {
		p := newParent(name)
		b.answer(p, rules)
		got, err := b.find(p)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{
			"named": {"ConfigMap red/one"}, "web": {"ConfigMap red/one"}, "team": {"ConfigMap red/one"}, "place": {"Namespace /blue"},
			"anywhere": {}, "nobody": {},
		}[name]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s finds (-want +got):\n%s", name, diff)
		}
	}
	w.put(configMapsPath, "red", "one", withData("1"))
	b.wakes("content", "named", "team", "web")
	w.put(configMapsPath, "red", "one") // a new resourceVersion alone
	w.put(configMapsPath, "red", "one", withLabels(object{"app": "db"}))
	b.wakes("other label", "named", "team", "web")
	w.put(configMapsPath, "red", "one", withData("2"))
	b.wakes("content of what matches less", "named", "web")
	w.put(configMapsPath, "blue", "two", withLabels(object{"app": "web"}))
	b.wakes("new object", "anywhere", "web")
	w.put(namespacesPath, "", "blue", withLabels(object{"team": "red"}))
	b.wakes("namespace begins to match", "place", "team")
	w.put(configMapsPath, "blue", "two", withData("1"))
	b.wakes("object in a namespace that matches now", "anywhere", "team", "web")
	w.put(namespacesPath, "", "blue", withLabels(object{"team": "red", "x": "y"}))
	b.wakes("label that nobody selects by", "place")
	w.put(namespacesPath, "", "red", withLabels(object{})) // where nothing matches team's labels
	w.put(namespacesPath, "", "blue", withLabels(object{}))
	b.wakes("namespace matches no more", "place", "team")
	w.remove(configMapsPath, "blue", "two")
	b.wakes("deleted", "anywhere", "web")
	b.Forget("named")
	w.put(configMapsPath, "red", "one", withData("3"))
	b.wakes("content after a parent went", "web")
}

func TestFinderClosesWhatNobodyNeeds(t *testing.T) {
	w := newWorld()
	b := newBench(t, w)
	p, q := newParent("p"), newParent("q")
	both := func(configMaps, namespaces int) func() bool {
		return func() bool { return w.watched(configMapsPath) == configMaps && w.watched(namespacesPath) == namespaces }
	}
	b.answer(p, `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{}}`)
	b.answer(q, `{"apiVersion":"v1","resource":"configmaps"},{"apiVersion":"v1","resource":"configmaps","names":["a"]}`)
	for _, parent := range []*objects.Object{p, q} {
		if _, err := b.find(parent); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "both are watched once", both(1, 1))
	b.answer(p, `{"apiVersion":"v1","resource":"configmaps","namespace":"n"}`)
	if _, err := b.find(p); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no namespace's labels are needed any more", both(1, 0))
	b.Forget("p")
	b.answer(q, ``)
	if _, err := b.find(q); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing is watched any more", both(0, 0))
	b.Forget("q")
	if left := len(b.parents) + len(b.watches) + len(b.missing); left > 0 {
		t.Errorf("without parents %d entries are left", left)
	}
}

func TestFindSaysWhatItMayNotRead(t *testing.T) {
	w := newWorld()
	w.forbid(configMapsPath, true)
	b := newBench(t, w)
	p := newParent("p")
	b.answer(p, `{"apiVersion":"v1","resource":"configmaps"}`)
	_, err := b.find(p)
	if want := "cannot watch the related configmaps: not for you"; err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("find() error = %v, want %q", err, want)
	}
	if resource, err := b.Err(); err == nil || resource != configMaps {
		t.Errorf("Err() = %v, %v, want that of configmaps", resource, err)
	}
	w.forbid(configMapsPath, false)
	b.becomesReady("p")
	if _, err := b.find(p); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing is wrong any more", func() bool {
		_, err := b.Err()
		return err == nil
	})
}

func TestFindNoticesTypes(t *testing.T) {
	w := newWorld()
	b := newBench(t, w)
	p := newParent("p")
	b.answer(p, `{"apiVersion":"example.com/v1","resource":"lates"}`)
	w.forbid("/apis/example.com/v1", true) // no discovery: the definition tells
	w.put(crdsPath, "", "lates.example.com", func(o object) { o["status"] = object{} })
	eventually(t, "the definition is known", func() bool {
		_, err := b.find(p)
		return err != nil && strings.Contains(err.Error(), `the cluster serves no resource "lates" in example.com/v1`)
	})
	w.put(latesPath, "n", "one")
	define := func(scope string) {
		w.put(crdsPath, "", "lates.example.com", func(o object) {
			o["spec"] = object{"group": "example.com", "scope": scope, "versions": []object{{"name": "v1", "served": true}}}
			o["status"] = object{
				"acceptedNames": object{"plural": "lates", "kind": "Late"}, "conditions": []object{{"type": "Established", "status": "True"}},
			}
		})
	}
	found := func(want string) func() bool {
		return func() bool {
			keys, err := b.find(p)
			return err == nil && fmt.Sprint(keys) == "["+want+"]"
		}
	}
	define("Namespaced")
	b.becomesReady("p")
	eventually(t, "the objects of the new type are found", found("Late n/one"))
	if len(b.missing) > 0 {
		t.Errorf("the types %v are still waited for", b.missing)
	}
	w.remove(crdsPath, "", "lates.example.com")
	w.forbid("/apis/example.com/v1", false)
	b.becomesReady("p")
	if got := b.asked["uid-p"]; got != 1 {
		t.Errorf("the hook was asked %d times, want once", got)
	}
}
