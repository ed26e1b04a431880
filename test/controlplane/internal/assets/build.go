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
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// combinedPackage is the one program that is built, buildTag what its files ask for, and combinedFile the name of the result.
const (
	combinedPackage = "./cmd/kubernetes"
	buildTag        = "kubernetes"
	combinedFile    = "kubernetes"
)

// interruptGrace is what an interrupted go command has to clean up, before it is killed.
const interruptGrace = 10 * time.Second

// built returns the cache folder of the programs, after building them when they are not there.
func (l *Locator) built(ctx context.Context) (string, error) {
	version, err := readVersion(l.Sources)
	if err != nil {
		return "", err
	}
	key, err := cacheKey(l.Sources, version, runtime.GOOS+"/"+runtime.GOARCH)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(l.Cache, key)
	if len(missingPrograms(folder, programs...)) == 0 {
		l.say("using the programs in %s", folder)
		return folder, nil
	}
	unlock, err := lock(ctx, folder+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	// Another process may have built them while this one waited for the lock.
	if len(missingPrograms(folder, programs...)) == 0 {
		l.say("using the programs in %s", folder)
		return folder, nil
	}
	if err := l.build(ctx, version, folder); err != nil {
		return "", err
	}
	return folder, nil
}

// build fills folder in one step at its end, so that a folder that exists is complete.
func (l *Locator) build(ctx context.Context, version kubernetesVersion, folder string) error {
	temporary, err := os.MkdirTemp(l.Cache, ".build-*")
	if err != nil {
		return fmt.Errorf("cannot make a folder to build in: %w", err)
	}
	defer os.RemoveAll(temporary) //nolint:errcheck // what is left behind is in the cache folder, and the build's own error matters more.
	module, result := filepath.Join(temporary, "module"), filepath.Join(temporary, "result")
	if err := os.CopyFS(module, l.Sources); err != nil {
		return fmt.Errorf("cannot write the sources to build: %w", err)
	}
	if err := os.Mkdir(result, 0o755); err != nil {
		return fmt.Errorf("cannot make a folder for the programs: %w", err)
	}
	started := time.Now()
	l.say("building kube-apiserver, kube-controller-manager, etcd and kubectl %s; this is done once and takes about 10 minutes on a machine with two cores", version.git)
	if err := l.compile(ctx, module, filepath.Join(result, combinedFile), version); err != nil {
		return err
	}
	for _, name := range programs {
		if err := os.Symlink(combinedFile, filepath.Join(result, name)); err != nil {
			return fmt.Errorf("cannot link a program: %w", err)
		}
	}
	// What an interrupted removal left of the folder would be in the way.
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("cannot clear the cache folder: %w", err)
	}
	if err := os.Rename(result, folder); err != nil {
		return fmt.Errorf("cannot move the programs to the cache folder: %w", err)
	}
	l.say("built in %s: %s", time.Since(started).Round(time.Second), folder)
	return nil
}

// compile runs go build and says how far it is. It leaves cgo and the paths in the program as they are by default, because every
// package is then the same as in other builds on this machine, and shared with them through Go's build cache.
func (l *Locator) compile(ctx context.Context, module, output string, version kubernetesVersion) error {
	p := newProgress(l.say, time.Now())
	reporting, stop := context.WithCancel(ctx)
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		p.report(reporting)
	}()
	defer func() {
		stop()
		<-reported
	}()
	packages, err := countPackages(ctx, module, p)
	if err != nil {
		return err
	}
	p.setPackages(packages)
	build := goCommand(ctx, module, p, "build", "-v", "-tags", buildTag, "-ldflags", version.ldflags(), "-o", output, combinedPackage)
	return runGo(ctx, build, p)
}

// countPackages returns the number of packages in the program. It downloads the modules that are not on this machine yet.
func countPackages(ctx context.Context, module string, p *progress) (int, error) {
	var packages bytes.Buffer
	list := goCommand(ctx, module, p, "list", "-deps", "-tags", buildTag, combinedPackage)
	list.Stdout = &packages
	if err := runGo(ctx, list, p); err != nil {
		return 0, err
	}
	return bytes.Count(packages.Bytes(), []byte("\n")), nil
}

func goCommand(ctx context.Context, module string, p *progress, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = module
	cmd.Stderr = p
	// A workspace of the caller must not decide which Kubernetes is built.
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+module)
	// An interrupted go command removes its temporary files; a killed one does not.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptGrace
	return cmd
}

// runGo explains why a go command failed.
func runGo(ctx context.Context, cmd *exec.Cmd, p *progress) error {
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("the build of the control plane was interrupted: %w", ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("cannot build the control plane: install Go from https://go.dev/dl, or set KUBEBUILDER_ASSETS to a folder of programs: %w", err)
	default:
		return fmt.Errorf("cannot build the control plane, go %s failed: %w\n%s", cmd.Args[1], err, p.failure())
	}
}
