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
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
)

// deletionTimeout is how long the version of a deletion is waited for.
const deletionTimeout = 5 * time.Second

// Delete implements storage.Interface. It reads what it deletes, whatever the caller suggests: with the object comes
// the version from which the deletion can be watched, for the host's answer does not tell which version it made.
func (s *Store) Delete(ctx context.Context, key string, out runtime.Object, preconditions *storage.Preconditions,
	validate storage.ValidateObjectFunc, _ runtime.Object, opts storage.DeleteOptions,
) error {
	key, err := s.below(key, false)
	if err != nil {
		return err
	}
	empty, err := emptied(out)
	if err != nil {
		return err
	}
	d := deletion{
		store: s, key: key, empty: empty, preconditions: preconditions, validate: validate,
		expectCorrupt: opts.ExpectTransformOrDecodeError && aggregatesErrors(),
	}
	for {
		done, err := d.attempt(ctx, out)
		if done || err != nil {
			return err
		}
	}
}

// deletion is one call of Delete.
type deletion struct {
	store         *Store
	key           string
	empty         func() runtime.Object
	preconditions *storage.Preconditions
	validate      storage.ValidateObjectFunc
	expectCorrupt bool
}

// attempt reports whether the deletion is done; if not, the object has changed and it is to be tried again.
func (d *deletion) attempt(ctx context.Context, out runtime.Object) (bool, error) {
	s := d.store
	record, since, err := s.records.find(ctx, recordName(d.key), "")
	if err != nil {
		return false, hostError(err)
	}
	if record == nil {
		return false, storage.NewKeyNotFoundError(s.prefix+d.key, 0)
	}
	st, err := s.deletable(ctx, record, d.empty, d.expectCorrupt)
	if err != nil {
		return false, err
	}
	if err := d.preconditions.Check(s.prefix+d.key, st.obj); err != nil {
		return false, err
	}
	if err := d.validate(ctx, st.obj); err != nil {
		return false, err
	}
	err = s.records.remove(ctx, record)
	if apierrors.IsConflict(err) || isAbsent(err) {
		return false, nil
	}
	if err != nil || d.expectCorrupt {
		return true, hostError(err)
	}
	version, err := s.deletionVersion(ctx, record, since)
	if err != nil {
		return true, err
	}
	return true, s.decodeInto(st.data, version, out)
}

// deletable returns the state to delete. One that is expected to be corrupt must be so, and has no object.
func (s *Store) deletable(ctx context.Context, record *Record, empty func() runtime.Object, expectCorrupt bool) (*state, error) {
	st, err := s.stateOf(ctx, record, empty)
	if !expectCorrupt {
		return st, err
	}
	if err == nil {
		return nil, storage.NewInvalidObjError(s.prefix+record.Key, "unsafe deletion is not allowed because the object is decodable from storage")
	}
	return &state{version: record.ResourceVersion, uid: record.UID}, nil
}

// deletionVersion returns the version at which a record, now gone, was deleted: what a watch from before says. If that
// fails it is the current version, at which the record is gone too.
func (s *Store) deletionVersion(ctx context.Context, record *Record, since string) (string, error) {
	watchCtx, cancel := context.WithTimeoutCause(ctx, deletionTimeout, errors.New("the deletion is not seen"))
	defer cancel()
	if events, err := s.records.watch(watchCtx, since, record.Name); err == nil {
		defer events.Stop()
		for event := range events.ResultChan() {
			if deleted, isRecord := event.Object.(*Record); isRecord && event.Type == watch.Deleted && deleted.UID == record.UID {
				return deleted.ResourceVersion, nil
			}
		}
	}
	version, err := s.records.currentVersion(ctx)
	return strconv.FormatUint(version, 10), hostError(err)
}
