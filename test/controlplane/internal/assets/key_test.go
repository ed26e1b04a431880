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
	"io/fs"
	"maps"
	"testing"
	"testing/fstest"

	"github.com/hookplane/hookplane/test/controlplane"
)

func TestReadVersion(t *testing.T) {
	for name, tc := range map[string]struct {
		gomod   string
		want    kubernetesVersion
		wantErr bool
	}{
		"Block":    {"require (\n\tk8s.io/api v0.37.2\n\tk8s.io/kubernetes v1.37.2\n)\n", kubernetesVersion{"v1.37.2", "1", "37"}, false},
		"Line":     {"require k8s.io/kubernetes v1.40.0-rc.1\n", kubernetesVersion{"v1.40.0-rc.1", "1", "40"}, false},
		"Indirect": {"\tk8s.io/kubernetes v1.37.2 // indirect\n", kubernetesVersion{"v1.37.2", "1", "37"}, false},
		"Missing":  {"require k8s.io/kubernetes-tools v1.37.2\n", kubernetesVersion{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readVersion(fstest.MapFS{"go.mod": {Data: []byte(tc.gomod)}})
			if got != tc.want || (err != nil) != tc.wantErr {
				t.Errorf("got %+v and error %v, want %+v and error: %t", got, err, tc.want, tc.wantErr)
			}
		})
	}
}

func TestLDFlags(t *testing.T) {
	const variable = " -X k8s.io/component-base/version."
	want := "-s -w" + variable + "gitVersion=v1.37.2" + variable + "gitMajor=1" + variable + "gitMinor=37"
	if got := (kubernetesVersion{git: "v1.37.2", major: "1", minor: "37"}).ldflags(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCacheKey(t *testing.T) {
	version := kubernetesVersion{"v1.37.2", "1", "37"}
	base := fstest.MapFS{
		"go.mod":                 {Data: []byte("module m")},
		"go.sum":                 {Data: []byte("sum")},
		"cmd/kubernetes/main.go": {Data: []byte("package main")},
	}
	with := func(name, content string) fstest.MapFS {
		changed := maps.Clone(base)
		changed[name] = &fstest.MapFile{Data: []byte(content)}
		return changed
	}
	want := key(t, base, version, "linux/amd64")
	if got := key(t, with("go.mod", "module m"), version, "linux/amd64"); got != want {
		t.Errorf("equal inputs have the keys %q and %q", got, want)
	}
	for name, got := range map[string]string{
		"GoMod":    key(t, with("go.mod", "module n"), version, "linux/amd64"),
		"GoSum":    key(t, with("go.sum", ""), version, "linux/amd64"),
		"Main":     key(t, with("cmd/kubernetes/main.go", "package  main"), version, "linux/amd64"),
		"NewFile":  key(t, with("cmd/kubernetes/more.go", "package main"), version, "linux/amd64"),
		"Flags":    key(t, base, kubernetesVersion{"v1.37.2", "1", "38"}, "linux/amd64"),
		"Platform": key(t, base, version, "darwin/arm64"),
	} {
		if got == want {
			t.Errorf("%s: a change of it does not change the key", name)
		}
	}
}

// TestEmbeddedSources fails when the files that a build needs are not embedded.
func TestEmbeddedSources(t *testing.T) {
	if _, err := readVersion(controlplane.Sources); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"go.sum", "cmd/kubernetes/main.go"} {
		if _, err := fs.Stat(controlplane.Sources, name); err != nil {
			t.Error(err)
		}
	}
}

func key(t *testing.T, sources fs.FS, version kubernetesVersion, platform string) string {
	t.Helper()
	key, err := cacheKey(sources, version, platform)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
