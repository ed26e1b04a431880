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

package main

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestRunUsage(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want error
		text string // somewhere in the error
	}{
		"NoCommand":      {nil, errUsage, "name a command"},
		"UnknownCommand": {[]string{"destroy"}, errUsage, `"destroy"`},
		"UnknownFlag":    {[]string{"start", "--port=1"}, errUsage, "-port"},
		"BuildArgument":  {[]string{"build", "everything"}, errUsage, `"everything"`},
		"StartArgument":  {[]string{"start", "here"}, errUsage, `"here"`},
		"StartHelp":      {[]string{"start", "--help"}, flag.ErrHelp, ""},
		"BuildHelp":      {[]string{"build", "-h"}, flag.ErrHelp, ""},
		"HelpFlag":       {[]string{"--help"}, nil, ""},
		"HelpCommand":    {[]string{"help"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := run(t.Context(), tc.args, strings.NewReader(""), &stdout, &stderr)
			if !errors.Is(err, tc.want) {
				t.Fatalf("got error %v, want %v", err, tc.want)
			}
			if err != nil && !strings.Contains(err.Error(), tc.text) {
				t.Errorf("the error %q does not say %q", err, tc.text)
			}
			if err == nil && stdout.String() != usage {
				t.Errorf("got %q, want the usage", stdout.String())
			}
		})
	}
}
