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
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/apiserver"
	"github.com/hookplane/hookplane/registry/storage/host"
	"github.com/hookplane/hookplane/registry/storage/migrate"
)

const migrateDescription = `Copies all controllers from one storage to another, as they are: with their identities,
finalizers and owners, so that no controller notices. What the source has stays there.

No server may run meanwhile: what it writes may be lost. A copy that was interrupted is
gone on with by the same command. A destination that holds something else is refused.`

// MigrateOptions say what is copied where.
type MigrateOptions struct {
	Host    HostOptions
	Storage StorageOptions
	// From and To are kinds of storage.
	From, To string
	Help     bool
}

// newStorageCommand returns the commands that work on what is stored.
func newStorageCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "storage", Short: "Work on what is stored", SilenceUsage: true, SilenceErrors: true,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what to do: hookplane storage migrate; see hookplane storage migrate --help")
		},
	}
	cmd.AddCommand(newMigrateCommand())
	return cmd
}

func newMigrateCommand() *cobra.Command {
	o := &MigrateOptions{Storage: newStorageOptions()}
	cmd := &cobra.Command{
		Use: "migrate --from=KIND --to=KIND [flags]", Short: "Copy everything from one storage to another", Long: migrateDescription,
		DisableFlagParsing: true, SilenceUsage: true, SilenceErrors: true,
	}
	sections := o.flags()
	flags := pflag.NewFlagSet("migrate", pflag.ContinueOnError)
	flags.SetNormalizeFunc(normalizeFlag)
	for _, name := range sections.Order {
		flags.AddFlagSet(sections.FlagSets[name])
	}
	setHelp(cmd, sections)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		problems := parse(flags, args)
		if o.Help {
			return cmd.Help()
		}
		if problems = append(problems, o.validate()...); len(problems) > 0 {
			return &CommandLineError{Problems: problems}
		}
		return o.run(cmd.Context(), cmd.OutOrStdout())
	}
	return cmd
}

func (o *MigrateOptions) flags() cliflag.NamedFlagSets {
	sections := cliflag.NamedFlagSets{NormalizeNameFunc: normalizeFlag}
	migration := sections.FlagSet("migration")
	migration.StringVar(&o.From, "from", "", "Where the objects are: host, embedded or etcd.")
	migration.StringVar(&o.To, "to", "", "Where they are copied to: host, embedded or etcd.")
	o.Host.addFlags(sections.FlagSet("host cluster"))
	o.Storage.addPlaceFlags(sections.FlagSet("storage"))
	sections.FlagSet("global").BoolVarP(&o.Help, "help", "h", false, "Print this text.")
	return sections
}

func (o *MigrateOptions) validate() []error {
	var errs []error
	kinds := []string{storageHost, storageEmbedded, storageEtcd}
	for _, flag := range []struct{ name, value string }{{"--from", o.From}, {"--to", o.To}} {
		if !slices.Contains(kinds, flag.value) {
			errs = append(errs, fmt.Errorf("%s must be host, embedded or etcd, not %q", flag.name, flag.value))
		}
	}
	if o.From == o.To && len(errs) == 0 {
		errs = append(errs, errors.New("--from and --to must differ"))
	}
	for _, place := range []struct {
		kind, flag string
		set        bool
	}{
		{storageEmbedded, "--data-dir", o.Storage.DataDir != ""},
		{storageEtcd, "--etcd-servers", len(o.Storage.EtcdServers) > 0},
	} {
		if used := o.From == place.kind || o.To == place.kind; used != place.set {
			errs = append(errs, fmt.Errorf("%s goes with %s as --from or --to", place.flag, place.kind))
		}
	}
	return append(errs, o.Storage.validateEtcd()...)
}

func (o *MigrateOptions) run(ctx context.Context, stdout io.Writer) (err error) {
	hostConfig, err := o.hostConfig()
	if err != nil {
		return err
	}
	config := apiserver.NewConfig(Version())
	from, err := o.open(ctx, o.From, config, hostConfig)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	to, err := o.open(ctx, o.To, config, hostConfig)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.close()) }()
	for _, kind := range config.StoredKinds() {
		result, err := migrateKind(ctx, from, to, kind)
		if err != nil {
			return fmt.Errorf("cannot migrate %s: %w", kind.Resource.Resource, err)
		}
		fmt.Fprintf(stdout, "%s: %d copied, %d there already\n", kind.Resource.Resource, result.Copied, result.Present)
	}
	return nil
}

// hostConfig leads to the host cluster, if that is a place to copy from or to.
func (o *MigrateOptions) hostConfig() (*rest.Config, error) {
	if o.From != storageHost && o.To != storageHost {
		return nil, nil
	}
	return o.Host.connect()
}

func (o *MigrateOptions) open(ctx context.Context, kind string, config *apiserver.Config, hostConfig *rest.Config) (*place, error) {
	options := o.Storage
	options.Storage = kind
	opened, err := options.open(ctx, hostConfig, config.StoredKinds(), o.Host.inCluster())
	if err != nil {
		return nil, err
	}
	return newPlace(opened, config, hostConfig, options.EtcdPrefix), nil
}

// place is a storage to copy from or to.
type place struct {
	*storage
	config     *apiserver.Config
	hostConfig *rest.Config
	prefix     string
}

func migrateKind(ctx context.Context, from, to *place, kind apiserver.StoredKind) (migrate.Result, error) {
	source, closeSource, err := from.side(kind)
	if err != nil {
		return migrate.Result{}, err
	}
	defer closeSource()
	target, closeTarget, err := to.side(kind)
	if err != nil {
		return migrate.Result{}, err
	}
	defer closeTarget()
	return migrate.Copy(ctx, source, target, kind.New, kind.NewList)
}

// side opens the storage of one kind, without a cache.
func (p *place) side(kind apiserver.StoredKind) (migrate.Side, func(), error) {
	prefix := "/" + kind.Resource.Group + "/" + kind.Resource.Resource
	backend := p.backend(p.config, p.prefix)
	if p.host {
		store, err := host.New(host.Config{
			Host: p.hostConfig, Kind: recordKind(kind), ResourcePrefix: prefix, NewFunc: kind.New,
			Codec: backend.Codec, Transformer: identity.NewEncryptCheckTransformer(), Clock: clock.RealClock{},
		})
		return migrate.Side{Storage: store, Prefix: prefix}, func() {}, err
	}
	store, destroy, err := factory.Create(*backend.ForResource(kind.Resource), kind.New, kind.NewList, prefix)
	return migrate.Side{Storage: store, Prefix: prefix}, destroy, err
}
