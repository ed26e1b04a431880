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

package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	for name, tc := range map[string]struct{ content, want string }{
		"Empty":         {"", ""},
		"Short":         {"one\ntwo\n", "one\ntwo"},
		"NoLastNewline": {"one\ntwo", "one\ntwo"},
		"ManyLines":     {"first\n" + strings.Repeat("line\n", tailLines), strings.TrimSuffix(strings.Repeat("line\n", tailLines), "\n")},
		"LongLine":      {strings.Repeat("x", 2*tailBytes), strings.Repeat("x", tailBytes)},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(file, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := tail(file); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
