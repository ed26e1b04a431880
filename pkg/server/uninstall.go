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
	"time"

	"github.com/spf13/cobra"
	cliflag "k8s.io/component-base/cli/flag"

	"github.com/hookplane/hookplane/pkg/uninstall"
)

const uninstallDescription = `Take hookplane out of a cluster so that nothing is left behind and nothing waits for it.

With --yes, while the server runs: deletes all controllers and waits until they have taken
their finalizers off everybody's objects, then stops the server, and removes what registers
it and what it stored. Parents and children stay. What was installed from manifests is left
for kubectl delete or helm uninstall. Can be repeated when it failed.

With --check: changes nothing, prints what of hookplane is in the cluster, and fails when
there is something.

Both act with the rights of --kubeconfig, which must be those of an administrator.`

const uninstallTimeout = 5 * time.Minute

// uninstallOptions are the flags of hookplane uninstall.
type uninstallOptions struct {
	host       HostOptions
	namespace  string
	timeout    time.Duration
	check, yes bool
}

// newUninstallCommand returns the command hookplane uninstall.
func newUninstallCommand() *cobra.Command {
	options := uninstallOptions{namespace: "hookplane-system", timeout: uninstallTimeout}
	cmd := &cobra.Command{
		Use:     "uninstall --check|--yes",
		Short:   "Take hookplane out of a cluster, or tell what of it is there",
		Long:    uninstallDescription,
		Example: "  hookplane uninstall --kubeconfig ~/.kube/config --yes\n  kubectl delete -k artifacts/deploy/base\n  hookplane uninstall --kubeconfig ~/.kube/config --check",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return options.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	var sections cliflag.NamedFlagSets
	flags := sections.FlagSet("uninstall")
	flags.BoolVar(&options.check, "check", false, "Print what of hookplane is in the cluster, and fail when there is something.")
	flags.BoolVar(&options.yes, "yes", false, "Delete all controllers, stop the server, remove what registers it and what it stored.")
	flags.StringVar(&options.namespace, "namespace", options.namespace, "Namespace of the server.")
	flags.DurationVar(&options.timeout, "timeout", options.timeout, "How long everything may take.")
	options.host.addFlags(sections.FlagSet("host cluster"))
	for _, set := range sections.FlagSets {
		cmd.Flags().AddFlagSet(set)
	}
	setHelp(cmd, sections)
	return cmd
}

func (o *uninstallOptions) run(ctx context.Context, stdout io.Writer) error {
	if o.check == o.yes {
		return errors.New("give either --check, to see what of hookplane is in the cluster, or --yes, to remove it")
	}
	config, err := o.host.connect()
	if err != nil {
		return err
	}
	uninstaller, err := uninstall.New(config, o.namespace, stdout)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("it took longer than --timeout=%s", o.timeout))
	defer cancel()
	if o.yes {
		if err := uninstaller.Run(ctx); err != nil {
			return err
		}
	}
	return o.report(ctx, uninstaller, stdout)
}

// report prints what is there. That is an error, if only manifests are left after --yes it is none.
func (o *uninstallOptions) report(ctx context.Context, uninstaller *uninstall.Uninstaller, stdout io.Writer) error {
	remains, err := uninstaller.Find(ctx)
	if err != nil {
		return err
	}
	remains.Print(stdout)
	n := remains.Count()
	if o.yes {
		n -= remains.Count(uninstall.Manifest)
	}
	switch {
	case n > 0:
		return fmt.Errorf("%d objects remain; see docs/install.md, Uninstall", n)
	case len(remains.Unseen) > 0:
		return fmt.Errorf("%d resource types could not be looked at", len(remains.Unseen))
	case o.yes:
		fmt.Fprintln(stdout, "hookplane is stopped and left nothing; now remove what you installed, with kubectl delete or helm uninstall")
	default:
		fmt.Fprintln(stdout, "nothing of hookplane is in the cluster")
	}
	return nil
}
