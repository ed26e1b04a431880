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

package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

// InUseError says that another process holds the data directory.
type InUseError struct {
	// Dir is the data directory.
	Dir string
}

// Error implements error.
func (e *InUseError) Error() string {
	return fmt.Sprintf("the data directory %q is in use by another hookplane process; stop it or choose another directory", e.Dir)
}

// dirLock is held for as long as a process uses a data directory. The kernel frees it with the process.
type dirLock struct {
	*fileutil.LockedFile
}

// lockDir creates dir when it does not exist and locks it for this process.
func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot create the data directory: %w", err)
	}
	file, err := fileutil.TryLockFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fileutil.ErrLocked) {
		return nil, &InUseError{Dir: dir}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot write to the data directory: %w", err)
	}
	return &dirLock{file}, nil
}
