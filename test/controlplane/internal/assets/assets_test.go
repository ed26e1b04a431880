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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// sources are those of a module that the go command of these tests, a shell script, does not look at.
var sources = fstest.MapFS{
	"go.mod":                 {Data: []byte("module m\nrequire k8s.io/kubernetes v1.37.2\n")},
	"go.sum":                 {Data: []byte("")},
	"cmd/kubernetes/main.go": {Data: []byte("package main\n")},
}

func TestLocateGiven(t *testing.T) {
	given := folderOf(t, Etcd, APIServer, ControllerManager)
	locator := newLocator(t, given)
	fakeGo(t, "exit 1")
	got, err := locator.Locate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got != given {
		t.Errorf("got %q, want the given folder %q", got, given)
	}
}

func TestLocateGivenLacks(t *testing.T) {
	for name, tc := range map[string]struct{ has, want []string }{
		"Etcd":       {[]string{APIServer, ControllerManager}, []string{Etcd}},
		"APIServer":  {[]string{Etcd, ControllerManager}, []string{APIServer}},
		"Everything": {nil, []string{Etcd, APIServer, ControllerManager}},
	} {
		t.Run(name, func(t *testing.T) {
			fakeGo(t, "exit 1")
			_, err := newLocator(t, folderOf(t, tc.has...)).Locate(t.Context())
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range append([]string{"KUBEBUILDER_ASSETS"}, tc.want...) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not name %s: %v", want, err)
				}
			}
		})
	}
}

func TestLocateGivenLacksControllerManager(t *testing.T) {
	given := folderOf(t, Etcd, APIServer)
	locator := newLocator(t, given)
	fakeGo(t, buildsSomething)
	folder, err := locator.Locate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		Etcd:              filepath.Join(given, Etcd),
		APIServer:         filepath.Join(given, APIServer),
		ControllerManager: filepath.Join(onlyBuild(t, locator), ControllerManager),
	} {
		if got, err := os.Readlink(filepath.Join(folder, name)); got != want || err != nil {
			t.Errorf("%s links to %q (error %v), want %q", name, got, err, want)
		}
	}
	again, err := locator.Locate(t.Context())
	if again != folder || err != nil {
		t.Errorf("the second time: got %q and error %v, want %q", again, err, folder)
	}
}

func TestNewLocator(t *testing.T) {
	t.Run("Environment", func(t *testing.T) {
		t.Setenv("HOOKPLANE_CACHE", "/cache")
		t.Setenv("KUBEBUILDER_ASSETS", "/assets")
		got, err := NewLocator(sources, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		if got.Cache != "/cache/controlplane" || got.Given != "/assets" {
			t.Errorf("got cache %q and given %q", got.Cache, got.Given)
		}
	})
	t.Run("Defaults", func(t *testing.T) {
		t.Setenv("HOOKPLANE_CACHE", "")
		t.Setenv("KUBEBUILDER_ASSETS", "")
		t.Setenv("HOME", "/home/someone")
		t.Setenv("XDG_CACHE_HOME", "")
		got, err := NewLocator(sources, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(got.Cache, "/home/someone/") || !strings.HasSuffix(got.Cache, "/hookplane/controlplane") || got.Given != "" {
			t.Errorf("got cache %q and given %q", got.Cache, got.Given)
		}
	})
}

func newLocator(t *testing.T, given string) *Locator {
	t.Helper()
	return &Locator{Given: given, Cache: t.TempDir(), Sources: sources, Messages: t.Output()}
}

func folderOf(t *testing.T, programs ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range programs {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// onlyBuild returns the folder of the one build in the locator's cache.
func onlyBuild(t *testing.T, locator *Locator) string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(locator.Cache, "v*"))
	if err != nil {
		t.Fatal(err)
	}
	folders = slices.DeleteFunc(folders, func(name string) bool { return strings.HasSuffix(name, ".lock") })
	if len(folders) != 1 {
		t.Fatalf("got builds %q, want one", folders)
	}
	return folders[0]
}
