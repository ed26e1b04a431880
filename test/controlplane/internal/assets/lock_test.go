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

package assets

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cache", "lock")
	unlock, err := lock(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	reason := errors.New("no patience")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if _, err := lock(ctx, file); !errors.Is(err, reason) {
		t.Errorf("a lock that is held: got error %v, want %v", err, reason)
	}
	unlock()
	unlock, err = lock(ctx, file)
	if err != nil {
		t.Errorf("a lock that was given up: %v", err)
	}
	unlock()
}
