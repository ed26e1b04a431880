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

package hoststorage

import (
	"context"
	"strconv"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
)

// asking is a store whose watches are asked for progress all the time. By itself the host tells its progress once a
// minute, which a test will not wait for.
type asking struct {
	*testStore
}

// Watch implements storage.Interface.
func (a asking) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	w, err := a.testStore.Watch(ctx, key, opts)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond):
				_ = a.RequestWatchProgress(ctx) // asked again
			}
		}
	}()
	return w, nil
}

// remembering is a store of which the first version is the one at which it was made. A host has forgotten its own first
// version long ago.
type remembering struct {
	*testStore
	first string
}

func newRemembering(t *testing.T, s *testStore) remembering {
	t.Helper()
	version, err := s.GetCurrentResourceVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return remembering{s, strconv.FormatUint(version, 10)}
}

// Watch implements storage.Interface.
func (r remembering) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	if opts.ResourceVersion == "1" {
		opts.ResourceVersion = r.first
	}
	return r.testStore.Watch(ctx, key, opts)
}
