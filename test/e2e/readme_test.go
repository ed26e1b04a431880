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

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/test/cluster"
)

// TestReadmeShowsTheExample keeps what the README prints of the first controller what the example is.
func TestReadmeShowsTheExample(t *testing.T) {
	read := func(path ...string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(append([]string{cluster.Root()}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	readme := read("README.md")
	source := read("artifacts", "examples", "greeting", "main.go")
	for name, text := range map[string]string{
		"main.go":                  source[strings.Index(source, "package main"):], // without the licence
		"greeting-controller.yaml": read("artifacts", "examples", "greeting", "greeting-controller.yaml"),
	} {
		if !strings.Contains(readme, text) {
			t.Errorf("README.md does not show artifacts/examples/greeting/%s as it is", name)
		}
	}
}
