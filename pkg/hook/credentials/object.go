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

package credentials

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// object is a Secret or ConfigMap that is watched. It is its watch's store.
type object struct {
	reference
	cancel context.CancelFunc
	done   chan struct{}
	users  int // guarded by Store.mu

	mu      sync.Mutex
	known   bool              // whether there is such an object was told once
	data    map[string][]byte // nil: there is none
	err     error             // why it cannot be watched
	sources map[*Source]struct{}
}

var _ cache.ReflectorStore = &object{}

// watch keeps the object up to date until ctx ends.
func (o *object) watch(ctx context.Context, client typedcorev1.CoreV1Interface) {
	resource, example := "secrets", runtime.Object(&corev1.Secret{})
	if o.kind == ConfigMap {
		resource, example = "configmaps", &corev1.ConfigMap{}
	}
	all := cache.NewListWatchFromClient(client.RESTClient(), resource, o.namespace, fields.OneTermEqualSelector(metav1.ObjectNameField, o.name))
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := all.ListWithContextFunc(ctx, options)
			o.asked(ctx, err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			stream, err := all.WatchFuncWithContext(ctx, options)
			o.asked(ctx, err)
			return stream, err
		},
	}
	logger := klog.FromContext(ctx)
	cache.NewReflectorWithOptions(lw, example, o, cache.ReflectorOptions{
		Logger: &logger, Name: "credentials",
		// Someone waits for the right to read the object, so look again soon.
		Backoff: &wait.Backoff{Duration: 200 * time.Millisecond, Cap: 5 * time.Second, Steps: 6, Factor: 2, Jitter: 1},
	}).RunWithContext(ctx)
}

// asked notes how a request ended. A right that was taken away is an error though the object is known; whoever has an object
// lives through an API server that is away for a while.
func (o *object) asked(ctx context.Context, err error) {
	if ctx.Err() != nil || apierrors.IsInvalid(err) { // which is how servers say that they cannot stream lists
		return
	}
	o.mu.Lock()
	if err != nil && o.known && !apierrors.IsForbidden(err) {
		err = nil
	}
	changed := o.err != nil || err != nil
	o.err = err
	o.tell(changed)
}

func (o *object) set(data map[string][]byte) {
	o.mu.Lock()
	o.known, o.data = true, data
	o.tell(true)
}

// tell has the sources look at the object again. The caller holds mu, which it releases.
func (o *object) tell(changed bool) {
	sources := slices.Collect(maps.Keys(o.sources))
	o.mu.Unlock()
	if changed {
		for _, source := range sources {
			source.refresh()
		}
	}
}

// look returns what is known of the object.
func (o *object) look() (data map[string][]byte, known bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data, o.known, o.err
}

func (o *object) subscribe(s *Source) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sources[s] = struct{}{}
}

func (o *object) unsubscribe(s *Source) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.sources, s)
}

// Add implements cache.ReflectorStore.
func (o *object) Add(found any) error {
	switch found := found.(type) {
	case *corev1.Secret:
		if found.Name == o.name {
			data := found.Data
			if data == nil {
				data = map[string][]byte{}
			}
			o.set(data)
		}
	case *corev1.ConfigMap:
		if found.Name == o.name {
			data := make(map[string][]byte, len(found.Data)+len(found.BinaryData))
			maps.Copy(data, found.BinaryData)
			for key, value := range found.Data {
				data[key] = []byte(value)
			}
			o.set(data)
		}
	}
	return nil
}

// Update implements cache.ReflectorStore.
func (o *object) Update(found any) error { return o.Add(found) }

// Delete implements cache.ReflectorStore.
func (o *object) Delete(any) error {
	o.set(nil)
	return nil
}

// Replace implements cache.ReflectorStore.
func (o *object) Replace(found []any, _ string) error {
	if len(found) == 0 {
		o.set(nil)
		return nil
	}
	return o.Add(found[0])
}

// Resync implements cache.ReflectorStore.
func (o *object) Resync() error { return nil }
