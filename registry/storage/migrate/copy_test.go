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

package migrate

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/apitesting"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"

	"github.com/hookplane/hookplane/registry/storage/embedded"
)

func newPod() runtime.Object  { return &example.Pod{} }
func newPods() runtime.Object { return &example.PodList{} }

// newSides returns two storages in one etcd.
func newSides(t *testing.T) (from, to Side) {
	t.Helper()
	etcd, err := embedded.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { etcd.Close() })
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
	codec := apitesting.TestCodec(serializer.NewCodecFactory(scheme), examplev1.SchemeGroupVersion)
	side := func(prefix string) Side {
		config := storagebackend.NewDefaultConfig(prefix, codec)
		config.Transport.ServerList = []string{etcd.Endpoint()}
		s, destroy, err := factory.Create(*config.ForResource(schema.GroupResource{Resource: "pods"}), newPod, newPods, "/pods")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(destroy)
		return Side{Storage: s, Prefix: "/pods"}
	}
	return side("/from"), side("/to")
}

// pod has what an API server sets and a copy must not change.
func pod(name string) *example.Pod {
	now := metav1.Now().Rfc3339Copy()
	return &example.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: name, Namespace: "ns", UID: "uid", Generation: 7, CreationTimestamp: now, DeletionTimestamp: &now,
		Finalizers: []string{"hold"}, OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "X", Name: "x", UID: "y"}},
	}}
}

func put(t *testing.T, s Side, pods ...*example.Pod) {
	t.Helper()
	for _, pod := range pods {
		if err := s.Storage.Create(t.Context(), s.Prefix+"/ns/"+pod.Name, pod.DeepCopy(), nil, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func contents(ctx context.Context, t *testing.T, s Side) map[string]runtime.Object {
	t.Helper()
	objects, err := s.Objects(ctx, newPods)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestCopy(t *testing.T) {
	from, to := newSides(t)
	put(t, from, pod("a"), pod("b"))
	for _, want := range []Result{{Copied: 2}, {Present: 2}} {
		got, err := Copy(t.Context(), from, to, newPod, newPods)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("Copy returns %+v, want %+v", got, want)
		}
	}
	if diff := cmp.Diff(contents(t.Context(), t, from), contents(t.Context(), t, to)); diff != "" {
		t.Errorf("the copies differ (-source +destination):\n%s", diff)
	}
}

func TestCopyRefusesOtherContent(t *testing.T) {
	changed := pod("a")
	changed.Labels = map[string]string{"changed": "true"}
	for name, tc := range map[string]struct{ there *example.Pod }{
		"Changed": {changed},
		"Foreign": {pod("c")},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := newSides(t)
			put(t, from, pod("a"), pod("b"))
			put(t, to, tc.there)
			before := contents(t.Context(), t, to)
			if got, err := Copy(t.Context(), from, to, newPod, newPods); err == nil {
				t.Errorf("Copy returns %+v and no error", got)
			}
			if err := to.Storage.Get(t.Context(), "/pods/ns/b", storage.GetOptions{}, &example.Pod{}); !storage.IsNotFound(err) {
				t.Errorf("something was copied: %v", err)
			}
			if diff := cmp.Diff(before, contents(t.Context(), t, to)); diff != "" {
				t.Errorf("the destination has changed (-before +after):\n%s", diff)
			}
		})
	}
}
