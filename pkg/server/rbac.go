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
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	cliflag "k8s.io/component-base/cli/flag"

	"github.com/hookplane/hookplane/pkg/manifests"
	"github.com/hookplane/hookplane/pkg/rights"
)

const rbacDescription = `Print the RBAC objects that allow hookplane what the controllers in the given manifests need, and no more:
a ClusterRole, a Role in each namespace with Secrets or ConfigMaps that hooks refer to, and their bindings.

What depends on the answers of hooks cannot be known from a manifest. It is named on the standard error.`

// rbacOptions are the flags of hookplane rbac.
type rbacOptions struct {
	files          []string
	name           string
	serviceAccount string
}

// newRBACCommand returns the command hookplane rbac.
func newRBACCommand() *cobra.Command {
	options := rbacOptions{name: "hookplane-controllers", serviceAccount: "hookplane-system/hookplane"}
	cmd := &cobra.Command{
		Use:     "rbac -f FILE...",
		Short:   "Print the rights that controllers need",
		Long:    rbacDescription,
		Example: "  hookplane rbac -f controllers.yaml | kubectl apply -f -\n  kubectl get cc,dec,ic -o yaml | hookplane rbac -f -",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return options.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	var sections cliflag.NamedFlagSets
	flags := sections.FlagSet("rbac")
	flags.StringSliceVarP(&options.files, "filename", "f", nil,
		"File or folder with manifests of controllers; - is the standard input. Objects of other kinds are passed over. Can be given several times.")
	flags.StringVar(&options.name, "name", options.name, "Name of all objects that are printed.")
	flags.StringVar(&options.serviceAccount, "service-account", options.serviceAccount,
		"ServiceAccount that hookplane runs as, as NAMESPACE/NAME.")
	cmd.Flags().AddFlagSet(flags)
	setHelp(cmd, sections)
	return cmd
}

func (o *rbacOptions) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	namespace, account, found := strings.Cut(o.serviceAccount, "/")
	switch {
	case !found || namespace == "" || account == "" || strings.Contains(account, "/"):
		return fmt.Errorf("--service-account: %q is not of the form NAMESPACE/NAME", o.serviceAccount)
	case o.name == "":
		return errors.New("--name: must not be empty")
	case len(o.files) == 0:
		return errors.New("--filename: give at least one file with manifests, or - for the standard input")
	}
	controllers, err := o.read(ctx, stdin)
	if err != nil {
		return err
	}
	if len(controllers) == 0 {
		return fmt.Errorf("no CompositeController, DecoratorController or InitializerController in %s", strings.Join(o.files, ", "))
	}
	var needed rights.Rights
	for _, controller := range controllers {
		needed.Add(controller.Object)
	}
	for _, remark := range needed.Remarks() {
		fmt.Fprintln(stderr, remark)
	}
	return printYAML(stdout, needed.Objects(o.name, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: account}))
}

// read returns the controllers of all files, or all that is wrong with them.
func (o *rbacOptions) read(ctx context.Context, stdin io.Reader) ([]manifests.Manifest, error) {
	var (
		reader      = manifests.NewReader()
		controllers []manifests.Manifest
		problems    []error
	)
	for _, name := range o.files {
		files, err := filesOf(name)
		problems = append(problems, err)
		for _, file := range files {
			found, err := readFile(ctx, reader, file, stdin)
			controllers = append(controllers, found...)
			problems = append(problems, err)
		}
	}
	return controllers, errors.Join(problems...)
}

// filesOf returns the manifests directly in a folder, as kubectl has it, or the file itself.
func filesOf(name string) ([]string, error) {
	if name == "-" {
		return []string{name}, nil
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return []string{name}, nil
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if ext := filepath.Ext(entry.Name()); !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, ext) {
			files = append(files, filepath.Join(name, entry.Name()))
		}
	}
	return files, nil
}

func readFile(ctx context.Context, reader *manifests.Reader, name string, stdin io.Reader) ([]manifests.Manifest, error) {
	if name == "-" {
		return reader.Read(ctx, "standard input", stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return reader.Read(ctx, name, file)
}

// printYAML prints one document for each object.
func printYAML(w io.Writer, objects []runtime.Object) error {
	serializer := json.NewSerializerWithOptions(json.DefaultMetaFactory, nil, nil, json.SerializerOptions{Yaml: true})
	for _, object := range objects {
		if _, err := io.WriteString(w, "---\n"); err != nil {
			return err
		}
		if err := serializer.Encode(object, w); err != nil {
			return err
		}
	}
	return nil
}
