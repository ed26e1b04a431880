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
	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle"
	validatingpolicy "k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	mutatingwebhook "k8s.io/apiserver/pkg/admission/plugin/webhook/mutating"
	validatingwebhook "k8s.io/apiserver/pkg/admission/plugin/webhook/validating"
	genericoptions "k8s.io/apiserver/pkg/server/options"

	"github.com/hookplane/hookplane/admission/authz"
)

// AdmissionOptions say what is asked of those who write controllers.
type AdmissionOptions struct {
	// EscalationCheck holds authors of controllers to the rights that they hold themselves.
	EscalationCheck bool
}

func newAdmissionOptions() AdmissionOptions {
	return AdmissionOptions{EscalationCheck: true}
}

func (o *AdmissionOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.EscalationCheck, "escalation-check", o.EscalationCheck,
		"Refuse a controller whose author does not hold, in the host cluster, the rights that the controller needs: on its parents and children, and to read the Secrets and ConfigMaps that it names. With false everybody who may write controllers can do what hookplane can.")
}

// plugins selects the admission plugins: ours, and the generic ones but MutatingAdmissionPolicy. Hosts serve
// that API from Kubernetes 1.36 on only, and with an older one no write would ever be admitted.
//
// The escalation check comes when the object is final, and before anybody outside hears of it.
func (o *AdmissionOptions) plugins() *genericoptions.AdmissionOptions {
	options := genericoptions.NewAdmissionOptions()
	options.Plugins = admission.NewPlugins()
	options.RecommendedPluginOrder = nil
	for _, plugin := range []struct {
		name     string
		register func(*admission.Plugins)
		on       bool
	}{
		{lifecycle.PluginName, lifecycle.Register, true},
		{mutatingwebhook.PluginName, mutatingwebhook.Register, true},
		{authz.PluginName, authz.Register, o.EscalationCheck},
		{validatingpolicy.PluginName, validatingpolicy.Register, true},
		{validatingwebhook.PluginName, validatingwebhook.Register, true},
	} {
		if plugin.on {
			plugin.register(options.Plugins)
			options.RecommendedPluginOrder = append(options.RecommendedPluginOrder, plugin.name)
		}
	}
	return options
}
