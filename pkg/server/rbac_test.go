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
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRBACCommand(t *testing.T) {
	const composite = `{apiVersion: metacontroller.k8s.io/v1alpha1, kind: CompositeController, metadata: {name: shops}, spec: {
  parentResource: {apiVersion: example.com/v1, resource: shops}, childResources: [{apiVersion: v1, resource: pods}],
  hooks: {sync: {webhook: {url: "https://hooks.example.com/sync"}}}}}`
	folder := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, other := file("good.yaml", composite), file("README.md", "not a manifest")
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte(strings.ReplaceAll(composite, "https:", "ftp:")), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		reason    string
		args      []string
		want, err string
	}{
		"File":           {reason: "one role and its binding", args: []string{"-f", good}, want: "- pods\n"},
		"Folder":         {reason: "the manifests in it, and nothing else", args: []string{"-f", folder}, want: "name: hookplane-controllers\n"},
		"Subject":        {reason: "whom the rights are for", args: []string{"-f", good, "--service-account", "a/b", "--name", "c"}, want: "- kind: ServiceAccount\n  name: b\n  namespace: a\n"},
		"NoFile":         {reason: "there is nothing to read", err: "--filename"},
		"NoSuchFile":     {reason: "it is not there", args: []string{"-f", bad + "x"}, err: "no such file"},
		"Nothing":        {reason: "a role without rules would be a surprise", args: []string{"-f", "-"}, err: "no CompositeController, DecoratorController or InitializerController in -"},
		"Invalid":        {reason: "the API would refuse it; all files are looked at", args: []string{"-f", bad, "-f", other}, err: "must start with http:// or https://"},
		"AllFiles":       {reason: "the other file is named, too", args: []string{"-f", bad, "-f", other}, err: other},
		"ServiceAccount": {reason: "it is in a namespace", args: []string{"-f", good, "--service-account", "hookplane"}, err: `"hookplane" is not of the form NAMESPACE/NAME`},
		"Argument":       {reason: "files are flags", args: []string{good}, err: "unknown command"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := execute(t, append([]string{"rbac"}, tc.args...)...)
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("%s: the error is %v, want %q", tc.reason, err, tc.err)
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("%s: %q is not in\n%s", tc.reason, tc.want, got)
			}
		})
	}
}
