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
	"errors"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
)

// Options are what the command line sets, one field for each group of flags.
type Options struct {
	Host           HostOptions
	Registration   RegistrationOptions
	Storage        StorageOptions
	Serving        *ServingOptions
	Admission      AdmissionOptions
	Controllers    ControllerOptions
	LeaderElection LeaderElectionOptions
	Hooks          HookOptions
	Logging        LoggingOptions
	Tracing        TracingOptions
	Features       FeatureOptions
	Debugging      DebuggingOptions

	// Help and Version ask for a text instead of a server.
	Help, Version bool
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	return &Options{
		Registration:   newRegistrationOptions(),
		Storage:        newStorageOptions(),
		Serving:        newServingOptions(),
		Admission:      newAdmissionOptions(),
		Controllers:    newControllerOptions(),
		LeaderElection: newLeaderElectionOptions(),
		Hooks:          newHookOptions(),
		Logging:        newLoggingOptions(),
	}
}

// Flags returns the flags that set the options, grouped by what they are for, in the order of the help.
func (o *Options) Flags() cliflag.NamedFlagSets {
	sections := cliflag.NamedFlagSets{NormalizeNameFunc: normalizeFlag}
	for _, section := range []struct {
		name string
		add  func(*pflag.FlagSet)
	}{
		{"host cluster", o.Host.addFlags},
		{"registration", o.Registration.addFlags},
		{"storage", o.Storage.addFlags},
		{"serving", o.Serving.addFlags},
		{"admission", o.Admission.addFlags},
		{"controller", o.Controllers.addFlags},
		{"leader election", o.LeaderElection.addFlags},
		{"hook", o.Hooks.addFlags},
		{"logging", o.Logging.addFlags},
		{"tracing", o.Tracing.addFlags},
		{"feature gate", o.Features.addFlags},
		{"debugging", o.Debugging.addFlags},
		{"global", o.addGlobalFlags},
	} {
		section.add(sections.FlagSet(section.name))
	}
	return sections
}

func (o *Options) addGlobalFlags(flags *pflag.FlagSet) {
	flags.BoolVarP(&o.Help, "help", "h", false, "Print this text.")
	flags.BoolVar(&o.Version, "version", false, "Print the version.")
}

// Validate returns all that is wrong with the options, without looking beyond this machine.
func (o *Options) Validate() []error {
	var errs []error
	errs = append(errs, o.Registration.validate()...)
	errs = append(errs, o.Storage.validate(o.Host.inCluster())...)
	errs = append(errs, o.Serving.validate()...)
	errs = append(errs, o.Controllers.validate()...)
	errs = append(errs, o.LeaderElection.validate()...)
	errs = append(errs, o.Hooks.validate()...)
	errs = append(errs, o.Logging.validate()...)
	errs = append(errs, o.Tracing.validate()...)
	errs = append(errs, o.Features.validate()...)
	errs = append(errs, o.Debugging.validate()...)
	if o.Registration.Register && o.Serving.ServerCert.CertKey.CertFile != "" && o.Registration.CAFile == "" && o.Registration.InjectCAFrom == "" {
		errs = append(errs, errors.New("--apiservice-ca-file is required with --register-apiservice and --tls-cert-file: kube-apiserver verifies the certificate with it. With cert-manager, --apiservice-inject-ca-from can take its place"))
	}
	return errs
}

// sharesCertificate reports whether the serving certificate is one of all replicas. With an external name there is one server, and
// maybe no namespace yet; without a registration nobody would hear of its authority.
func (o *Options) sharesCertificate() bool {
	return o.Registration.Register && o.Registration.ExternalName == "" && o.Serving.ServerCert.CertKey.CertFile == "" && o.Serving.Secret != ""
}
