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
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// parseOptions returns the options that args make, which must be free of mistakes.
func parseOptions(t *testing.T, args ...string) *Options {
	t.Helper()
	options := NewOptions()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.SetNormalizeFunc(normalizeFlag)
	sections := options.Flags()
	for _, name := range sections.Order {
		flags.AddFlagSet(sections.FlagSets[name])
	}
	if problems := parse(flags, args); len(problems) > 0 {
		t.Fatalf("cannot parse %q: %v", args, problems)
	}
	return options
}

func TestOptionsDefaults(t *testing.T) {
	o := parseOptions(t, "--data-dir=data")
	if errs := o.Validate(); len(errs) > 0 {
		t.Errorf("the defaults are refused: %v", errs)
	}
	want := map[string]any{
		"register": false, "keep": true, "service": "hookplane-system/hookplane", "host": "hookplane.hookplane-system.svc",
		"prefix": "/hookplane", "address": "0.0.0.0", "port": 8443, "certificateDirectory": "",
		"elect": true, "lease": "hookplane", "workers": 5, "applyStrategy": "server-side-apply", "fieldManager": "metacontroller", "resolution": "dns", "profiling": false, "escalationCheck": true,
	}
	got := map[string]any{
		"register": o.Registration.Register, "keep": o.Registration.Keep, "service": o.Registration.Service, "host": o.Registration.host(),
		"prefix": o.Storage.EtcdPrefix, "address": o.Serving.BindAddress.String(), "port": o.Serving.BindPort, "certificateDirectory": o.Serving.ServerCert.CertDirectory,
		"elect": o.LeaderElection.LeaderElect, "lease": o.LeaderElection.ResourceName, "workers": o.Controllers.Workers, "applyStrategy": o.Controllers.ApplyStrategy, "fieldManager": o.Controllers.FieldManager, "resolution": o.Hooks.ServiceResolution, "profiling": o.Debugging.Profiling, "escalationCheck": o.Admission.EscalationCheck,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the defaults differ (-want +got):\n%s", diff)
	}
}

