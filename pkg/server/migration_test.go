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
	"strings"
	"testing"
)

func TestMigrationHelp(t *testing.T) {
	for name, wants := range map[string][]string{
		"":         {migrationDescription},
		"plan":     {planDescription, "--kubeconfig string"},
		"copy":     {copyDescription, "--kubeconfig string", "--replace", "--assume-stopped", "--storage string", "--data-dir string"},
		"rollback": {rollbackDescription, "--storage string"},
		"finish":   {finishDescription, "--kubeconfig string"},
	} {
		t.Run(name, func(t *testing.T) {
			help, err := execute(t, append([]string{"migrate"}, append(strings.Fields(name), "--help")...)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range wants {
				if !strings.Contains(help, want) {
					t.Errorf("the help does not say %q:\n%s", want, help)
				}
			}
			for line := range strings.Lines(help) {
				if len(strings.TrimRight(line, "\n")) > helpColumns {
					t.Errorf("the help has a line longer than %d: %q", helpColumns, line)
				}
			}
		})
	}
}

func TestMigrationRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ reason, args, want string }{
		"Nothing":  {"which step it is must be said", "", "say what to do"},
		"Unknown":  {"a step that there is not", "back", "unknown command"},
		"Argument": {"all settings are flags", "plan --kubeconfig=x all", `unexpected argument "all"`},
		"Flag":     {"planning needs no storage", "plan --storage=host", "unknown flag: --storage"},
		"Storage":  {"a storage needs its place", "copy --kubeconfig=x --storage=embedded", "--storage=embedded needs --data-dir"},
		"Outside":  {"there is no cluster", "plan", "--kubeconfig is required outside of a cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBERNETES_SERVICE_HOST", "")
			_, err := execute(t, append([]string{"migrate"}, strings.Fields(tc.args)...)...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: the command gives %v, want %q", tc.reason, err, tc.want)
			}
		})
	}
}
