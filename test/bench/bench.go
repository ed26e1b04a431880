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

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/generated/clientset/versioned"
	"github.com/hookplane/hookplane/test/cluster"
)

// workers is how many parents hookplane syncs at the same time, how many requests the bench has under way when it writes many
// objects, and how many the plain client has.
const workers = 20

// attempts is how often a run that is checked is tried until no ratio is too bad: the best value of each counts.
const attempts = 3

// bench is one run.
type bench struct {
	options

	controlPlane *cluster.ControlPlane
	server       cluster.HookplaneOptions
	hookplane    *cluster.Hookplane
	hook         *hookServer

	config      *rest.Config
	kubernetes  kubernetes.Interface
	dynamic     dynamic.Interface
	controllers versioned.Interface

	scene  string // that is running
	names  int    // how many names were given
	result *Result
}

// measure runs the scenes.
func measure(ctx context.Context, o options) (result *Result, err error) {
	dir, err := os.MkdirTemp("", "hookplane-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	b := &bench{options: o}
	defer func() { err = errors.Join(err, b.stop()) }()
	if err := b.start(ctx, dir); err != nil {
		return nil, err
	}
	var reference *Result
	if o.check {
		if reference, err = newestResult(filepath.Join(cluster.Root(), "test", "bench", "results"), o.size.name); err != nil {
			return nil, err
		}
	}
	var best *Result
	for range attempts {
		if err := b.runScenes(ctx); err != nil {
			return nil, err
		}
		best = b.result.better(best)
		if best.Worse = best.worseThan(reference); len(best.Worse) == 0 || !best.exact() {
			break
		}
		fmt.Fprintln(os.Stderr, "bench: a ratio is worse than it should be; measuring once more")
	}
	return best, nil
}

// runScenes runs the chosen scenes once.
func (b *bench) runScenes(ctx context.Context) error {
	b.result = &Result{Size: b.size.name, Machine: describeMachine(ctx, b.kubernetes.Discovery())}
	for _, s := range scenes() {
		if (s.full && b.size.name != "full") || !b.scenes.MatchString(s.name) {
			continue
		}
		b.scene = s.name
		if err := s.run(ctx, b); err != nil {
			return fmt.Errorf("scene %s: %w\nthe server's log ends with:\n%s", s.name, err, logEnd(b.hookplane))
		}
	}
	return nil
}

// start starts the control plane, hookplane and the hook.
func (b *bench) start(ctx context.Context, dir string) (err error) {
	if b.controlPlane, err = cluster.StartControlPlane(ctx, filepath.Join(dir, "cluster")); err != nil {
		return err
	}
	if b.config, err = b.controlPlane.Config(); err != nil {
		return err
	}
	if b.kubernetes, err = kubernetes.NewForConfig(b.config); err != nil {
		return err
	}
	if b.dynamic, err = dynamic.NewForConfig(b.config); err != nil {
		return err
	}
	if b.controllers, err = versioned.NewForConfig(b.config); err != nil {
		return err
	}
	if b.hook, err = startHook(ctx); err != nil {
		return err
	}
	b.server = cluster.HookplaneOptions{
		Binary: b.binary, Kubeconfig: b.controlPlane.Kubeconfig, Dir: dir, Flags: []string{"--workers=" + strconv.Itoa(workers)},
	}
	if b.profiles != "" {
		b.server.Flags = append(b.server.Flags, "--profiling")
	}
	b.hookplane, err = cluster.StartHookplane(ctx, b.server)
	return err
}

// stop ends what start has started.
func (b *bench) stop() error {
	var errs []error
	if b.hookplane != nil {
		errs = append(errs, b.hookplane.Stop())
	}
	if b.hook != nil {
		b.hook.stop()
	}
	if b.controlPlane != nil {
		errs = append(errs, b.controlPlane.Stop())
	}
	return errors.Join(errs...)
}

// newName returns a name that nothing else of this run has.
func (b *bench) newName(prefix string) string {
	b.names++
	return prefix + strconv.Itoa(b.names)
}
