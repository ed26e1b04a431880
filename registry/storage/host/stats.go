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
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/utils/ptr"
)

// sizes maps the key of each record that was seen to its size.
type sizes map[string]size

type size struct {
	bytes   int64
	version uint64
}

// EnableResourceSizeEstimation implements storage.Interface.
func (s *Store) EnableResourceSizeEstimation(keys storage.KeysFunc) error {
	if keys == nil {
		return errors.New("there must be a function that tells the keys")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sizeKeys != nil {
		return errors.New("sizes are estimated already")
	}
	s.sizeKeys = keys
	return nil
}

// Stats implements storage.Interface. Without estimation of sizes, the host counts.
func (s *Store) Stats(ctx context.Context) (storage.Stats, error) {
	s.mu.Lock()
	keysFunc := s.sizeKeys
	s.mu.Unlock()
	if keysFunc == nil {
		list, err := s.records.listMetadata(ctx, metav1.ListOptions{Limit: 1})
		if err != nil {
			return storage.Stats{}, hostError(err)
		}
		return storage.Stats{ObjectCount: int64(len(list.Items)) + ptr.Deref(list.RemainingItemCount, 0)}, nil
	}
	keys, err := keysFunc(ctx)
	if err != nil {
		return storage.Stats{}, err
	}
	stats := storage.Stats{ObjectCount: int64(len(keys))}
	known, bytes := s.keepSizes(keys)
	if known > 0 {
		stats.EstimatedAverageObjectSizeBytes = bytes / known
	}
	return stats, nil
}

// keepSizes forgets all but the given keys and returns how many of them are known, and their size.
func (s *Store) keepSizes(keys []string) (known, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make(sizes, len(keys))
	for _, key := range keys {
		key = strings.TrimPrefix(key, s.prefix)
		if size, found := s.sizes[key]; found {
			kept[key] = size
			bytes += size.bytes
		}
	}
	s.sizes = kept
	return int64(len(kept)), bytes
}

// remember notes the sizes of records, if they are estimated.
func (s *Store) remember(records []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sizeKeys == nil {
		return
	}
	for i := range records {
		version, _ := strconv.ParseUint(records[i].ResourceVersion, 10, 64) // none: the oldest
		if s.sizes[records[i].Key].version < version {
			s.sizes[records[i].Key] = size{int64(len(records[i].Data)), version}
		}
	}
}
