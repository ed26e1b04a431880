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
	"bytes"
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

// update is one call of GuaranteedUpdate.
type update struct {
	store          *Store
	key            string
	empty          func() runtime.Object
	ignoreNotFound bool
	preconditions  *storage.Preconditions
	try            storage.UpdateFunc

	from *state
	// fresh says that from was read just now, not suggested.
	fresh bool
}

// GuaranteedUpdate implements storage.Interface. A time to live that the function sets has no effect.
func (s *Store) GuaranteedUpdate(ctx context.Context, key string, destination runtime.Object, ignoreNotFound bool,
	preconditions *storage.Preconditions, tryUpdate storage.UpdateFunc, cachedExistingObject runtime.Object,
) error {
	key, err := s.below(key, false)
	if err != nil {
		return err
	}
	empty, err := emptied(destination)
	if err != nil {
		return err
	}
	u := &update{store: s, key: key, empty: empty, ignoreNotFound: ignoreNotFound, preconditions: preconditions, try: tryUpdate}
	if cachedExistingObject != nil {
		u.from, err = s.suggested(cachedExistingObject)
	} else {
		err = u.refresh(ctx)
	}
	if err != nil {
		return err
	}
	for {
		done, err := u.attempt(ctx, destination)
		if done || err != nil {
			return err
		}
	}
}

func (u *update) refresh(ctx context.Context) (err error) {
	u.from, err = u.store.current(ctx, u.key, u.empty, u.ignoreNotFound)
	u.fresh = true
	return err
}

// attempt reports whether the update is done; if not, it is to be tried again from a state that is fresh.
func (u *update) attempt(ctx context.Context, destination runtime.Object) (bool, error) {
	data, err := u.next()
	if err != nil {
		return false, u.judge(ctx, err)
	}
	if !u.from.stale && bytes.Equal(data, u.from.data) {
		if !u.fresh {
			// Only what is stored says whether there is nothing to write.
			return false, u.refresh(ctx)
		}
		return true, u.store.decodeInto(u.from.data, u.from.version, destination)
	}
	record, err := u.store.write(ctx, u.key, data, u.from)
	if err != nil {
		return false, err
	}
	if record == nil {
		return false, u.refresh(ctx)
	}
	return true, u.store.decodeInto(data, record.ResourceVersion, destination)
}

// next asks for the successor of the state.
func (u *update) next() ([]byte, error) {
	if err := u.preconditions.Check(u.store.prefix+u.key, u.from.obj); err != nil {
		return nil, err
	}
	next, _, err := u.try(u.from.obj, u.from.meta())
	if err != nil {
		return nil, err
	}
	if err := u.store.versioner.PrepareObjectForStorage(next); err != nil {
		return nil, fmt.Errorf("cannot prepare the object for storage: %w", err)
	}
	return runtime.Encode(u.store.codec, next)
}

// judge returns a refusal, unless it may be due to a suggestion that is out of date: nil means to try again.
func (u *update) judge(ctx context.Context, refusal error) error {
	if u.fresh {
		return refusal
	}
	suggested := u.from.version
	if err := u.refresh(ctx); err != nil {
		return err
	}
	if u.from.version == suggested {
		return refusal
	}
	return nil
}

// emptied returns a function that makes empty objects of the type of an object.
func emptied(obj runtime.Object) (func() runtime.Object, error) {
	if _, err := conversion.EnforcePtr(obj); err != nil {
		return nil, fmt.Errorf("cannot write to the output object: %w", err)
	}
	return func() runtime.Object {
		empty := obj.DeepCopyObject()
		_ = runtime.SetZeroValue(empty) // it is a pointer
		return empty
	}, nil
}