func TestOptionsValidate(t *testing.T) {
	noCertificate := filepath.Join(t.TempDir(), "none.pem")
	if err := os.WriteFile(noCertificate, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	traces := func(config string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "tracing.yaml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		return "--tracing-config-file=" + file
	}
	const tracing = "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\n"
	// Each is added to a valid command line; want is how each error begins, nil: valid.
	cases := map[string]struct {
		args string
		want []string
	}{
		"Registration":                  {args: "--register-apiservice --apiservice-external-name=localhost --keep-apiservice=false --take-over-apiservice"},
		"ServiceWithoutNamespace":       {args: "--apiservice-service=hookplane", want: []string{"--apiservice-service must be"}},
		"ServiceNameInvalid":            {args: "--apiservice-service=ns/1x", want: []string{"--apiservice-service must be"}},
		"ExternalNameInvalid":           {args: "--register-apiservice --apiservice-external-name=a_b", want: []string{`--apiservice-external-name "a_b" is not a host name`}},
		"ExternalNameAlone":             {args: "--apiservice-external-name=localhost", want: []string{"--apiservice-external-name needs --register-apiservice"}},
		"KeepAlone":                     {args: "--keep-apiservice=false", want: []string{"--keep-apiservice=false needs --register-apiservice"}},
		"TakeOverAlone":                 {args: "--take-over-apiservice", want: []string{"--take-over-apiservice needs --register-apiservice"}},
		"AuthorityFileMissing":          {args: "--register-apiservice --apiservice-ca-file=/nonexistent", want: []string{"--apiservice-ca-file: "}},
		"AuthorityFileWithout":          {args: "--register-apiservice --apiservice-ca-file=" + noCertificate, want: []string{"--apiservice-ca-file: "}},
		"AuthorityOfCertificateMissing": {args: "--register-apiservice --tls-cert-file=a --tls-private-key-file=b", want: []string{"--apiservice-ca-file is required"}},
		"TwoStorages":                   {args: "--etcd-servers=https://etcd:2379", want: []string{"--data-dir and --etcd-servers exclude each other"}},
		"StorageUnknown":                {args: "--data-dir= --storage=paper", want: []string{`--storage must be host, embedded or etcd, not "paper"`}},
		"StorageHost":                   {args: "--data-dir= --storage=host --kubeconfig=x"},
		"StorageHostInCluster":          {args: "--data-dir="},
		"StorageNone":                   {args: "--data-dir= --kubeconfig=x", want: []string{"--storage=host, --data-dir or --etcd-servers is required"}},
		"StorageEmbedded":               {args: "--storage=embedded"},
		"StorageEmbeddedNowhere":        {args: "--data-dir= --storage=embedded", want: []string{"--storage=embedded needs --data-dir"}},
		"StorageEtcdNowhere":            {args: "--data-dir= --storage=etcd", want: []string{"--storage=etcd needs --etcd-servers"}},
		"StorageOfOther":                {args: "--storage=host", want: []string{"--data-dir is not for --storage=host"}},
		"EtcdServerInvalid":             {args: "--data-dir= --etcd-servers=etcd:2379,ftp://etcd", want: []string{`--etcd-servers: "etcd:2379"`, `--etcd-servers: "ftp://etcd"`}},
		"EtcdServers":                   {args: "--data-dir= --etcd-servers=https://a:2379,http://b:2379 --etcd-cafile=a --etcd-certfile=b --etcd-keyfile=c"},
		"EtcdCertificateAlone":          {args: "--data-dir= --etcd-servers=https://a:2379 --etcd-certfile=b", want: []string{"--etcd-certfile and --etcd-keyfile need each other"}},
		"EtcdFilesAlone":                {args: "--etcd-cafile=a", want: []string{"--etcd-cafile, --etcd-certfile and --etcd-keyfile need --etcd-servers"}},
		"PrefixRelative":                {args: "--etcd-prefix=hookplane", want: []string{"--etcd-prefix must begin with /"}},
		"PortFree":                      {args: "--secure-port=0"},
		"PortNegative":                  {args: "--secure-port=-1", want: []string{"--secure-port must be between"}},
		"ShutdownDelayNegative":         {args: "--shutdown-delay-duration=-1s", want: []string{"--shutdown-delay-duration must not be negative"}},
		"CertificateAlone":              {args: "--tls-cert-file=a", want: []string{"--tls-cert-file and --tls-private-key-file need each other"}},
		"SecretInvalid":                 {args: "--tls-secret=A_", want: []string{"--tls-secret must be"}},
		"SecretNone":                    {args: "--tls-secret="},
		"InjectedAuthority":             {args: "--register-apiservice --tls-cert-file=a --tls-private-key-file=b --apiservice-inject-ca-from=ns/cert"},
		"InjectedAuthorityAlone":        {args: "--apiservice-inject-ca-from=ns/cert", want: []string{"--apiservice-inject-ca-from needs --register-apiservice"}},
		"InjectedAuthorityInvalid":      {args: "--register-apiservice --apiservice-inject-ca-from=cert", want: []string{"--apiservice-inject-ca-from must be"}},
		"TLSVersionUnknown":             {args: "--tls-min-version=VersionTLS9", want: []string{"--tls-min-version: "}},
		"CipherSuiteUnknown":            {args: "--tls-cipher-suites=ROT13", want: []string{"--tls-cipher-suites: "}},
		"WorkersNone":                   {args: "--workers=0", want: []string{"--workers must be at least 1"}},
		"DynamicApply":                  {args: "--apply-strategy=dynamic-apply"},
		"ApplyStrategyUnknown":          {args: "--apply-strategy=magic", want: []string{`--apply-strategy must be server-side-apply or dynamic-apply, not "magic"`}},
		"FieldManagerEmpty":             {args: "--field-manager=", want: []string{"--field-manager must have"}},
		"FieldManagerLong":              {args: "--field-manager=" + strings.Repeat("x", 129), want: []string{"--field-manager must have"}},
		"LeaderElection":                {args: "--leader-elect-lease-duration=15s --leader-elect-renew-deadline=10s --leader-elect-retry-period=2s --leader-elect-resource-name=a --leader-elect-resource-namespace=b"},
		"LeaderElectionOff":             {args: "--leader-elect=false --leader-elect-lease-duration=0"},
		"RetryPeriodNone":               {args: "--leader-elect-retry-period=0", want: []string{"--leader-elect-retry-period must be positive"}},
		"RenewDeadlineShort":            {args: "--leader-elect-renew-deadline=1200ms", want: []string{"--leader-elect-renew-deadline must be more than 1.2s"}},
		"LeaseDurationShort":            {args: "--leader-elect-lease-duration=6s", want: []string{"--leader-elect-lease-duration must be more than"}},
		"LeaseDurationBroken":           {args: "--leader-elect-lease-duration=8500ms", want: []string{"--leader-elect-lease-duration must be whole seconds"}},
		"LeaseNameInvalid":              {args: "--leader-elect-resource-name=A_", want: []string{"--leader-elect-resource-name must be"}},
		"LeaseNamespaceInvalid":         {args: "--leader-elect-resource-namespace=A_", want: []string{"--leader-elect-resource-namespace must be"}},
		"ResolutionUnknown":             {args: "--hook-service-resolution=guess", want: []string{"--hook-service-resolution must be"}},
		"AllowedRanges":                 {args: "--hook-allowed-cidrs=127.0.0.0/8,::1/128"},
		"AllowedRangeInvalid":           {args: "--hook-allowed-cidrs=127.0.0.1", want: []string{`--hook-allowed-cidrs: "127.0.0.1"`}},
		"JSON":                          {args: "--logging-format=json -v=4"},
		"LoggingFormatUnknown":          {args: "--logging-format=xml", want: []string{"logging flags: format: "}},
		"Tracing":                       {args: traces(tracing + "endpoint: collector:4317\nsamplingRatePerMillion: 100")},
		"TracingFileMissing":            {args: "--tracing-config-file=/nonexistent", want: []string{`--tracing-config-file: unable to read tracing configuration from "/nonexistent"`}},
		"TracingFieldUnknown":           {args: traces(tracing + "rate: 1"), want: []string{"--tracing-config-file: unable to decode tracing configuration data: strict decoding error: unknown field"}},
		"TracingInvalid":                {args: traces(tracing + "endpoint: https://collector\nsamplingRatePerMillion: -1"), want: []string{"--tracing-config-file /", "--tracing-config-file /"}},
		"FeatureGate":                   {args: "--feature-gates=WatchList=false"},
		"FeatureGateUnknown":            {args: "--feature-gates=Telepathy=true", want: []string{"--feature-gates: "}},
		"ContentionAlone":               {args: "--contention-profiling", want: []string{"--contention-profiling needs --profiling"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := parseOptions(t, append([]string{"--data-dir=data"}, strings.Fields(tc.args)...)...)
			got := o.Validate()
			if len(got) != len(tc.want) {
				t.Fatalf("%s gives %d errors %v, want %d", tc.args, len(got), got, len(tc.want))
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(got[i].Error(), want) {
					t.Errorf("%s gives %q, want that it begins with %q", tc.args, got[i], want)
				}
			}
		})
	}
}

// TestFieldManagerAsMetacontrollerSpellsIt parses a command line that was written for Metacontroller.
func TestFieldManagerAsMetacontrollerSpellsIt(t *testing.T) {
	o := parseOptions(t, "--apply-strategy-ssa-field-manager=somebody")
	if got := o.Controllers.FieldManager; got != "somebody" {
		t.Errorf("the field manager is %q", got)
	}
}

func TestHookOptionsAllowedCIDRs(t *testing.T) {
	o := parseOptions(t, "--hook-allowed-cidrs=127.0.0.1/8", "--hook-allowed-cidrs=::1/128")
	prefixes, err := o.Hooks.allowedCIDRs()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, prefix := range prefixes {
		got = append(got, prefix.String())
	}
	if diff := cmp.Diff([]string{"127.0.0.0/8", "::1/128"}, got); diff != "" {
		t.Errorf("the ranges differ (-want +got):\n%s", diff)
	}
}

func TestAdmissionOptionsPlugins(t *testing.T) {
	for args, want := range map[string][]string{
		"":                         {"NamespaceLifecycle", "MutatingAdmissionWebhook", "EscalationCheck", "ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook"},
		"--escalation-check=false": {"NamespaceLifecycle", "MutatingAdmissionWebhook", "ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook"},
	} {
		options := parseOptions(t, strings.Fields(args)...).Admission.plugins()
		if diff := cmp.Diff(want, options.RecommendedPluginOrder); diff != "" {
			t.Errorf("the plugins with %q differ (-want +got):\n%s", args, diff)
		}
		if errs := options.Validate(); len(errs) > 0 {
			t.Errorf("the plugins with %q are refused: %v", args, errs)
		}
	}
}
