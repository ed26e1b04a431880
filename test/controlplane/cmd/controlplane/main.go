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

// Command controlplane builds and runs a Kubernetes control plane without nodes, for tests, demonstrations and benchmarks.
//
// It is used as a process and never imported, which keeps k8s.io/kubernetes out of other modules. Run it without arguments for
// its usage; README.md beside go.mod says more. This package is only the command line: internal/assets builds the
// programs and internal/cluster runs them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `controlplane builds and runs a Kubernetes control plane without nodes on the loopback address.

  controlplane build
        Build kube-apiserver, kube-controller-manager, etcd and kubectl, unless that was done before,
        and print the folder that holds them.

  controlplane start [--dir DIR] [--stop-with-stdin] [--apiserver-flag FLAG]...
        Start a control plane, building it first if need be. Print KUBECONFIG=<file> and then, when it can be used,
        "control plane is ready". Stop it on SIGTERM or SIGINT. See "controlplane start --help".

Environment:
  KUBEBUILDER_ASSETS   a folder of programs to use instead of building them
  HOOKPLANE_CACHE      where built programs are kept (default: the folder hookplane in the user's cache folder)
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		// The flag set has printed the help.
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "controlplane: %v\n\n%s", err, usage)
		os.Exit(2)
	default:
		fmt.Fprintf(os.Stderr, "controlplane: %v\n", err)
		os.Exit(1)
	}
}

// errUsage marks errors of whoever typed the command.
var errUsage = errors.New("wrong usage")

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: name a command", errUsage)
	}
	switch command, rest := args[0], args[1:]; command {
	case "build":
		return build(ctx, rest, stdout, stderr)
	case "start":
		return start(ctx, rest, stdin, stdout, stderr)
	case "help", "-h", "-help", "--help":
		_, err := fmt.Fprint(stdout, usage)
		return err
	default:
		return fmt.Errorf("%w: there is no command %q", errUsage, command)
	}
}
