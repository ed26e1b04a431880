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

package integration

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// controllerKinds are the kinds of the API, each with a manifest of an object that changes nothing in the cluster.
var controllerKinds = map[string]struct {
	resource, manifest string
	// change is a change of the manifest, as old and new text.
	change [2]string
}{
	"CompositeController": {
		resource: "compositecontrollers",
		manifest: `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata: {name: applied}
spec:
  parentResource: {apiVersion: absent.example.com/v1, resource: shops}
  childResources: [{apiVersion: v1, resource: pods}]
  hooks: {sync: {webhook: {url: "https://hooks.example.com/sync", timeout: 5s}}}
  endpointConfigs: [{host: hooks.example.com}]
`,
		change: [2]string{"timeout: 5s", "timeout: 6s"},
	},
	"DecoratorController": {
		resource: "decoratorcontrollers",
		manifest: `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: DecoratorController
metadata: {name: applied}
spec:
  resources: [{apiVersion: absent.example.com/v1, resource: shops}]
  attachments: [{apiVersion: v1, resource: services}]
  hooks: {sync: {webhook: {url: "https://hooks.example.com/sync", timeout: 5s}}}
  endpointConfigs: [{host: hooks.example.com}]
`,
		change: [2]string{"timeout: 5s", "timeout: 6s"},
	},
	"InitializerController": {
		resource: "initializercontrollers",
		manifest: `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: InitializerController
metadata: {name: applied}
spec:
  initializerName: applied.absent.example.com
  uninitializedResources: [{apiVersion: absent.example.com/v1, resource: shops}]
  hooks: {init: {webhook: {url: "https://hooks.example.com/init", timeout: 5s}}}
  endpointConfigs: [{host: hooks.example.com}]
`,
		change: [2]string{"timeout: 5s", "timeout: 6s"},
	},
	"ControllerRevision": {
		resource: "controllerrevisions.metacontroller.k8s.io",
		manifest: `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: ControllerRevision
metadata: {name: applied, namespace: default, labels: {step: first}}
parentPatch: {spec: {image: "shop:1"}}
children: [{apiGroup: "", kind: Pod, names: [web-0]}]
`,
		change: [2]string{"step: first", "step: second"},
	},
}

// TestExplainGolden compares all that `kubectl explain --recursive` prints with what was reviewed. After a change of the
// API, run the test with -update and review the difference.
func TestExplainGolden(t *testing.T) {
	for kind := range controllerKinds {
		t.Run(kind, func(t *testing.T) {
			got := mustKubectl(t, "", "explain", strings.ToLower(kind), "--recursive", "--api-version=metacontroller.k8s.io/v1alpha1")
			golden := filepath.Join("testdata", "explain", strings.ToLower(kind)+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("kubectl explain %s --recursive (-want +got):\n%s", kind, diff)
			}
		})
	}
}

// TestAppliesAsABuiltInKind has kubectl apply and compare an object of each kind, in both ways.
func TestAppliesAsABuiltInKind(t *testing.T) {
	for kind, tc := range controllerKinds {
		t.Run(kind, func(t *testing.T) {
			name := tc.resource + "/applied"
			t.Cleanup(func() { _, _ = kubectl(t, "", "delete", "--wait=false", name) })
			changed := strings.Replace(tc.manifest, tc.change[0], tc.change[1], 1)
			version := func() string {
				t.Helper()
				return mustKubectl(t, "", "get", name, "-o", "jsonpath={.metadata.generation} {.metadata.uid}")
			}

			expectOutput(t, "created", tc.manifest, "apply", "-f", "-")
			first := version()
			expectOutput(t, "unchanged", tc.manifest, "apply", "-f", "-")
			expectOutput(t, "serverside-applied", tc.manifest, "apply", "--server-side", "-f", "-")
			expectOutput(t, "serverside-applied", tc.manifest, "apply", "--server-side", "-f", "-")
			if again := version(); again != first {
				t.Errorf("applying the same manifest again moved generation and UID from %s to %s", first, again)
			}
			if output := mustKubectl(t, tc.manifest, "diff", "-f", "-"); output != "" {
				t.Errorf("kubectl diff finds a difference:\n%s", output)
			}
			if output := mustKubectl(t, tc.manifest, "diff", "--server-side", "-f", "-"); output != "" {
				t.Errorf("kubectl diff --server-side finds a difference:\n%s", output)
			}
			if output, err := kubectl(t, changed, "diff", "-f", "-"); err == nil || !strings.Contains(output, "+") {
				t.Errorf("kubectl diff does not see the change: %v\n%s", err, output)
			}

			output, err := kubectl(t, changed, "apply", "--server-side", "--field-manager=somebody-else", "-f", "-")
			if err == nil || !strings.Contains(output, "conflict") {
				t.Errorf("another field manager takes what somebody owns: %v\n%s", err, output)
			}
			expectOutput(t, "serverside-applied", changed, "apply", "--server-side", "--force-conflicts", "--field-manager=somebody-else", "-f", "-")
			if kind != "ControllerRevision" && version() == first {
				t.Error("a change of the spec did not move the generation")
			}
		})
	}
}

// expectOutput fails the test unless kubectl succeeds and prints the text.
func expectOutput(t *testing.T, want, stdin string, args ...string) {
	t.Helper()
	if output := mustKubectl(t, stdin, args...); !strings.Contains(output, want) {
		t.Errorf("kubectl %s prints %q, want %q in it", strings.Join(args, " "), output, want)
	}
}

