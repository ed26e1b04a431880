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
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// trailingSpace is what the help has where a flag's text begins on the next line.
var trailingSpace = regexp.MustCompile(" +\n")

// execute runs the command and returns its standard output and its error.
func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var stdout bytes.Buffer
	cmd := NewCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&stdout)
	err := cmd.ExecuteContext(t.Context())
	return stdout.String(), err
}

func TestCommandHelp(t *testing.T) {
	got, err := execute(t, "--help")
	if err != nil {
		t.Fatalf("--help: %v", err)
	}
	got = trailingSpace.ReplaceAllString(got, "\n")
	golden := filepath.Join("testdata", "help.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the help differs; if it should, run the test with -update (-want +got):\n%s", diff)
	}
	for line := range strings.Lines(got) {
		if len(strings.TrimRight(line, "\n")) > helpColumns {
			t.Errorf("the help has a line longer than %d: %q", helpColumns, line)
		}
	}
}

func TestCommandVersion(t *testing.T) {
	// Even a command line with mistakes gets it, as it does the help.
	got, err := execute(t, "--version", "--unknown")
	if err != nil {
		t.Fatalf("--version: %v", err)
	}
	if want := "hookplane " + Version() + "\n"; got != want {
		t.Errorf("--version prints %q, want %q", got, want)
	}
}

func TestCommandRefusesAllMistakesAtOnce(t *testing.T) {
	_, err := execute(t,
		"--unknown", "value", "--unknown-bool", "--workers=many", "stray", "--profiling=maybe",
		"--kubeconfig=x", "--secure-port", "99999", "--hook-service-resolution=guess", "--etcd-prefix")
	want := []string{
		`unknown flag: --unknown`,
		`unknown flag: --unknown-bool`,
		`invalid argument "many" for "--workers" flag: strconv.ParseInt: parsing "many": invalid syntax`,
		`unexpected argument "stray": all settings are flags`,
		`invalid argument "maybe" for "--profiling" flag: strconv.ParseBool: parsing "maybe": invalid syntax`,
		`flag needs an argument: --etcd-prefix`,
		`--storage=host, --data-dir or --etcd-servers is required with --kubeconfig: where to keep objects`,
		`--secure-port must be between 0 and 65535, not 99999`,
		`--hook-service-resolution must be dns or api, not "guess"`,
		`nothing was started; see hookplane --help`,
	}
	if _, ok := errors.AsType[*CommandLineError](err); !ok {
		t.Fatalf("the command gives %v, want a CommandLineError", err)
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("the problems differ (-want +got):\n%s", diff)
	}
}
