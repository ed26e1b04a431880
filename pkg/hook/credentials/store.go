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
	"fmt"
	"sync"

	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// maxObjects is how many objects are watched at most, each with a request of its own that stays open.
const maxObjects = 1024

// Kind is the kind of an object that can be referred to.
type Kind string

// The kinds.
const (
	Secret    Kind = "Secret"
	ConfigMap Kind = "ConfigMap"
)

// reference identifies an object.
type reference struct {
	kind            Kind
	namespace, name string
}

func (r reference) String() string { return fmt.Sprintf("%s %q", r.kind, r.namespace+"/"+r.name) }

// Store watches the objects that are referred to. It may be used concurrently.
type Store struct {
	client corev1.CoreV1Interface

	mu      sync.Mutex
	objects map[reference]*object
}

// NewStore returns a store that watches nothing yet.
func NewStore(client corev1.CoreV1Interface) *Store {
	return &Store{client: client, objects: map[reference]*object{}}
}

// open returns the object, which is watched until it was released as often as it was opened; nil when there are too many. The
// watch keeps the values of the first ctx, and not its end.
func (s *Store) open(ctx context.Context, ref reference) *object {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[ref]
	if o == nil {
		if len(s.objects) == maxObjects {
			return nil
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		o = &object{reference: ref, cancel: cancel, done: make(chan struct{}), sources: map[*Source]struct{}{}}
		s.objects[ref] = o
		go func() {
			defer close(o.done)
			o.watch(ctx, s.client)
		}()
	}
	o.users++
	return o
}

// release ends the watch of an object that nobody uses any more, and waits for that.
func (s *Store) release(o *object) {
	s.mu.Lock()
	o.users--
	last := o.users == 0
	if last {
		delete(s.objects, o.reference)
	}
	s.mu.Unlock()
	if last {
		o.cancel()
		<-o.done
	}
}
