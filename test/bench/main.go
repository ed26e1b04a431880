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
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/hookplane/hookplane/test/cluster"
)

// options are the flags.
type options struct {
	size     size
	scenes   *regexp.Regexp
	out      string
	check    bool
	compare  bool
	profiles string
	binary   string
	bare     bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, rest, err := parseOptions(args)
	switch {
	case err != nil:
		return err
	case o.bare:
		return runBare(ctx, os.Stdin, os.Stdout)
	case o.compare:
		return compareFiles(os.Stdout, rest)
	}
	result, err := measure(ctx, o)
	if err != nil {
		return err
	}
	result.print(os.Stdout)
	if o.out != "" {
		if err := result.write(o.out); err != nil {
			return err
		}
	}
	return result.failure()
}

func parseOptions(args []string) (options, []string, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	sizeName := flags.String("size", "small", "how much is measured: small or full")
	parents := flags.Int("parents", 0, "how many parents a population has (default: as the size says)")
	creates := flags.Int("creates", 0, "how many objects are created on each way through admission (default: as the size says)")
	scenes := flags.String("scenes", "", "regular expression: run the scenes whose name it matches (default: all of the size)")
	flags.StringVar(&o.out, "out", "", "write the result as JSON to this `file`")
	flags.BoolVar(&o.check, "check", false, "fail when a ratio is more than a third worse than in the newest committed result of this size")
	flags.BoolVar(&o.compare, "compare", false, "compare two result files, which are the arguments, and run nothing")
	flags.StringVar(&o.profiles, "profiles", "", "write CPU and heap profiles of each phase into this `folder`")
	flags.StringVar(&o.binary, "binary", filepath.Join(cluster.Root(), "_output", "bench", "hookplane"), "the hookplane to measure, as `file`; make bench builds it")
	flags.BoolVar(&o.bare, "bare", false, "be the plain client: what the bench starts itself, with a job on standard input")
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	var err error
	if o.scenes, err = regexp.Compile(*scenes); err != nil {
		return o, nil, fmt.Errorf("-scenes: %w", err)
	}
	if o.size, err = sizeNamed(*sizeName); *parents > 0 {
		o.size.parents = *parents
	}
	if *creates > 0 {
		o.size.creates = *creates
	}
	return o, flags.Args(), err
}
