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

package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// retry is how long to wait before listing again: short at first, because a new type is served a
// moment after it was announced, and never so long that a repaired permission goes unnoticed.
var retry = wait.Backoff{Duration: 50 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 100, Cap: 10 * time.Second}

// resetRetry is for how long all must be well before the next failure counts as the first.
const resetRetry = time.Minute

// source lists and watches one resource type over all namespaces.
type source[T any] struct {
	client rest.Interface
	path   string // under which the API lists the type
	// selector is by what labels the API selects the objects; empty for all.
	selector string
	// newDecode returns a function that decodes one object and keeps no reference to its JSON. It is
	// for one goroutine.
	newDecode func() func(data []byte) (*item[T], error)
	health    *health

	listing sync.RWMutex // held for reading by requests under way
}

// run keeps the sink in step with the API until ctx ends, and returns when all requests have ended.
func (s *source[T]) run(ctx context.Context, clock clock.Clock, sink sink[T]) {
	// Failures are reported by health, once. What the Reflector itself has to say is for debugging.
	logger := klog.FromContext(ctx).V(3)
	backoff := retry
	reflector := cache.NewReflectorWithOptions(
		&cache.ListWatch{ListWithContextFunc: s.list, WatchFuncWithContext: s.watch}, nil, reflectorStore[T]{sink},
		cache.ReflectorOptions{Logger: &logger, Name: s.path, TypeDescription: s.path, Clock: clock, Backoff: &backoff})
	// Not Reflector.Run, which logs each failure.
	_ = retry.DelayWithReset(clock, resetRetry).Until(klog.NewContext(ctx, logger), true, true, func(ctx context.Context) (bool, error) {
		_ = reflector.ListAndWatchWithContext(ctx) // the request that failed has told health
		return false, nil
	})
	// The Reflector leaves a list behind that is still under way when ctx ends.
	s.listing.Lock()
	defer s.listing.Unlock()
}

// list lists, page by page as the Reflector asks for it.
func (s *source[T]) list(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	s.listing.RLock()
	defer s.listing.RUnlock()
	list, err := s.readList(ctx, options)
	if err != nil {
		s.failed(ctx, err)
		return nil, err
	}
	return list, nil
}

func (s *source[T]) readList(ctx context.Context, options metav1.ListOptions) (*internalversion.List, error) {
	body, err := s.open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	list := &internalversion.List{}
	decode := s.newDecode()
	list.ListMeta, err = newValueReader(body).list(func(data []byte) error {
		item, err := decode(data)
		list.Items = append(list.Items, item)
		return err
	})
	return list, err
}

// watch opens a watch. A list that is streamed through a watch is tried first by the Reflector, which
// falls back to a list: its failure is no news.
func (s *source[T]) watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	streamsList := options.SendInitialEvents != nil && *options.SendInitialEvents
	options.Watch = true
	ctx, cancel := context.WithCancel(ctx)
	body, err := s.open(ctx, options)
	if err != nil {
		if streamsList {
			err = fallBack(err)
		} else {
			s.failed(ctx, err)
		}
		cancel()
		return nil, err
	}
	if !streamsList {
		s.health.recovered()
	}
	w := newWatcher(body, cancel, s.newDecode())
	w.onInitialEvents = s.health.recovered
	w.onFailure = func(err error) { s.failed(ctx, err) }
	go w.run(ctx)
	return w, nil
}

// open sends a request and returns the body of its answer; an answer that is not OK is an error with
// the API's own message.
func (s *source[T]) open(ctx context.Context, options metav1.ListOptions) (io.ReadCloser, error) {
	options.LabelSelector = s.selector
	return s.client.Get().AbsPath(s.path).VersionedParams(&options, metav1.ParameterCodec).Stream(ctx)
}

// failed reports an error, unless it is a part of the protocol: to resume a watch from a state that the
// server has forgotten makes the Reflector list again.
func (s *source[T]) failed(ctx context.Context, err error) {
	if ctx.Err() != nil || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return
	}
	if transport, ok := errors.AsType[*url.Error](err); ok { // its URL differs from try to try
		err = fmt.Errorf("cannot reach the API server: %w", transport.Err)
	}
	s.health.failed(err)
}

// fallBack hides from the Reflector that it may retry: it would do so after a delay that no context
// interrupts, where the list that it tries otherwise is delayed as it should be.
func fallBack(err error) error {
	if utilnet.IsConnectionRefused(err) || apierrors.IsTooManyRequests(err) {
		return errors.New(err.Error())
	}
	return err
}
