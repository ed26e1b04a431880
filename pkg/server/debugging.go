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

// DebuggingOptions open the server for a look inside.
type DebuggingOptions struct {
	// Profiling serves /debug/pprof to whom the host cluster authorizes.
	Profiling bool
	// ContentionProfiling also records where goroutines wait for locks, which costs time.
	ContentionProfiling bool
}

func (o *DebuggingOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.Profiling, "profiling", o.Profiling,
		"Serve profiles at /debug/pprof/ to clients that may get that path.")
	flags.BoolVar(&o.ContentionProfiling, "contention-profiling", o.ContentionProfiling,
		"Profile where goroutines wait for locks too; needs --profiling.")
}

func (o *DebuggingOptions) validate() []error {
	if o.ContentionProfiling && !o.Profiling {
		return []error{errors.New("--contention-profiling needs --profiling")}
	}
	return nil
}