// TestFieldManagersShareLists has two field managers each own one entry of a list with keys.
func TestFieldManagersShareLists(t *testing.T) {
	t.Cleanup(func() { _, _ = kubectl(t, "", "delete", "cc", "shared", "--wait=false") })
	manifest := strings.Replace(controllerKinds["CompositeController"].manifest, "applied", "shared", 1)
	mustKubectl(t, manifest, "apply", "--server-side", "-f", "-")
	mustKubectl(t, `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata: {name: shared}
spec: {endpointConfigs: [{host: other.example.com, basicAuth: {secretRef: {name: user, namespace: default}}}]}
`, "apply", "--server-side", "--field-manager=security", "-f", "-")
	mustKubectl(t, manifest, "apply", "--server-side", "-f", "-")
	got := mustKubectl(t, "", "get", "cc", "shared", "-o", "jsonpath={.spec.endpointConfigs[*].host}")
	if got != "hooks.example.com other.example.com" {
		t.Errorf("the hosts are %q, want one of each manager", got)
	}
}

func TestGetPrintsEveryKind(t *testing.T) {
	for kind, tc := range controllerKinds {
		manifest := strings.NewReplacer("applied.absent", "printed.absent", "applied", "printed").Replace(tc.manifest)
		t.Cleanup(func() { _, _ = kubectl(t, "", "delete", "--wait=false", tc.resource+"/printed") })
		if output, err := kubectl(t, manifest, "create", "-f", "-"); err != nil {
			t.Fatalf("%s: %s", kind, output)
		}
	}
	for resource, want := range map[string][]string{
		"cc":    {"NAME", "PARENT", "HOOK", "READY", "REASON", "PARENTS", "SYNCED", "FAILING", "AGE", "shops.absent.example.com", "https://hooks.example.com/sync"},
		"dec":   {"NAME", "RESOURCES", "HOOK", "READY", "REASON", "PARENTS", "SYNCED", "FAILING", "AGE", "shops.absent.example.com", "https://hooks.example.com/sync"},
		"ic":    {"NAME", "INITIALIZER", "RESOURCES", "HOOK", "READY", "REASON", "AGE", "printed.absent.example.com", "https://hooks.example.com/init"},
		"mcrev": {"NAME", "PARENT", "CHILDREN", "AGE", "printed", "1"},
	} {
		output := mustKubectl(t, "", "get", resource)
		for _, text := range want {
			if !strings.Contains(output, text) {
				t.Errorf("kubectl get %s does not print %q:\n%s", resource, text, output)
			}
		}
	}
	wide := mustKubectl(t, "", "get", "cc,dec,ic,mcrev", "-o", "wide")
	for _, text := range []string{"CHILDREN", "ATTACHMENTS", "FINALIZE", "CUSTOMIZE", "ON FAILURE", "NAMESPACES", "OBJECTS", "CONDITIONS"} {
		if !strings.Contains(wide, text) {
			t.Errorf("-o wide does not print %q:\n%s", text, wide)
		}
	}
	if all := mustKubectl(t, "", "get", "hookplane", "-o", "name"); strings.Count(all, "/printed\n") != len(controllerKinds) {
		t.Errorf("the category hookplane has:\n%s", all)
	}
	for _, name := range []string{"cctl", "decorators", "ictl", "compositecontroller", "decoratorcontroller", "initializercontroller", "controllerrevision.metacontroller.k8s.io"} {
		expectOutput(t, "printed", "", "get", name)
	}
	for resource, selector := range map[string]string{
		"cc": "spec.parentResource.resource=shops,spec.parentResource.apiVersion=absent.example.com/v1,metadata.name=printed",
		"ic": "spec.initializerName=printed.absent.example.com",
	} {
		if found := mustKubectl(t, "", "get", resource, "--field-selector", selector, "-o", "name"); !strings.HasSuffix(found, "/printed\n") {
			t.Errorf("%s with %s finds %q", resource, selector, found)
		}
	}
	if output, err := kubectl(t, "", "get", "dec", "--field-selector", "spec.resources=shops"); err == nil || !strings.Contains(output, "metadata.name") {
		t.Errorf("a field selector that is not supported: %v\n%s", err, output)
	}
}

// TestInitializerNameIsUniqueAndFixed has two objects want one name, and one object another name.
func TestInitializerNameIsUniqueAndFixed(t *testing.T) {
	manifest := func(name, initializer string) string {
		return strings.NewReplacer("applied.absent.example.com", initializer, "applied", name).Replace(controllerKinds["InitializerController"].manifest)
	}
	const initializer = "unique.absent.example.com"
	for _, name := range []string{"unique-1", "unique-2"} {
		t.Cleanup(func() { _, _ = kubectl(t, "", "delete", "ic", name, "--ignore-not-found") })
	}
	mustKubectl(t, manifest("unique-1", initializer), "create", "-f", "-")

	output, err := kubectl(t, manifest("unique-2", initializer), "create", "-f", "-")
	if want := fmt.Sprintf(`spec.initializerName: Duplicate value: %q: it is the name of InitializerController "unique-1"`, initializer); err == nil || !strings.Contains(output, want) {
		t.Errorf("a name that is taken: %v, %s; want %q", err, output, want)
	}
	output, err = kubectl(t, manifest("unique-1", "renamed.absent.example.com"), "apply", "--server-side", "--force-conflicts", "-f", "-")
	if want := "spec.initializerName: Invalid value"; err == nil || !strings.Contains(output, want) {
		t.Errorf("another name for an object: %v, %s; want %q", err, output, want)
	}
	mustKubectl(t, "", "delete", "ic", "unique-1")
	mustKubectl(t, manifest("unique-2", initializer), "create", "-f", "-")
}
