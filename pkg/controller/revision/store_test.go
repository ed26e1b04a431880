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
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
)

// newStore returns a Store that runs until the test ends.
func newStore(t *testing.T, client *fake.Clientset) *Store {
	t.Helper()
	factory := externalversions.NewSharedInformerFactory(client, 0)
	store, err := NewStore(factory.Metacontroller().V1alpha1().ControllerRevisions(), client.MetacontrollerV1alpha1())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	factory.StartWithContext(ctx)
	t.Cleanup(func() {
		cancel()
		factory.Shutdown()
	})
	return store
}

func ownedBy(uid types.UID, namespace, name string) *v1alpha1.ControllerRevision {
	revision := recorded(name, "spec", "{}")
	revision.Namespace, revision.ResourceVersion = namespace, ""
	if uid != "" {
		isController := true
		revision.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "X", Name: "x", UID: uid, Controller: &isController}}
	}
	return revision
}

func TestStoreOwned(t *testing.T) {
	store := newStore(t, fake.NewClientset(
		ownedBy("u", "n", "a"), ownedBy("u", "n", "b"), ownedBy("u", "elsewhere", "c"), ownedBy("v", "n", "d"), ownedBy("", "n", "e")))
	stop, err := store.Watch(t.Context(), func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var got []string
	for _, revision := range store.Owned("n", "u") {
		got = append(got, revision.Name)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("owned (-want +got):\n%s", diff)
	}
}

func TestStoreWatchAndWrite(t *testing.T) {
	client := fake.NewClientset(ownedBy("u", "n", "there"))
	store := newStore(t, client)
	events := make(chan string, 100)
	stop, err := store.Watch(t.Context(), func(e Event) {
		events <- fmt.Sprintf("%s gone:%t changed:%t", e.Revision.Name, e.Gone, e.Changed)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	next := func(want string) {
		t.Helper()
		select {
		case got := <-events:
			if got != want {
				t.Errorf("event: want %q, got %q", want, got)
			}
		case <-time.After(time.Minute):
			t.Fatalf("waited in vain for %q", want)
		}
	}
	next("there gone:false changed:true")

	fresh := ownedBy("u", "n", "fresh")
	written, err := store.Write(t.Context(), []Change{{Create, fresh}})
	if err != nil || len(written) != 1 || written[0].Name != "fresh" {
		t.Fatalf("Write: %v, %v", written, err)
	}
	next("fresh gone:false changed:true")

	live, err := client.MetacontrollerV1alpha1().ControllerRevisions("n").Get(t.Context(), "fresh", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	labelled := live.DeepCopy()
	labelled.Labels = map[string]string{"a": "b"}
	if _, err := store.Write(t.Context(), []Change{{Update, labelled}}); err != nil {
		t.Fatal(err)
	}
	next("fresh gone:false changed:false")
	peopled := labelled.DeepCopy()
	peopled.Children = []v1alpha1.ControllerRevisionChildren{{Kind: "Pod", Names: []string{"a"}}}
	if _, err := store.Write(t.Context(), []Change{{Update, peopled}}); err != nil {
		t.Fatal(err)
	}
	next("fresh gone:false changed:true")
	for range 2 { // The second finds it gone, and that is what it wants.
		written, err = store.Write(t.Context(), []Change{{Delete, peopled}})
		if diff := cmp.Diff([]Written{{Namespace: "n", Name: "fresh"}}, written); diff != "" || err != nil {
			t.Errorf("Write: %v (-want +got):\n%s", err, diff)
		}
	}
	next("fresh gone:true changed:true")
}

// TestStoreWriteStops lets the second of three writes fail.
func TestStoreWriteStops(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("create", "controllerrevisions", func(action clienttesting.Action) (bool, runtime.Object, error) {
		revision := action.(clienttesting.CreateAction).GetObject().(*v1alpha1.ControllerRevision)
		if revision.Name == "b" {
			return true, nil, errors.New("no")
		}
		return true, revision, nil
	})
	written, err := newStore(t, client).Write(t.Context(), []Change{{Create, ownedBy("u", "n", "a")}, {Create, ownedBy("u", "n", "b")}, {Create, ownedBy("u", "n", "c")}})
	if err == nil || !strings.Contains(err.Error(), `cannot create ControllerRevision "n/b": no`) {
		t.Errorf("want an error that names the revision, got %v", err)
	}
	if len(written) != 1 || written[0].Name != "a" {
		t.Errorf("written: want a, got %v", written)
	}
}
