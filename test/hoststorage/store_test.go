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

package hoststorage

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/apitesting"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/etcd3"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/apiserver/pkg/storage/value"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/registry/storage/host"
)

var podRecords = host.GroupVersion.WithResource(pods.Resource)

// testStore is a store of example pods, with what the contract tests change beneath it.
type testStore struct {
	*host.Store
	codec       *failingCodec
	transformer *switchable
}

// newStore returns a store that is empty.
func newStore(t *testing.T) *testStore {
	t.Helper()
	removeAll(t)
	return openStore(t, env.config)
}

// openStore returns a store of what there is.
func openStore(t *testing.T, config *rest.Config) *testStore {
	t.Helper()
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
	prefixed := storagetesting.NewPrefixTransformer([]byte("test!"), false)
	s := &testStore{
		codec:       &failingCodec{Codec: apitesting.TestCodec(serializer.NewCodecFactory(scheme), examplev1.SchemeGroupVersion)},
		transformer: &switchable{prefixed: prefixed, current: prefixed},
	}
	var err error
	s.Store, err = host.New(host.Config{
		Host: config, Kind: pods, ResourcePrefix: "/pods/", NewFunc: func() runtime.Object { return &example.Pod{} },
		Codec: s.codec, Transformer: s.transformer, Clock: clock.RealClock{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// removeAll removes all records.
func removeAll(t *testing.T) {
	t.Helper()
	client := env.dynamic.Resource(podRecords)
	if err := client.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the store is empty", func() error {
		list, err := client.List(t.Context(), metav1.ListOptions{})
		if err == nil && len(list.Items) > 0 {
			err = errors.New("there are records")
		}
		return err
	})
}

// eventually waits until check returns nil.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatalf("waited in vain until %s: %v", what, err)
}

// switchable is a transformer that tests replace while the store uses it.
type switchable struct {
	mu       sync.Mutex
	prefixed *storagetesting.PrefixTransformer
	current  value.Transformer
}

func (s *switchable) get() value.Transformer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *switchable) replace(by value.Transformer) (revert func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.current
	s.current = by
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.current = before
	}
}

func (s *switchable) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	return s.get().TransformFromStorage(ctx, data, dataCtx)
}

func (s *switchable) TransformToStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, error) {
	return s.get().TransformToStorage(ctx, data, dataCtx)
}

// UpdatePrefixTransformer implements storagetesting.InterfaceWithPrefixTransformer.
func (s *testStore) UpdatePrefixTransformer(modify storagetesting.PrefixTransformerModifier) func() {
	changed := *s.transformer.prefixed
	return s.transformer.replace(modify(&changed))
}

// UpdateTransformer implements storagetesting.InterfaceWithTransformerOverride.
func (s *testStore) UpdateTransformer(modify storagetesting.TransformerModifier) func() {
	return s.transformer.replace(modify(s.transformer.get()))
}

// failingTransformer makes reading fail while it is told to.
type failingTransformer struct {
	value.Transformer
	failing atomic.Bool
}

func (f *failingTransformer) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	if f.failing.Load() {
		return nil, false, errors.New("made to fail")
	}
	return f.Transformer.TransformFromStorage(ctx, data, dataCtx)
}

// failingCodec makes decoding fail while it is told to.
type failingCodec struct {
	runtime.Codec
	failing atomic.Bool
}

func (f *failingCodec) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	if f.failing.Load() {
		return nil, nil, errors.New("made to fail")
	}
	return f.Codec.Decode(data, defaults, into)
}

// increaseVersion makes the host's version one greater.
func increaseVersion(ctx context.Context, t *testing.T) int64 {
	response, err := env.etcd.Put(ctx, "increase-version", "")
	if err != nil {
		t.Fatal(err)
	}
	return response.Header.Revision
}

// compact makes the host forget what was before a version, as kube-apiserver does itself every few minutes.
func compact(store storage.Interface) storagetesting.Compaction {
	return func(ctx context.Context, t *testing.T, resourceVersion string) {
		version, err := strconv.ParseInt(resourceVersion, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		// The first argument is how often this was done before: when it is wrong, the answer says so.
		count, _, compacted, err := etcd3.Compact(ctx, env.etcd, 0, version)
		if err == nil && compacted != version {
			_, _, _, err = etcd3.Compact(ctx, env.etcd, count, version)
		}
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the host has forgotten what was before", func() error {
			options := storage.ListOptions{
				ResourceVersion: strconv.FormatInt(version-1, 10), ResourceVersionMatch: metav1.ResourceVersionMatchExact,
				Recursive: true, Predicate: storage.Everything,
			}
			err := store.GetList(ctx, "/pods/", options, &example.PodList{})
			if apierrors.IsResourceExpired(err) {
				return nil
			}
			return errors.Join(errors.New("it knows still"), err)
		})
	}
}
