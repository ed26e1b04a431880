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
	"io"

	"github.com/hookplane/hookplane/test/controlplane/internal/cluster"
)

// start runs a control plane until ctx is done, or until stdin ends when that was asked for.
func start(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	config := cluster.Config{Messages: stderr}
	var apiServerFlags repeated
	flags := newFlagSet("start", stderr)
	flags.StringVar(&config.Dir, "dir", "", "folder for certificates, data, logs and pid files; one that does not exist is made now and removed at the end (default: a temporary folder)")
	flags.Var(&apiServerFlags, "apiserver-flag", "a further flag of kube-apiserver, such as --feature-gates=ShardedListAndWatch=true; may be repeated")
	stopWithStdin := flags.Bool("stop-with-stdin", false, "stop when stdin ends, so that a parent that dies leaves no servers behind")
	if err := parse(flags, args); err != nil {
		return err
	}
	config.APIServerFlags = apiServerFlags
	if *stopWithStdin {
		ctx = untilEnd(ctx, stdin)
	}
	running, err := startCluster(ctx, config)
	if err != nil {
		if ctx.Err() != nil {
			// Whoever asked for the stop knows why; it is not a failure.
			_, err = fmt.Fprintln(stderr, "controlplane: stopped before the control plane was ready")
		}
		return err
	}
	if _, err := fmt.Fprintf(stdout, "KUBECONFIG=%s\ncontrol plane is ready\n", running.Kubeconfig()); err != nil {
		return errors.Join(err, running.Stop())
	}
	<-ctx.Done()
	return running.Stop()
}

func startCluster(ctx context.Context, config cluster.Config) (*cluster.Cluster, error) {
	programs, err := locate(ctx, config.Messages)
	if err != nil {
		return nil, err
	}
	config.Programs = programs
	return cluster.Start(ctx, config)
}

// untilEnd returns a context that is also done when the reader has nothing more to give.
func untilEnd(ctx context.Context, reader io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		// How it ends does not matter. A read cannot be interrupted, so this goroutine may last as long as the process.
		_, _ = io.Copy(io.Discard, reader)
	}()
	return ctx
}
