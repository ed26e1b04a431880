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

// Package assets finds the programs of a control plane, and builds them when they are nowhere yet.
//
// They come from the folder that KUBEBUILDER_ASSETS names, or else from a cache folder, which is filled by one go build of the
// combined program that is embedded in package controlplane. The package knows nothing of how the programs are run.
// Open assets.go first.
package assets

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The programs. A folder returned by Locate holds all but Kubectl, which may be missing in one that was given.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Kubectl           = "kubectl"
)

// programs are the names by which the combined program can be called.
var programs = []string{Etcd, APIServer, ControllerManager, Kubectl}

// Locator says where to look and where to build. All fields are required unless they say otherwise.
type Locator struct {
	// Given is a folder of programs to use instead of building them; empty when there is none.
	Given string
	// Cache is the folder below which programs are kept.
	Cache string
	// Sources holds go.mod, go.sum and the combined program's package.
	Sources fs.FS
	// Messages gets progress, in lines.
	Messages io.Writer
}

// NewLocator returns a locator that obeys the environment: KUBEBUILDER_ASSETS is Given; HOOKPLANE_CACHE, or else
// the folder hookplane in the user's cache folder, is Cache.
func NewLocator(sources fs.FS, messages io.Writer) (*Locator, error) {
	cache := os.Getenv("HOOKPLANE_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("cannot find a cache folder, set HOOKPLANE_CACHE to one: %w", err)
		}
		cache = filepath.Join(user, "hookplane")
	}
	// A relative folder means another one in every process, and a build runs in a folder of its own.
	cache, err := filepath.Abs(cache)
	if err != nil {
		return nil, fmt.Errorf("cannot resolve the cache folder %q: %w", cache, err)
	}
	given := os.Getenv("KUBEBUILDER_ASSETS")
	if given != "" {
		if given, err = filepath.Abs(given); err != nil {
			return nil, fmt.Errorf("cannot resolve the folder KUBEBUILDER_ASSETS=%q: %w", given, err)
		}
	}
	return &Locator{Given: given, Cache: filepath.Join(cache, "controlplane"), Sources: sources, Messages: messages}, nil
}

// Locate returns the absolute path of a folder that holds the programs. It builds them first when it must, which takes minutes.
func (l *Locator) Locate(ctx context.Context) (string, error) {
	if l.Given == "" {
		return l.built(ctx)
	}
	missing := missingPrograms(l.Given, Etcd, APIServer, ControllerManager)
	if len(missing) == 0 {
		l.say("using the programs in KUBEBUILDER_ASSETS=%s", l.Given)
		return l.Given, nil
	}
	if len(missing) > 1 || missing[0] != ControllerManager {
		return "", fmt.Errorf("KUBEBUILDER_ASSETS=%s lacks %q: add what is missing, or unset KUBEBUILDER_ASSETS to have everything built", l.Given, missing)
	}
	l.say("KUBEBUILDER_ASSETS=%s has no %s (envtest's archives never have), so it is built here and the others are taken from there", l.Given, ControllerManager)
	built, err := l.built(ctx)
	if err != nil {
		return "", err
	}
	return l.completed(ctx, built)
}

func (l *Locator) say(format string, args ...any) {
	// A build that nobody can watch is still a build.
	_, _ = fmt.Fprintf(l.Messages, "controlplane: "+format+"\n", args...)
}

func missingPrograms(folder string, names ...string) []string {
	var missing []string
	for _, name := range names {
		if !hasProgram(folder, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

func hasProgram(folder, name string) bool {
	info, err := os.Stat(filepath.Join(folder, name))
	return err == nil && info.Mode().IsRegular()
}
