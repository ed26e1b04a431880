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
	"strings"

	"github.com/spf13/pflag"
)

// CommandLineError says all that is wrong with a command line.
type CommandLineError struct {
	// Problems are in the order of the command line, then what Options.Validate found.
	Problems []error
}

// Error implements error: one line for each problem, and where to look.
func (e *CommandLineError) Error() string {
	var b strings.Builder
	for _, problem := range e.Problems {
		fmt.Fprintln(&b, strings.ReplaceAll(problem.Error(), "\n", " "))
	}
	b.WriteString("nothing was started; see hookplane --help")
	return b.String()
}

// Unwrap gives errors.Is and errors.As each problem.
func (e *CommandLineError) Unwrap() []error {
	return e.Problems
}

// parse sets the flags from args and returns all problems, where pflag's own parsing stops at the first.
// It gives pflag one flag at a time.
func parse(flags *pflag.FlagSet, args []string) []error {
	var problems []error
	for len(args) > 0 {
		if !isFlag(args[0]) {
			problems = append(problems, fmt.Errorf("unexpected argument %q: all settings are flags", args[0]))
			args = args[1:]
			continue
		}
		consumed, err := parseOne(flags, args)
		if err != nil {
			problems = append(problems, err)
			reset(err)
		}
		args = args[consumed:]
	}
	return problems
}

// parseOne sets the flag that args begin with and returns how many arguments belong to it.
func parseOne(flags *pflag.FlagSet, args []string) (int, error) {
	err := flags.Parse(args[:1])
	var (
		valueRequired *pflag.ValueRequiredError
		unknown       *pflag.NotExistError
	)
	switch hasNext := len(args) > 1; {
	case errors.As(err, &valueRequired) && hasNext:
		return 2, flags.Parse(args[:2])
	case errors.As(err, &unknown) && hasNext && !isFlag(args[1]) && !strings.Contains(args[0], "="):
		return 2, err // what follows was meant to be its value
	default:
		return 1, err
	}
}

// reset undoes what a value that cannot be parsed did to its flag, so that it does not cause another problem.
func reset(err error) {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return
	}
	flag := invalid.GetFlag()
	if _, isSlice := flag.Value.(pflag.SliceValue); !isSlice {
		// The default is valid; if it were not, validation says so.
		_ = flag.Value.Set(flag.DefValue)
	}
}

func isFlag(arg string) bool {
	return len(arg) > 1 && strings.HasPrefix(arg, "-")
}
