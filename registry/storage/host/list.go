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
	"fmt"
	"reflect"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

const (
	listExpired     = "The resourceVersion for the provided list is too old."
	continueExpired = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
)

// GetList implements storage.Interface.
func (s *Store) GetList(ctx context.Context, key string, opts storage.ListOptions, listObj runtime.Object) error {
	below, err := s.below(key, opts.Recursive)
	if err != nil {
		return err
	}
	prefix := s.prefix + below
	version, after, err := storage.ValidateListOptions(prefix, s.versioner, opts)
	if err != nil {
		return err
	}
	items, err := itemsOf(listObj)
	if err != nil {
		return err
	}
	l := &listing{
		store: s, opts: opts, prefix: below, after: strings.TrimPrefix(after, s.prefix),
		version: max(version, 0), items: items, errors: newItemErrors(),
	}
	if err := l.run(ctx); err != nil {
		if isExpired(err) {
			return expired(after, prefix)
		}
		return err
	}
	if err := l.errors.aggregate(s.records.kind); err != nil {
		return err
	}
	token, remaining, err := storage.PrepareContinueToken(s.prefix+l.last, prefix, l.version, opts.Predicate.Limit+l.left, l.more, opts)
	if err != nil {
		return err
	}
	if items.IsNil() {
		items.Set(reflect.MakeSlice(items.Type(), 0, 0))
	}
	return s.versioner.UpdateList(listObj, uint64(l.version), token, remaining)
}

// itemsOf returns the slice of a list's items, to be set.
func itemsOf(list runtime.Object) (reflect.Value, error) {
	pointer, err := meta.GetItemsPtr(list)
	if err != nil {
		return reflect.Value{}, err
	}
	items, err := conversion.EnforcePtr(pointer)
	if err != nil || items.Kind() != reflect.Slice {
		return reflect.Value{}, fmt.Errorf("the items of a %T are no slice", list)
	}
	return items, nil
}

// expired returns the error of a list at a version that is gone. One that was to be continued may be so at the latest
// version, from the same key.
func expired(after, prefix string) error {
	err := apierrors.NewResourceExpired(listExpired)
	if after == "" {
		return err
	}
	token, encodeErr := storage.EncodeContinue(after, prefix, -1)
	if encodeErr != nil {
		return encodeErr
	}
	err = apierrors.NewResourceExpired(continueExpired)
	err.ErrStatus.Continue = token
	return err
}

// listing is one call of GetList.
type listing struct {
	store *Store
	opts  storage.ListOptions
	// prefix and after (where to continue, empty: at the beginning) are below the prefix of the store.
	prefix, after string
	items         reflect.Value
	errors        *itemErrors

	version int64  // of the list; 0: the latest
	last    string // key of the last record that was looked at
	more    bool   // there are records behind that
	left    int64  // how many
}

func (l *listing) run(ctx context.Context) error {
	pred := l.opts.Predicate
	// The host counts what is left, but all records, not those with a prefix or behind a key.
	counted := l.prefix == "" && l.after == "" && pred.Empty()
	size := int64(pageSize)
	if counted && pred.Limit > 0 {
		size = pred.Limit
	}
	for page, err := range l.pages(ctx, size) {
		if err != nil {
			return hostError(err)
		}
		if err := l.take(ctx, page); err != nil || l.errors.full() {
			return err
		}
		switch {
		case !l.full():
		case counted:
			l.left += page.remaining
			l.more = l.more || page.remaining > 0
			return nil
		case l.more && !pred.Empty():
			return nil // how many are left is not told
		}
	}
	return nil
}

// take looks at the records of a page.
func (l *listing) take(ctx context.Context, page page) error {
	if l.version == 0 {
		if err := l.store.atLeast(l.opts.ResourceVersion, strconv.FormatInt(page.version, 10)); err != nil {
			return err
		}
		l.version = page.version
	}
	for i := range page.records {
		if err := l.look(ctx, &page.records[i]); err != nil || l.errors.full() {
			return err
		}
	}
	return nil
}

func (l *listing) pages(ctx context.Context, size int64) pages {
	version := ""
	if l.version > 0 {
		version = strconv.FormatInt(l.version, 10)
	}
	if !l.opts.Recursive {
		return l.store.single(ctx, recordName(l.prefix), version)
	}
	return l.store.pages(ctx, version, size)
}

// full reports whether the list has as many items as were asked for.
func (l *listing) full() bool {
	return l.opts.Predicate.Limit > 0 && int64(l.items.Len()) >= l.opts.Predicate.Limit
}

// look adds the object of a record to the list if it belongs there.
func (l *listing) look(ctx context.Context, record *Record) error {
	if record.Key < l.after || !within(record.Key, l.prefix, l.opts.Recursive) {
		return nil
	}
	if l.full() {
		l.more = true
		l.left++
		return nil
	}
	l.last = record.Key
	obj, err := l.store.decode(ctx, record)
	if err != nil {
		return l.errors.add(l.store.prefix+record.Key, err)
	}
	if matches, err := l.opts.Predicate.Matches(obj); err == nil && matches {
		l.items.Set(reflect.Append(l.items, reflect.ValueOf(obj).Elem()))
	}
	return nil
}

// within reports whether a key is the given one, or below it.
func within(key, scope string, recursive bool) bool {
	if recursive {
		return strings.HasPrefix(key, scope)
	}
	return key == scope
}
