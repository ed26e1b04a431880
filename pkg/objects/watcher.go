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
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// watchBuffer is how many events are decoded ahead of the store.
const watchBuffer = 64

// watcher decodes a watch response into events.
type watcher[T any] struct {
	body   io.ReadCloser
	decode func(data []byte) (*item[T], error)
	// onInitialEvents is called when the stream has sent all objects that existed at its start.
	onInitialEvents func()
	// onFailure is called when the stream holds what cannot be decoded.
	onFailure func(error)

	cancel context.CancelFunc
	events chan watch.Event
	done   chan struct{} // closed when run has ended
}

var _ watch.Interface = &watcher[*Object]{}

func newWatcher[T any](body io.ReadCloser, cancel context.CancelFunc, decode func([]byte) (*item[T], error)) *watcher[T] {
	return &watcher[T]{
		body: body, decode: decode, cancel: cancel,
		events: make(chan watch.Event, watchBuffer), done: make(chan struct{}),
	}
}

// ResultChan returns the events. It is closed when the stream ends.
func (w *watcher[T]) ResultChan() <-chan watch.Event { return w.events }

// Stop closes the connection's stream and returns when nothing reads from it any more.
func (w *watcher[T]) Stop() {
	w.cancel()
	<-w.done
}

// run reads events until the stream or ctx ends. What cannot be decoded ends it with an error event,
// upon which the Reflector lists again; a connection that ends does not, and the watch is resumed.
func (w *watcher[T]) run(ctx context.Context) {
	defer close(w.done)
	defer close(w.events)
	defer w.cancel()
	defer w.body.Close()
	values := newValueReader(w.body)
	for {
		frame, err := values.next()
		if err != nil {
			return
		}
		event, err := w.event(frame)
		if err != nil {
			w.onFailure(err)
			event = watch.Event{Type: watch.Error, Object: &apierrors.NewInternalError(err).ErrStatus}
		}
		select {
		case w.events <- event:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// event decodes one event.
func (w *watcher[T]) event(frame []byte) (watch.Event, error) {
	var kind, object []byte
	s := scanner{data: frame}
	err := s.members(func(name []byte) (err error) {
		switch string(name) {
		case "type":
			kind, err = s.text()
		case "object":
			object, err = s.value()
		default:
			err = s.skip()
		}
		return err
	})
	if err != nil {
		return watch.Event{}, fmt.Errorf("cannot decode a watch event: %w", err)
	}
	event := watch.Event{Type: watch.EventType(kind)}
	event.Object, err = w.object(event.Type, object)
	return event, err
}

func (w *watcher[T]) object(kind watch.EventType, object []byte) (runtime.Object, error) {
	switch kind {
	case watch.Added, watch.Modified, watch.Deleted:
		return w.decode(object)
	case watch.Bookmark:
		return w.bookmark(object)
	case watch.Error:
		return parse[*metav1.Status](object)
	default:
		return nil, fmt.Errorf("cannot decode a watch event of unknown type %q", kind)
	}
}

func (w *watcher[T]) bookmark(object []byte) (*item[T], error) {
	bookmark, err := parse[metav1.PartialObjectMetadata](object)
	if err != nil {
		return nil, fmt.Errorf("cannot decode a bookmark: %w", err)
	}
	ends := bookmark.Annotations[metav1.InitialEventsAnnotationKey] == "true"
	if ends {
		w.onInitialEvents()
	}
	return &item[T]{resourceVersion: bookmark.ResourceVersion, endsInitialEvents: ends}, nil
}
