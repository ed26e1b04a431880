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

	"github.com/spf13/pflag"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/component-base/featuregate"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register" // --logging-format=json
)

// LoggingOptions say what is logged and how.
type LoggingOptions struct {
	config *logsapi.LoggingConfiguration
	// gate has the feature gates of logging at their defaults, which allow JSON.
	gate featuregate.FeatureGate
}

func newLoggingOptions() LoggingOptions {
	gate := featuregate.NewFeatureGate()
	utilruntime.Must(logsapi.AddFeatureGates(gate))
	return LoggingOptions{config: logsapi.NewLoggingConfiguration(), gate: gate}
}

// addFlags adds the flags that every Kubernetes component has and that are not about rare formats.
func (o *LoggingOptions) addFlags(flags *pflag.FlagSet) {
	all := pflag.NewFlagSet("logging", pflag.ContinueOnError)
	logsapi.AddFlags(o.config, all)
	for _, name := range []string{"v", "vmodule", "logging-format"} {
		flags.AddFlag(all.Lookup(name))
	}
}

func (o *LoggingOptions) validate() []error {
	var errs []error
	for _, err := range logsapi.Validate(o.config, o.gate, nil) {
		errs = append(errs, fmt.Errorf("logging flags: %w", err))
	}
	return errs
}

// apply makes the process log as the options say. It can be called once.
func (o *LoggingOptions) apply() error {
	return logsapi.ValidateAndApply(o.config, o.gate)
}
