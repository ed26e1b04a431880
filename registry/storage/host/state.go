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
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/value"
)

// rewrittenAnnotation tells which version of a record was replaced because it was to be encrypted anew.
const rewrittenAnnotation = "storage.hookplane.dev/rewritten"

// state is what is known to be stored under a key. The zero value: nothing is.
type state struct {
	obj     runtime.Object
	version string    // empty: there is no record
	uid     types.UID // of the record; empty: not known
	data    []byte    // the encoded object
	stale   bool      // data is to be encrypted anew
}

// meta is what functions that update an object are told.
func (s *state) meta() storage.ResponseMeta {
	version, _ := strconv.ParseUint(s.version, 10, 64) // none: 0
	return storage.ResponseMeta{ResourceVersion: version}
}

// current reads the state of a key. A missing object is an error, or the zero value of its type.
func (s *Store) current(ctx context.Context, key string, empty func() runtime.Object, ignoreNotFound bool) (*state, error) {
	record, err := s.read(ctx, key, "")
	if errors.Is(err, errAbsent) {
		if !ignoreNotFound {
			return nil, storage.NewKeyNotFoundError(s.prefix+key, 0)
		}
		return &state{obj: empty()}, nil
	}
	if err != nil {
		return nil, err
	}
	return s.stateOf(ctx, record, empty)
}

func (s *Store) stateOf(ctx context.Context, record *Record, empty func() runtime.Object) (*state, error) {
	st := &state{obj: empty(), version: record.ResourceVersion, uid: record.UID}
	var err error
	if st.data, st.stale, err = s.plain(ctx, record); err != nil {
		return nil, err
	}
	return st, s.decodeInto(st.data, record.ResourceVersion, st.obj)
}

// suggested returns the state that somebody else, such as a cache, believes to be the current one.
func (s *Store) suggested(obj runtime.Object) (*state, error) {
	version, err := s.versioner.ObjectResourceVersion(obj)
	if err != nil {
		return nil, fmt.Errorf("cannot read the resource version: %w", err)
	}
	st := &state{obj: obj, version: strconv.FormatUint(version, 10)}
	if err := s.versioner.PrepareObjectForStorage(obj); err != nil {
		return nil, fmt.Errorf("cannot prepare the object for storage: %w", err)
	}
	if st.data, err = runtime.Encode(s.codec, obj); err != nil {
		return nil, err
	}
	return st, s.versioner.UpdateObject(obj, version)
}

// write stores data as the successor of a state. It returns nil when the record is not in that state any more.
func (s *Store) write(ctx context.Context, key string, data []byte, from *state) (*Record, error) {
	stored, err := s.transformer.TransformToStorage(ctx, data, s.authenticated(key))
	if err != nil {
		return nil, storage.NewInternalError(err)
	}
	record := &Record{Key: key, Data: stored}
	record.SetGroupVersionKind(s.records.kind.recordKind())
	record.Name = recordName(key)
	if from.version == "" {
		record, err = s.records.create(ctx, record)
	} else {
		record.ResourceVersion, record.UID = from.version, from.uid
		if from.stale {
			// Makes it another record even if the data is the same, for the host does not write what it has.
			record.Annotations = map[string]string{rewrittenAnnotation: from.version}
		}
		record, err = s.records.update(ctx, record)
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || isAbsent(err) {
		return nil, nil
	}
	return record, hostError(err)
}

// plain returns the encoded object of a record, and whether it is to be encrypted anew.
func (s *Store) plain(ctx context.Context, record *Record) (data []byte, stale bool, err error) {
	if recordName(record.Key) != record.Name {
		return nil, false, storage.NewInternalError(&CorruptError{fmt.Errorf("the record %q says that it is of the key %q", record.Name, record.Key)})
	}
	data, stale, err = s.transformer.TransformFromStorage(ctx, record.Data, s.authenticated(record.Key))
	if err != nil {
		return nil, false, storage.NewInternalError(fmt.Errorf("unable to transform key %q: %w", s.prefix+record.Key, err))
	}
	return data, stale, nil
}

// authenticated ties encrypted data to its key.
func (s *Store) authenticated(key string) value.Context {
	return value.DefaultContext(s.prefix + key)
}

// decodeInto sets an object from its encoding and the version of its record.
func (s *Store) decodeInto(data []byte, version string, out runtime.Object) error {
	if _, _, err := s.codec.Decode(data, nil, out); err != nil {
		return &CorruptError{err}
	}
	return s.setVersion(out, version)
}

// decode returns the object of a record at a version.
func (s *Store) decode(ctx context.Context, record *Record) (runtime.Object, error) {
	data, _, err := s.plain(ctx, record)
	if err != nil {
		return nil, err
	}
	obj := s.newFunc()
	return obj, s.decodeInto(data, record.ResourceVersion, obj)
}

func (s *Store) setVersion(obj runtime.Object, version string) error {
	number, err := parseVersion(version)
	if err != nil {
		return err
	}
	return s.versioner.UpdateObject(obj, number)
}
