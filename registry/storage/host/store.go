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
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/value"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
)

// Config configures a Store.
type Config struct {
	// Host leads to the host cluster, which must have the definition of the kind: see Install.
	Host *rest.Config
	Kind Kind
	// ResourcePrefix begins all keys, such as /metacontroller.k8s.io/compositecontrollers.
	ResourcePrefix string
	// NewFunc makes an empty object.
	NewFunc func() runtime.Object
	// Codec encodes objects for storage.
	Codec runtime.Codec
	// Transformer encrypts what is encoded; identity.NewEncryptCheckTransformer does not.
	Transformer value.Transformer
	Clock       clock.Clock
}

// Store is a storage.Interface over the records of one kind. Objects stay until they are deleted: it has no time to
// live. Its methods are safe for concurrent use.
type Store struct {
	records     *records
	prefix      string // ends in a slash
	newFunc     func() runtime.Object
	codec       runtime.Codec
	transformer value.Transformer
	versioner   storage.APIObjectVersioner
	clock       clock.Clock

	mu       sync.Mutex
	streams  map[*stream]struct{} // those that want to hear of progress
	sizes    sizes
	sizeKeys storage.KeysFunc // nil: sizes are not estimated
}

var _ storage.Interface = &Store{}

// New makes a Store. It does not connect yet.
func New(config Config) (*Store, error) {
	if len(config.ResourcePrefix) < 2 || !strings.HasPrefix(config.ResourcePrefix, "/") {
		return nil, fmt.Errorf("the resource prefix must be a path, not %q", config.ResourcePrefix)
	}
	records, err := newRecords(config.Host, config.Kind)
	if err != nil {
		return nil, err
	}
	return &Store{
		records: records, prefix: strings.TrimSuffix(config.ResourcePrefix, "/") + "/", newFunc: config.NewFunc,
		codec: config.Codec, transformer: config.Transformer, clock: config.Clock, streams: map[*stream]struct{}{}, sizes: sizes{},
	}, nil
}

// Versioner implements storage.Interface.
func (s *Store) Versioner() storage.Versioner { return s.versioner }

// ReadinessCheck implements storage.Interface. Install has waited; an outage is told by what it hits.
func (*Store) ReadinessCheck() error { return nil }

// CompactRevision implements storage.Interface. The host does not tell what it has compacted: none seen.
func (*Store) CompactRevision() int64 { return 0 }

// GetCurrentResourceVersion implements storage.Interface.
func (s *Store) GetCurrentResourceVersion(ctx context.Context) (uint64, error) {
	version, err := s.records.currentVersion(ctx)
	return version, hostError(err)
}

// Get implements storage.Interface.
func (s *Store) Get(ctx context.Context, key string, opts storage.GetOptions, out runtime.Object) error {
	key, err := s.below(key, false)
	if err != nil {
		return err
	}
	record, err := s.read(ctx, key, opts.ResourceVersion)
	switch {
	case errors.Is(err, errAbsent) && opts.IgnoreNotFound:
		return runtime.SetZeroValue(out)
	case errors.Is(err, errAbsent):
		return storage.NewKeyNotFoundError(s.prefix+key, 0)
	case err != nil:
		return err
	}
	data, _, err := s.plain(ctx, record)
	if err == nil {
		err = s.decodeInto(data, record.ResourceVersion, out)
	}
	return s.corrupt(key, err)
}

// read returns the record of a key, or errAbsent; a minimal version makes it check how new the answer is.
func (s *Store) read(ctx context.Context, key, minimal string) (*Record, error) {
	if minimal == "" || minimal == "0" {
		record, err := s.records.get(ctx, recordName(key))
		if isAbsent(err) {
			return nil, errAbsent
		}
		return record, hostError(err)
	}
	record, version, err := s.records.find(ctx, recordName(key), "")
	if err != nil {
		return nil, hostError(err)
	}
	if err := s.atLeast(minimal, version); err != nil {
		return nil, err
	}
	if record == nil {
		return nil, errAbsent
	}
	return record, nil
}

// atLeast refuses a version that is older than the minimal one, if there is such a demand.
func (s *Store) atLeast(minimal, version string) error {
	if minimal == "" {
		return nil
	}
	want, err := s.versioner.ParseResourceVersion(minimal)
	if err != nil {
		return err
	}
	got, err := parseVersion(version)
	if err != nil {
		return err
	}
	if got < want {
		return storage.NewTooLargeResourceVersionError(want, got, 0)
	}
	return nil
}

// Create implements storage.Interface.
func (s *Store) Create(ctx context.Context, key string, obj, out runtime.Object, ttl uint64) error {
	key, err := s.below(key, false)
	if err != nil {
		return err
	}
	if ttl != 0 {
		return storage.NewInternalError(errors.New("objects in the host cluster have no time to live"))
	}
	if version, err := s.versioner.ObjectResourceVersion(obj); err == nil && version != 0 {
		return storage.ErrResourceVersionSetOnCreate
	}
	if err := s.versioner.PrepareObjectForStorage(obj); err != nil {
		return fmt.Errorf("cannot prepare the object for storage: %w", err)
	}
	data, err := runtime.Encode(s.codec, obj)
	if err != nil {
		return err
	}
	record, err := s.write(ctx, key, data, &state{})
	if err != nil {
		return err
	}
	if record == nil {
		return storage.NewKeyExistsError(s.prefix+key, 0)
	}
	if out == nil {
		return nil
	}
	return s.decodeInto(data, record.ResourceVersion, out)
}

// below returns what of the key is below the prefix of the store.
func (s *Store) below(key string, recursive bool) (string, error) {
	key, err := storage.PrepareKey(s.prefix, key, recursive)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(key, s.prefix), nil
}

// corrupt marks an error of an object that cannot be read, so that it may be deleted as such.
func (s *Store) corrupt(key string, err error) error {
	var corrupt *CorruptError
	if errors.As(err, &corrupt) && aggregatesErrors() {
		return storage.NewCorruptObjError(s.prefix+key, corrupt)
	}
	return err
}

// aggregatesErrors reports whether objects that cannot be read are told one by one, to be deleted.
func aggregatesErrors() bool {
	return utilfeature.DefaultFeatureGate.Enabled(features.AllowUnsafeMalformedObjectDeletion)
}
