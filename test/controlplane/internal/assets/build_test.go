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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// buildsSomething plays the go command: it counts its builds in the file $BUILDS, and writes the output of go build -o.
const buildsSomething = `
case $1 in
list) echo a; echo b;;
build)
	echo build >> "$BUILDS"
	test -f cmd/kubernetes/main.go || exit 1
	echo a >&2
	while [ "$1" != -o ]; do shift; done
	echo program > "$2";;
esac`

func TestLocateBuilds(t *testing.T) {
	locator := newLocator(t, "")
	builds := fakeGo(t, buildsSomething)
	folder, err := locator.Locate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range programs {
		if content, err := os.ReadFile(filepath.Join(folder, name)); string(content) != "program\n" || err != nil {
			t.Errorf("%s: got %q and error %v, want the built program", name, content, err)
		}
	}
	if !strings.HasPrefix(filepath.Base(folder), "v1.37.2-") {
		t.Errorf("the folder %q does not name the version", folder)
	}
	again, err := locator.Locate(t.Context())
	if again != folder || err != nil {
		t.Errorf("the second time: got %q and error %v, want %q", again, err, folder)
	}
	if got := builds(); got != 1 {
		t.Errorf("got %d builds, want 1", got)
	}
	expectNoLeftovers(t, locator)
}

func TestLocateBuildsOnce(t *testing.T) {
	locator := newLocator(t, "")
	builds := fakeGo(t, buildsSomething)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := locator.Locate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := builds(); got != 1 {
		t.Errorf("got %d builds, want 1", got)
	}
}

func TestLocateBuildFails(t *testing.T) {
	for name, tc := range map[string]struct{ script, want string }{
		"List":  {`echo "go: no such module" >&2; exit 1`, "go: no such module"},
		"Build": {`[ $1 = list ] && exit; echo a >&2; echo "main.go:1:1: wrong" >&2; exit 1`, "main.go:1:1: wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			locator := newLocator(t, "")
			fakeGo(t, tc.script)
			if _, err := locator.Locate(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one that says %q", err, tc.want)
			}
			expectNoLeftovers(t, locator)
			fakeGo(t, buildsSomething)
			if _, err := locator.Locate(t.Context()); err != nil {
				t.Errorf("after a build that failed: %v", err)
			}
		})
	}
}

func TestLocateWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := newLocator(t, "").Locate(t.Context()); err == nil || !strings.Contains(err.Error(), "install Go") {
		t.Errorf("got error %v, want one that says what to do", err)
	}
}

func TestLocateCanceled(t *testing.T) {
	locator := newLocator(t, "")
	builds := fakeGo(t, `[ $1 = list ] && exit; trap 'exit 1' INT; echo build >> "$BUILDS"; while true; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		defer cancel()
		for end := time.Now().Add(time.Minute); builds() == 0 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
	})
	if _, err := locator.Locate(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want one that says that it was canceled", err)
	}
	wait.Wait()
	expectNoLeftovers(t, locator)
}

// fakeGo puts a go command into PATH that is a shell script. It returns what counts the lines of the file $BUILDS.
func fakeGo(t *testing.T, script string) (builds func() int) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "go"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	counter := filepath.Join(folder, "builds")
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	t.Setenv("BUILDS", counter)
	return func() int {
		content, err := os.ReadFile(counter)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		return strings.Count(string(content), "\n")
	}
}

// expectNoLeftovers fails when a build left its temporary folder behind.
func expectNoLeftovers(t *testing.T, locator *Locator) {
	t.Helper()
	entries, err := os.ReadDir(locator.Cache)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(entries, func(entry os.DirEntry) bool { return strings.HasPrefix(entry.Name(), ".build-") }) {
		t.Errorf("the cache holds what a build left behind: %v", entries)
	}
}
