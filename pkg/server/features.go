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
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
)

// FeatureOptions switch features of the Kubernetes libraries that the server is built on.
type FeatureOptions struct {
	// Gates maps the name of a feature gate to what it is set to.
	Gates map[string]bool
}

// addFlags describes the flag shortly: the libraries know a hundred gates, whose list would drown all else.
func (o *FeatureOptions) addFlags(flags *pflag.FlagSet) {
	flags.Var(cliflag.NewMapStringBool(&o.Gates), "feature-gates",
		"Switch features of the Kubernetes API server libraries: `name=bool,...`, see https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/")
}

func (o *FeatureOptions) validate() []error {
	if err := utilfeature.DefaultMutableFeatureGate.DeepCopy().SetFromMap(o.Gates); err != nil {
		return []error{fmt.Errorf("--feature-gates: %w", err)}
	}
	return nil
}

// apply switches the gates for the process, where the libraries look.
func (o *FeatureOptions) apply() error {
	return utilfeature.DefaultMutableFeatureGate.SetFromMap(o.Gates)
}
