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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMigrateRefuses(t *testing.T) {
	cases := map[string]struct {
		args string
		want []string
	}{
		"Nothing":       {"", []string{`--from must be host, embedded or etcd, not ""`, `--to must be host, embedded or etcd, not ""`}},
		"Same":          {"--from=host --to=host", []string{"--from and --to must differ"}},
		"FolderMissing": {"--from=embedded --to=host", []string{"--data-dir goes with embedded as --from or --to"}},
		"FolderUnused":  {"--from=etcd --to=host --etcd-servers=http://a:2379 --data-dir=x", []string{"--data-dir goes with embedded as --from or --to"}},
		"EtcdMissing":   {"--from=host --to=etcd", []string{"--etcd-servers goes with etcd as --from or --to"}},
		"EtcdInvalid":   {"--from=host --to=etcd --etcd-servers=a", []string{`--etcd-servers: "a" is not a URL such as https://etcd-0:2379`}},
		"Stray":         {"--from=host --to=embedded --data-dir=x all", []string{`unexpected argument "all": all settings are flags`}},
		"Unknown":       {"--from=host --to=embedded --data-dir=x --all", []string{"unknown flag: --all"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := execute(t, append([]string{"storage", "migrate"}, strings.Fields(tc.args)...)...)
			refusal, ok := errors.AsType[*CommandLineError](err)
			if !ok {
				t.Fatalf("the command gives %v, want a CommandLineError", err)
			}
			var got []string
			for _, problem := range refusal.Problems {
				got = append(got, problem.Error())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("the problems differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMigrateHelp(t *testing.T) {
	help, err := execute(t, "storage", "migrate", "--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{migrateDescription, "--from string", "--to string", "--kubeconfig string", "--data-dir string"} {
		if !strings.Contains(help, want) {
			t.Errorf("the help does not say %q:\n%s", want, help)
		}
	}
	if strings.Contains(help, "--workers") {
		t.Errorf("the help has flags of the server:\n%s", help)
	}
}

func TestStorageWithoutCommand(t *testing.T) {
	if _, err := execute(t, "storage"); err == nil || !strings.Contains(err.Error(), "hookplane storage migrate") {
		t.Errorf("hookplane storage gives %v", err)
	}
}
