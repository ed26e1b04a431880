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
	"errors"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// Spec is how a webhook's server is verified, and how the caller proves who it is.
type Spec struct {
	// Path is the field that the others are below of. Required.
	Path          *field.Path
	CABundle      *v1alpha1.CABundle
	ClientTLS     *v1alpha1.ClientTLS
	Authorization *v1alpha1.Authorization
	BasicAuth     *v1alpha1.BasicAuth
}

// errLoading is what a Source says before all objects were looked for.
var errLoading = errors.New("the objects that the hook refers to are being read")

// Source has the credentials of one hook. It may be used concurrently.
type Source struct {
	spec  Spec
	store *Store
	// objects are those that spec refers to; one is nil when there are too many to watch it.
	objects map[reference]*object

	mu    sync.Mutex // serializes refresh
	state atomic.Pointer[state]
}

// state is what a Source knows until it is replaced.
type state struct {
	credentials *Credentials // nil when err is not
	err         error        // errLoading or a *hook.UnavailableError
	replaced    chan struct{}
}

// Open begins to watch what spec refers to. The caller closes the source.
func (s *Store) Open(ctx context.Context, spec Spec) *Source {
	source := &Source{spec: spec, store: s, objects: map[reference]*object{}}
	for _, ref := range spec.references() {
		if _, double := source.objects[ref]; double {
			continue
		}
		o := s.open(ctx, ref)
		source.objects[ref] = o
		if o != nil {
			o.subscribe(source)
		}
	}
	source.refresh()
	return source
}

// Close ends the watches that nobody else needs.
func (s *Source) Close() {
	for _, o := range s.objects {
		if o != nil {
			o.unsubscribe(s)
			s.store.release(o)
		}
	}
}

// Current returns the credentials as they are now, the same pointer as long as nothing has changed.
// The error is a *hook.UnavailableError, or says that the objects are still being read.
func (s *Source) Current() (*Credentials, error) {
	now := s.state.Load()
	return now.credentials, now.err
}

// Err returns why there are no credentials, a *hook.UnavailableError. It is nil when there are, and while that is not known.
func (s *Source) Err() error {
	if err := s.state.Load().err; !errors.Is(err, errLoading) {
		return err
	}
	return nil
}

// Wait returns nil when there are credentials, or the context's error.
func (s *Source) Wait(ctx context.Context) error {
	for {
		now := s.state.Load()
		if now.err == nil {
			return nil
		}
		select {
		case <-now.replaced:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// refresh makes the credentials of what the objects say now.
func (s *Source) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := &state{replaced: make(chan struct{})}
	next.credentials, next.err = s.read()
	last := s.state.Swap(next)
	if last != nil {
		close(last.replaced)
	}
}
