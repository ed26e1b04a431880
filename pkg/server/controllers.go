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
)

// ControllerOptions say how the controllers work.
type ControllerOptions struct {
	// Workers is how many parents of one controller are synced at the same time.
	Workers int
	// FieldManager owns the fields of children that hooks set.
	FieldManager string
}

func newControllerOptions() ControllerOptions {
	return ControllerOptions{Workers: 5, FieldManager: "metacontroller"}
}

func (o *ControllerOptions) addFlags(flags *pflag.FlagSet) {
	flags.IntVar(&o.Workers, "workers", o.Workers,
		"How many parents of one controller are synced at the same time.")
	flags.StringVar(&o.FieldManager, "field-manager", o.FieldManager,
		"Field manager that owns the fields which hooks set. The default takes over what Metacontroller applied.")
}

func (o *ControllerOptions) validate() []error {
	var errs []error
	if o.Workers < 1 {
		errs = append(errs, errors.New("--workers must be at least 1"))
	}
	// What the API accepts as a field manager.
	if len(o.FieldManager) < 1 || len(o.FieldManager) > 128 {
		errs = append(errs, errors.New("--field-manager must have 1 to 128 characters"))
	}
	return errs
}
