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

package host

import (
	"context"
	"errors"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/klog/v2"
)

// tooLargeRetry is how many seconds a client waits that asked for a version of the future.
const tooLargeRetry = 1

// stream is a watch. It goes on over any number of watches of the host, each of which starts where the one before
// ended: an outage of the host makes it late, not wrong. It ends with its context, or with an error event when the host
// does not know any more what happened since.
//
// All fields but results and marks are used by run alone once it runs.
type stream struct {
	store     *Store
	scope     string // key, or what keys begin with, below the prefix of the store
	recursive bool
	// initial makes it begin with what exists, and endOfInitial mark the end of that.
	initial, endOfInitial bool
	// progress makes it tell that nothing has happened.
	progress bool
	filter   filter
	// since is the version up to which everything has been delivered.
	since uint64
	// count is how many records in scope there are at that version. Only kept with progress.
	count int
	// pending is progress to tell, once everything up to it has been delivered.
	pending *mark

	results chan watch.Event
	marks   chan mark
	cancel  context.CancelFunc
}

var _ watch.Interface = &stream{}

// Stop implements watch.Interface.
func (st *stream) Stop() { st.cancel() }

// ResultChan implements watch.Interface.
func (st *stream) ResultChan() <-chan watch.Event { return st.results }

func (st *stream) run(ctx context.Context) {
	defer close(st.results)
	defer st.cancel()
	if st.progress {
		defer st.store.removeStream(st)
	}
	err := st.begin(ctx)
	if err == nil {
		err = st.follow(ctx)
	}
	if ctx.Err() == nil {
		st.send(ctx, failure(err))
	}
}

// failure is the last event of a stream that fails.
func failure(err error) watch.Event {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		status = apierrors.NewInternalError(err)
	}
	result := status.Status()
	return watch.Event{Type: watch.Error, Object: &result}
}

// begin brings the stream to the version that it starts from.
func (st *stream) begin(ctx context.Context) error {
	if st.initial || st.progress || !st.filter.all() {
		if err := st.load(ctx); err != nil {
			return err
		}
	}
	if !st.endOfInitial {
		return nil
	}
	bookmark, err := st.bookmark(st.since)
	if err != nil {
		return err
	}
	if err := storage.AnnotateInitialEventsEndBookmark(bookmark.Object); err != nil {
		return err
	}
	st.send(ctx, bookmark)
	return nil
}

// load reads what exists: now, to send it, or at the version to start from, to know what later events change.
func (st *stream) load(ctx context.Context) error {
	version := ""
	if !st.initial {
		version = strconv.FormatUint(st.since, 10)
	}
	pages := st.store.pages(ctx, version, pageSize)
	if !st.recursive {
		pages = st.store.single(ctx, recordName(st.scope), version)
	}
	at := st.since
	for page, err := range pages {
		if err != nil {
			return hostError(err)
		}
		at = uint64(page.version)
		for i := range page.records {
			if err := st.loadRecord(ctx, &page.records[i]); err != nil {
				return err
			}
		}
	}
	if at < st.since {
		return storage.NewTooLargeResourceVersionError(st.since, at, tooLargeRetry)
	}
	st.since = at
	return nil
}

func (st *stream) loadRecord(ctx context.Context, record *Record) error {
	if !within(record.Key, st.scope, st.recursive) {
		return nil
	}
	st.count++
	if !st.initial && st.filter.all() {
		return nil
	}
	obj, err := st.store.decode(ctx, record)
	if err != nil {
		if st.initial {
			return err
		}
		return nil // nothing is known of it: if it changes, that is told as an addition
	}
	if !st.filter.matches(obj) {
		return nil
	}
	if st.initial {
		st.send(ctx, watch.Event{Type: watch.Added, Object: obj})
	}
	if !st.filter.all() {
		st.filter.matching[record.Key] = obj.DeepCopyObject()
	}
	return nil
}

