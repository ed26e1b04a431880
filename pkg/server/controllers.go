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
	"fmt"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"

	"github.com/hookplane/hookplane/pkg/plan"
)

// ControllerOptions say how the controllers work.
type ControllerOptions struct {
	// Workers is how many parents of one controller are synced at the same time.
	Workers int
	// ApplyStrategy is how children are written: server-side-apply or dynamic-apply.
	ApplyStrategy string
	// FieldManager owns the fields of children that hooks set.
	FieldManager string
}

func newControllerOptions() ControllerOptions {
	return ControllerOptions{Workers: 5, ApplyStrategy: string(plan.ServerSideApply), FieldManager: "metacontroller"}
}

func (o *ControllerOptions) addFlags(flags *pflag.FlagSet) {
	flags.IntVar(&o.Workers, "workers", o.Workers,
		"How many parents of one controller are synced at the same time.")
	flags.StringVar(&o.ApplyStrategy, "apply-strategy", o.ApplyStrategy,
		"How children are written: server-side-apply, or dynamic-apply, which merges here what hooks set with what others did and keeps the last applied configuration in an annotation. Children that the other one wrote are adopted.")
	flags.StringVar(&o.FieldManager, fieldManagerFlag, o.FieldManager,
		"Field manager that owns the fields which hooks set. The default takes over what Metacontroller applied. May be given as --apply-strategy-ssa-field-manager too.")
}

const fieldManagerFlag = "field-manager"

// normalizeFlag lets flags be given in other spellings: with underscores, and one as Metacontroller calls it.
func normalizeFlag(flags *pflag.FlagSet, name string) pflag.NormalizedName {
	normalized := cliflag.WordSepNormalizeFunc(flags, name)
	if normalized == "apply-strategy-ssa-field-manager" {
		return fieldManagerFlag
	}
	return normalized
}

func (o *ControllerOptions) validate() []error {
	var errs []error
	if o.Workers < 1 {
		errs = append(errs, errors.New("--workers must be at least 1"))
	}
	switch plan.Strategy(o.ApplyStrategy) {
	case plan.ServerSideApply, plan.DynamicApply:
	default:
		errs = append(errs, fmt.Errorf("--apply-strategy must be %s or %s, not %q", plan.ServerSideApply, plan.DynamicApply, o.ApplyStrategy))
	}
	// What the API accepts as a field manager.
	if len(o.FieldManager) < 1 || len(o.FieldManager) > 128 {
		errs = append(errs, errors.New("--field-manager must have 1 to 128 characters"))
	}
	return errs
}
