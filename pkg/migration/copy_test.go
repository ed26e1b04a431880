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

package migration

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

const (
	shops = `{apiVersion: metacontroller.k8s.io/v1alpha1, kind: CompositeController, metadata: {name: shops, uid: u1, generation: 7,
  creationTimestamp: "2026-01-01T00:00:00Z", resourceVersion: "5", labels: {a: b}, ownerReferences: [{apiVersion: v1, kind: X, name: x, uid: x1}],
  managedFields: [{manager: kubectl, operation: Update}]}, status: {}, spec: {
  parentResource: {apiVersion: example.com/v1, resource: shops}, childResources: [{apiVersion: v1, resource: pods}], generateSelector: true,
  hooks: {sync: {webhook: {url: "http://127.0.0.1/sync"}}}}}`
	revision = `{apiVersion: metacontroller.k8s.io/v1alpha1, kind: ControllerRevision, metadata: {name: r, namespace: ns, uid: u2,
  ownerReferences: [{apiVersion: example.com/v1, kind: Shop, name: s, uid: s, controller: true}]},
  parentPatch: {spec: {x: 1}}, children: [{apiGroup: "", kind: Pod, names: [a]}]}`
)

func parsed(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), object); err != nil {
		t.Fatal(err)
	}
	return object
}

// objectsOf converts custom resources as Cluster.Objects does.
func objectsOf(t *testing.T, texts ...string) []Object {
	t.Helper()
	objects := make([]Object, 0, len(texts))
	for _, text := range texts {
		read := parsed(t, text)
		object := Object{Kind: read.GetKind(), Resource: strings.ToLower(read.GetKind()) + "s", Key: read.GetName(), read: read}
		if read.GetNamespace() != "" {
			object.Key = read.GetNamespace() + "/" + read.GetName()
		}
		object.Stored, object.Warnings, object.Problem = newConverter().convert(t.Context(), read)
		objects = append(objects, object)
	}
	return objects
}

// memory is a Store.
type memory map[string]runtime.Object

func (m memory) Objects(context.Context) (map[string]runtime.Object, error) {
	return maps.Clone(m), nil
}

func (m memory) Create(_ context.Context, key string, object runtime.Object) error {
	m[key] = object.DeepCopyObject()
	return nil
}

func (m memory) Delete(_ context.Context, key string) error {
	delete(m, key)
	return nil
}

func newStores() Stores {
	return Stores{"compositecontrollers": memory{}, "decoratorcontrollers": memory{}, "controllerrevisions": memory{}}
}

func TestConvertKeepsIdentity(t *testing.T) {
	objects := objectsOf(t, shops)
	if objects[0].Problem != nil {
		t.Fatal(objects[0].Problem)
	}
	stored := objects[0].Stored.(*metacontroller.CompositeController)
	read := objects[0].read
	want := metav1.ObjectMeta{
		Name: "shops", UID: "u1", Generation: 7, CreationTimestamp: read.GetCreationTimestamp(), Labels: map[string]string{"a": "b"},
		OwnerReferences: read.GetOwnerReferences(), ManagedFields: read.GetManagedFields(),
	}
	if diff := cmp.Diff(want, stored.ObjectMeta); diff != "" {
		t.Errorf("the metadata differs (-want +got):\n%s", diff)
	}
	if got := stored.Spec.Hooks.Sync.Webhook.Timeout; got == "" {
		t.Error("defaults are missing: the timeout")
	}
}

func TestConvertRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ reason, text, want string }{
		"Finalizer": {"nobody could take it off the hidden custom resource", strings.Replace(shops, "uid: u1", "uid: u1, finalizers: [example.com/hold]", 1), "example.com/hold"},
		"Deleted":   {"it is about to go", strings.Replace(shops, "uid: u1", `uid: u1, deletionTimestamp: "2026-01-01T00:00:00Z"`, 1), "is being deleted"},
		"Invalid":   {"the API refuses it", strings.Replace(shops, "http:", "ftp:", 1), "must start with http:// or https://"},
		"Unknown":   {"a field that is not known would be lost", strings.Replace(shops, "generateSelector: true", "generateSelector: true, news: 1", 1), `unknown field "spec.news"`},
		"Revision":  {"a revision is judged, too", strings.Replace(revision, "names: [a]", "names: [a], news: 1", 1), "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := objectsOf(t, tc.text)
			if err := Problems(objects); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: the problem is %v, want %q", tc.reason, err, tc.want)
			}
			if _, err := Copy(t.Context(), objects, newStores(), true); err == nil {
				t.Errorf("%s: it is copied", tc.reason)
			}
		})
	}
}

func TestCopy(t *testing.T) {
	objects, stores := objectsOf(t, shops, revision), newStores()
	for _, want := range []int{2, 0} {
		got, err := Copy(t.Context(), objects, stores, false)
		if err != nil || got != want {
			t.Fatalf("Copy gives %d, %v, want %d", got, err, want)
		}
	}
	// What servers write makes no difference.
	stored := stores["compositecontrollers"].(memory)["shops"].(*metacontroller.CompositeController)
	stored.Status.ObservedGeneration, stored.Generation, stored.ManagedFields = 8, 8, nil
	stored.Finalizers, stored.Annotations = []string{metacontroller.ParentFinalizers}, map[string]string{metacontroller.ParentFinalizers: "x"}
	if got, err := Copy(t.Context(), objects, stores, false); err != nil || got != 0 {
		t.Errorf("Copy gives %d, %v, want nothing to do", got, err)
	}
}

func TestCopyConflicts(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(stored memory)
		want   string
	}{
		"Changed":  {func(stored memory) { stored["shops"].(*metacontroller.CompositeController).Labels = nil }, "shops is stored in another form"},
		"Replaced": {func(stored memory) { stored["shops"].(*metacontroller.CompositeController).UID = "other" }, "shops is stored in another form"},
		"Foreign":  {func(stored memory) { stored["others"] = &metacontroller.CompositeController{} }, "others is stored, and is no custom resource"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, stores := objectsOf(t, shops), newStores()
			if _, err := Copy(t.Context(), objects, stores, false); err != nil {
				t.Fatal(err)
			}
			stored := stores["compositecontrollers"].(memory)
			tc.change(stored)
			if _, err := Copy(t.Context(), objects, stores, false); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Copy gives %v, want %q", err, tc.want)
			}
			if got, err := Copy(t.Context(), objects, stores, true); err != nil || got != 1 {
				t.Errorf("Copy replaces %d, %v, want 1", got, err)
			}
			if diff := cmp.Diff([]string{"shops"}, slices.Sorted(maps.Keys(stored))); diff != "" {
				t.Errorf("what is stored (-want +got):\n%s", diff)
			}
			if differences, err := Differences(t.Context(), objects, stores); err != nil || len(differences) > 0 {
				t.Errorf("it differs still: %v, %v", differences, err)
			}
		})
	}
}

func TestObjectDifferences(t *testing.T) {
	local := objectsOf(t, shops)
	if got := local[0].Differences(); len(got) != 1 || !strings.Contains(got[0], "--hook-allowed-cidrs") {
		t.Errorf("a hook on the server's own address: %q", got)
	}
	remote := objectsOf(t, strings.Replace(shops, "127.0.0.1", "hooks.example.com", 1))
	if got := remote[0].Differences(); len(got) != 0 {
		t.Errorf("a hook elsewhere: %q", got)
	}
}
