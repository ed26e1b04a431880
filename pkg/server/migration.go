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
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"

	"github.com/hookplane/hookplane/pkg/apiserver"
	"github.com/hookplane/hookplane/pkg/migration"
)

const migrationDescription = `Moves the controllers of a cluster from Metacontroller to Hookplane, step by step:

  1. hookplane migrate plan       says what would change; it changes nothing
  2. scale Metacontroller to zero
  3. hookplane migrate copy       brings the custom resources into Hookplane's storage
  4. start hookplane              it takes the API over, now that it has all of them
  5. hookplane migrate finish     removes the CustomResourceDefinitions

Children are neither restarted nor written. Until step 5 there is a way back: stop hookplane,
hookplane migrate rollback, and scale Metacontroller up.`

// migrationOptions are the flags of the commands that move controllers.
type migrationOptions struct {
	host    HostOptions
	storage StorageOptions
	// replace lets the custom resources win over what is stored.
	replace bool
	// assumeStopped passes over what may be a Metacontroller at work.
	assumeStopped bool
	help          bool
}

// newMigrationCommand returns the commands that move controllers from Metacontroller.
func newMigrationCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Move the controllers of a Metacontroller here, and back", Long: migrationDescription,
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what to do: hookplane migrate plan, copy, rollback or finish; see hookplane migrate --help")
		},
	}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nEach of the commands has a --help of its own.\n", migrationDescription)
	})
	o := &migrationOptions{storage: newStorageOptions()}
	cmd.AddCommand(
		o.command("plan", "Say what would change", planDescription, (*migrationOptions).plan, nil),
		o.command("copy", "Copy the custom resources into Hookplane's storage", copyDescription, (*migrationOptions).copy, (*migrationOptions).addCopyFlags),
		o.command("rollback", "Give the API back to the CustomResourceDefinitions", rollbackDescription, (*migrationOptions).rollback, (*migrationOptions).addStorageFlags),
		o.command("finish", "Remove the CustomResourceDefinitions", finishDescription, (*migrationOptions).finish, nil),
	)
	return cmd
}

// step is what one of the commands does.
type step func(o *migrationOptions, ctx context.Context, cluster *migration.Cluster, stdout io.Writer) error

func (o *migrationOptions) command(name, short, long string, run step, addFlags func(*migrationOptions, *cliflag.NamedFlagSets)) *cobra.Command {
	cmd := &cobra.Command{
		Use: name + " [flags]", Short: short, Long: long,
		DisableFlagParsing: true, SilenceUsage: true, SilenceErrors: true,
	}
	sections := cliflag.NamedFlagSets{NormalizeNameFunc: normalizeFlag}
	o.host.addFlags(sections.FlagSet("host cluster"))
	if addFlags != nil {
		addFlags(o, &sections)
	}
	sections.FlagSet("global").BoolVarP(&o.help, "help", "h", false, "Print this text.")
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	flags.SetNormalizeFunc(normalizeFlag)
	for _, section := range sections.Order {
		flags.AddFlagSet(sections.FlagSets[section])
	}
	setHelp(cmd, sections)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		problems := parse(flags, args)
		if o.help {
			return cmd.Help()
		}
		if addFlags != nil {
			problems = append(problems, o.storage.validate(true)...)
		}
		if len(problems) > 0 {
			return &CommandLineError{Problems: problems}
		}
		config, err := o.host.connect()
		if err != nil {
			return err
		}
		cluster, err := migration.New(config)
		if err != nil {
			return err
		}
		return run(o, cmd.Context(), cluster, cmd.OutOrStdout())
	}
	return cmd
}

// addStorageFlags adds the flags that say where Hookplane keeps objects: as for the server, but that the host cluster is the default
// outside of it too.
func (o *migrationOptions) addStorageFlags(sections *cliflag.NamedFlagSets) {
	o.storage.addFlags(sections.FlagSet("storage"))
}

func (o *migrationOptions) addCopyFlags(sections *cliflag.NamedFlagSets) {
	flags := sections.FlagSet("copy")
	flags.BoolVar(&o.replace, "replace", o.replace,
		"Replace what is stored in another form, and remove what is stored and is no custom resource, as after a rollback.")
	flags.BoolVar(&o.assumeStopped, "assume-stopped", o.assumeStopped,
		"Copy even if it seems that Metacontroller runs, or if that cannot be told. Two that act at once undo each other's work.")
	o.addStorageFlags(sections)
}

// withStores calls use with the opened storage.
func (o *migrationOptions) withStores(ctx context.Context, use func(migration.Stores) error) (err error) {
	hostConfig, err := o.host.connect()
	if err != nil {
		return err
	}
	config := apiserver.NewConfig(Version())
	opened, err := o.storage.open(ctx, hostConfig, config.StoredKinds(), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.close()) }()
	stores, closeStores, err := newPlace(opened, config, hostConfig, o.storage.EtcdPrefix).stores()
	if err != nil {
		return err
	}
	defer closeStores()
	return use(stores)
}

// printLines prints each sentence on a line of its own.
func printLines(w io.Writer, indent string, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(w, indent+line)
	}
}