// follow delivers what happens. It returns when the context ends, or when what happened cannot be told any more.
func (st *stream) follow(ctx context.Context) error {
	retry := wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 10, Cap: 5 * time.Second}
	backoff := retry
	logger := klog.FromContext(ctx)
	for {
		before := st.since
		err := st.followOnce(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // told to end: whatever failed, failed for that
		}
		if end := (*finalError)(nil); errors.As(err, &end) {
			return end.err
		}
		if st.since != before {
			backoff = retry
		}
		if err != nil {
			logger.V(2).Info("Watching the host cluster again", "resource", st.store.records.kind.Resource, "since", st.since, "reason", err.Error())
		}
		select {
		case <-st.store.clock.After(backoff.Step()):
		case <-ctx.Done():
			return nil
		}
	}
}

// finalError ends a stream; others make it watch the host again.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }

// followOnce delivers what one watch of the host says. Nil: it ended, as all do after a while.
func (st *stream) followOnce(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	name := ""
	if !st.recursive {
		name = recordName(st.scope)
	}
	events, err := st.store.records.watch(ctx, strconv.FormatUint(st.since, 10), name)
	if isExpired(err) {
		return &finalError{apierrors.NewResourceExpired("The resourceVersion for the provided watch is too old.")}
	}
	if err != nil {
		return err
	}
	defer events.Stop()
	for {
		select {
		case event, open := <-events.ResultChan():
			if !open {
				return nil
			}
			if err := st.handle(ctx, event); err != nil {
				return err
			}
		case mark := <-st.marks:
			st.pending = &mark
		case <-ctx.Done():
			return nil
		}
		if err := st.tellProgress(ctx); err != nil {
			return err
		}
	}
}

// handle delivers one event of the host.
func (st *stream) handle(ctx context.Context, event watch.Event) error {
	if event.Type == watch.Error {
		err := apierrors.FromObject(event.Object)
		if isExpired(err) {
			return &finalError{apierrors.NewResourceExpired("The resourceVersion for the provided watch is too old.")}
		}
		return err
	}
	record, isRecord := event.Object.(*Record)
	if !isRecord {
		return errors.New("the host cluster sent something that is no record")
	}
	version, err := parseVersion(record.ResourceVersion)
	if err != nil {
		return err
	}
	if version <= st.since {
		return nil // of a record that came and went before progress that was told: see mark
	}
	if event.Type == watch.Bookmark {
		return st.advance(ctx, version)
	}
	st.since = version
	if !within(record.Key, st.scope, st.recursive) {
		return nil
	}
	st.store.remember([]Record{*record})
	return st.deliver(ctx, event.Type, record)
}

func (st *stream) deliver(ctx context.Context, kind watch.EventType, record *Record) error {
	switch kind {
	case watch.Added:
		st.count++
	case watch.Deleted:
		st.count--
	default:
	}
	obj, err := st.store.decode(ctx, record)
	if err != nil && kind == watch.Deleted {
		err = deletedCorrupt(err)
	}
	if err != nil {
		return &finalError{err}
	}
	kind, obj, wanted := st.filter.apply(kind, record.Key, obj)
	if !wanted {
		return nil
	}
	if kind == watch.Deleted {
		if err := st.store.setVersion(obj, record.ResourceVersion); err != nil {
			return &finalError{err}
		}
	}
	st.send(ctx, watch.Event{Type: kind, Object: obj})
	return nil
}

// send waits until the reader takes an event, or leaves.
func (st *stream) send(ctx context.Context, event watch.Event) {
	select {
	case st.results <- event:
	case <-ctx.Done():
	}
}

// bookmark is an event that tells a version and nothing else.
func (st *stream) bookmark(version uint64) (watch.Event, error) {
	obj := st.store.newFunc()
	err := st.store.versioner.UpdateObject(obj, version)
	return watch.Event{Type: watch.Bookmark, Object: obj}, err
}
