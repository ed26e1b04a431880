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

package server

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
	cliflag "k8s.io/component-base/cli/flag"
)

const description = `Hookplane serves the API metacontroller.k8s.io/v1alpha1 as an aggregated API server of a
Kubernetes cluster and runs the controllers that its objects describe, which call your hooks.

It needs a cluster (--kubeconfig, or the one that it runs in) and a place for its objects
(--storage): that cluster, a folder or an etcd.

Other commands, each with a --help of its own:

  hookplane migrate           move the controllers of a Metacontroller here, and back
  hookplane rbac              print the rights that controllers need
  hookplane storage migrate   copy everything from one storage to another
  hookplane uninstall         take hookplane out of a cluster, or tell what of it is there`

// NewCommand returns the hookplane command. A command line with mistakes is refused with all of them, one
// in each line of the error.
func NewCommand() *cobra.Command {
	options := NewOptions()
	cmd := &cobra.Command{
		Use:   "hookplane [flags]",
		Short: "Serve metacontroller.k8s.io and run its controllers",
		Long:  description,
		// The flags are parsed by parse, which does not stop at the first mistake.
		DisableFlagParsing: true,
		// What is no command is for parse to judge, too.
		Args:              cobra.ArbitraryArgs,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	sections := options.Flags()
	flags := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	flags.SetNormalizeFunc(normalizeFlag)
	for _, name := range sections.Order {
		flags.AddFlagSet(sections.FlagSets[name])
	}
	cmd.AddCommand(newRBACCommand(), newStorageCommand(), newMigrationCommand(), newUninstallCommand())
	// Cobra would add a flag of its own to the command's flag set; ours is kept out of its sight.
	setHelp(cmd, sections)

	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		problems := parse(flags, args)
		switch {
		case options.Help:
			return cmd.Help()
		case options.Version:
			fmt.Fprintln(cmd.OutOrStdout(), "hookplane", Version())
			return nil
		}
		if problems = append(problems, options.Validate()...); len(problems) > 0 {
			return &CommandLineError{Problems: problems}
		}
		return run(cmd.Context(), options, cmd.OutOrStdout())
	}
	return cmd
}

// helpColumns is how wide the help is where there is no terminal.
const helpColumns = 100

// setHelp makes the help fit the terminal.
func setHelp(cmd *cobra.Command, sections cliflag.NamedFlagSets) {
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		columns = helpColumns
	}
	cliflag.SetUsageAndHelpFunc(cmd, sections, columns)
}
