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

package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOpenFolder(t *testing.T) {
	for name, tc := range map[string]struct {
		path                  func(t *testing.T) string
		wantErr, wantsRemoval bool
	}{
		"Temporary": {func(t *testing.T) string { t.Setenv("TMPDIR", t.TempDir()); return "" }, false, true},
		"Missing":   {func(t *testing.T) string { return filepath.Join(t.TempDir(), "a", "b") }, false, true},
		"Empty":     {func(t *testing.T) string { return t.TempDir() }, false, false},
		"Relative":  {func(t *testing.T) string { t.Chdir(t.TempDir()); return "here" }, false, true},
		"NotEmpty": {func(t *testing.T) string {
			dir := t.TempDir()
			touch(t, filepath.Join(dir, "file"))
			return dir
		}, true, false},
		"NoFolder": {func(t *testing.T) string {
			file := filepath.Join(t.TempDir(), "file")
			touch(t, file)
			return file
		}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := openFolder(tc.path(t))
			if (err != nil) != tc.wantErr {
				t.Fatalf("got error %v, want one: %t", err, tc.wantErr)
			}
			if tc.wantErr {
				return
			}
			if !filepath.IsAbs(f.path) {
				t.Errorf("the path %q is not absolute", f.path)
			}
			touch(t, f.log("etcd"))
			touch(t, f.certificate(clusterCA))
			if err := f.close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(f.path); errors.Is(err, os.ErrNotExist) != tc.wantsRemoval {
				t.Errorf("after close: %v, want it removed: %t", err, tc.wantsRemoval)
			}
		})
	}
}

func touch(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
