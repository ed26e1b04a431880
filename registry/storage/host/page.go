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
	"iter"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// pageSize is how many records are asked for at a time.
const pageSize = 500

// page is a part of a list.
type page struct {
	records []Record
	// version is that of the whole list.
	version int64
	// remaining is how many records follow.
	remaining int64
}

type pages = iter.Seq2[page, error]

// pages lists all records, at a version or at the latest. An error is the last that it yields.
func (s *Store) pages(ctx context.Context, version string, size int64) pages {
	return func(yield func(page, error) bool) {
		options := metav1.ListOptions{Limit: size}
		if version != "" {
			options.ResourceVersion, options.ResourceVersionMatch = version, metav1.ResourceVersionMatchExact
		}
		for {
			list, err := s.records.list(ctx, options)
			if err != nil {
				yield(page{}, err)
				return
			}
			number, err := parseVersion(list.ResourceVersion)
			s.remember(list.Items)
			if !yield(page{list.Items, int64(number), ptr.Deref(list.RemainingItemCount, 0)}, err) || err != nil || list.Continue == "" {
				return
			}
			options = metav1.ListOptions{Limit: size, Continue: list.Continue}
		}
	}
}

// single lists the record of one name, if there is one.
func (s *Store) single(ctx context.Context, name, version string) pages {
	return func(yield func(page, error) bool) {
		record, at, err := s.records.find(ctx, name, version)
		if err != nil {
			yield(page{}, err)
			return
		}
		number, err := parseVersion(at)
		result := page{version: int64(number)}
		if record != nil {
			result.records = []Record{*record}
			s.remember(result.records)
		}
		yield(result, err)
	}
}
