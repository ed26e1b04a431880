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

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
	utilflowcontrol "k8s.io/apiserver/pkg/util/flowcontrol"
	"k8s.io/utils/ptr"
)

// resultBuffer is how many events wait for a reader before the stream does.
const resultBuffer = 100

// Watch implements storage.Interface. Record times are not told.
func (s *Store) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	scope, err := s.below(key, opts.Recursive)
	if err != nil {
		return nil, err
	}
	since, err := s.versioner.ParseResourceVersion(opts.ResourceVersion)
	if err != nil {
		return nil, err
	}
	initial := opts.SendInitialEvents == nil && since == 0 || ptr.Deref(opts.SendInitialEvents, false)
	if !initial && since == 0 {
		// From now on, which is before this returns.
		if since, err = s.GetCurrentResourceVersion(ctx); err != nil {
			return nil, err
		}
	}
	st := &stream{
		store: s, initial: initial, scope: scope, recursive: opts.Recursive, progress: opts.ProgressNotify, since: since,
		filter:  filter{predicate: opts.Predicate, matching: map[string]runtime.Object{}},
		results: make(chan watch.Event, resultBuffer), marks: make(chan mark, 1),
	}
	st.endOfInitial = ptr.Deref(opts.SendInitialEvents, false) && opts.Predicate.AllowWatchBookmarks
	ctx, st.cancel = context.WithCancel(ctx)
	if st.progress {
		s.addStream(st)
	}
	go st.run(ctx)
	utilflowcontrol.WatchInitialized(ctx)
	return st, nil
}

// filter decides what a selector makes of an event.
type filter struct {
	predicate storage.SelectionPredicate
	// matching are the objects that the reader believes to be there, by key. Only kept if not everything matches.
	matching map[string]runtime.Object
}

// all reports whether everything matches.
func (f *filter) all() bool { return f.predicate.Empty() }

func (f *filter) matches(obj runtime.Object) bool {
	if f.all() {
		return true
	}
	matched, err := f.predicate.Matches(obj)
	return err == nil && matched
}

// apply returns the event that the reader gets, and whether it gets one. What comes to match is added for it, what
// ceases to is deleted, in the form in which it was known.
func (f *filter) apply(kind watch.EventType, key string, obj runtime.Object) (watch.EventType, runtime.Object, bool) {
	if f.all() {
		return kind, obj, true
	}
	before, known := f.matching[key]
	if kind == watch.Deleted || !f.matches(obj) {
		delete(f.matching, key)
		if kind == watch.Deleted {
			before = obj
		}
		return watch.Deleted, before, known
	}
	f.matching[key] = obj.DeepCopyObject() // the reader may change its own
	if known {
		return watch.Modified, obj, true
	}
	return watch.Added, obj, true
}
