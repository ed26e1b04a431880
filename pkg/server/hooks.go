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
	"net/netip"

	"github.com/spf13/pflag"

	"github.com/hookplane/hookplane/pkg/hook/webhook"
)

// HookOptions say how hooks are reached.
type HookOptions struct {
	// ServiceResolution says where the address of a hook given as a Service comes from: dns or api.
	ServiceResolution string
	// AllowedCIDRs are special address ranges that hooks may be in.
	AllowedCIDRs []string
}

func newHookOptions() HookOptions {
	return HookOptions{ServiceResolution: string(webhook.ResolveDNS)}
}

func (o *HookOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.ServiceResolution, "hook-service-resolution", o.ServiceResolution,
		"Where the address of a hook given as a Service comes from: dns, or api, which asks the host cluster and works outside of it too.")
	flags.StringSliceVar(&o.AllowedCIDRs, "hook-allowed-cidrs", o.AllowedCIDRs,
		"Address ranges that hooks may be in although they are link-local, loopback or of a cloud's metadata service, for example 127.0.0.0/8,::1/128. No others of these are called.")
}

func (o *HookOptions) validate() []error {
	var errs []error
	switch webhook.ServiceResolution(o.ServiceResolution) {
	case webhook.ResolveDNS, webhook.ResolveAPI:
	default:
		errs = append(errs, fmt.Errorf("--hook-service-resolution must be %s or %s, not %q", webhook.ResolveDNS, webhook.ResolveAPI, o.ServiceResolution))
	}
	if _, err := o.allowedCIDRs(); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// allowedCIDRs returns the ranges in the form that addresses are compared with.
func (o *HookOptions) allowedCIDRs() ([]netip.Prefix, error) {
	prefixes := make([]netip.Prefix, 0, len(o.AllowedCIDRs))
	for _, cidr := range o.AllowedCIDRs {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			return nil, fmt.Errorf("--hook-allowed-cidrs: %q is not an address range such as 127.0.0.0/8", cidr)
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}
