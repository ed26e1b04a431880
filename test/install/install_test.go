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

package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/test/cluster"
)

// TestDocumented does what docs/install.md says, line by line.
func TestDocumented(t *testing.T) {
	folder := newFolder(t)
	startKubelet(t, folder.binary)
	t.Cleanup(func() { cleanUp(t) })
	controllers := filepath.Join(folder.path, "controllers.yaml")
	if err := os.WriteFile(controllers, []byte(strings.ReplaceAll(controller, "HOOK", newHook(t))), 0o600); err != nil {
		t.Fatal(err)
	}

	for _, line := range folder.lines("Install") {
		folder.mustRun(line)
	}
	use(t, controllers)
	lines := folder.lines("Uninstall")
	said, err := folder.run(lines[0])
	checkNames(t, said, err)
	for _, line := range lines[1:] {
		folder.mustRun(line)
	}
	nothingWaits(t)
}

// TestInstall installs in the other ways that docs/install.md has, uses what is installed, and uninstalls.
func TestInstall(t *testing.T) {
	for _, tc := range []struct{ name, manifests string }{
		{"Narrow", kustomize(t, "overlays", "narrow")},
		{"Helm", helm(t)},
	} {
		t.Run(tc.name, func(t *testing.T) { installUseUninstall(t, tc.manifests) })
	}
}

// TestHighAvailability has kube-apiserver judge the overlay that needs two nodes to run.
func TestHighAvailability(t *testing.T) {
	mustKubectl(t, "", "create", "namespace", "hookplane-system") // objects in a namespace that is not there are not judged
	mustKubectl(t, kustomize(t, "overlays", "high-availability"), "apply", "--dry-run=server", "-f", "-")
	mustKubectl(t, "", "delete", "namespace", "hookplane-system", "--timeout="+deadline.String())
}

// kustomize renders a folder of artifacts/deploy with kubectl, as kubectl apply -k does.
func kustomize(t *testing.T, folder ...string) string {
	t.Helper()
	return mustKubectl(t, "", "kustomize", filepath.Join(append([]string{cluster.Root(), "artifacts", "deploy"}, folder...)...))
}

// helm returns what the chart installs: what test/packaging expects it to render, and the roles of the base, which that test has it
// render, too. The namespace is made by helm itself.
func helm(t *testing.T) string {
	t.Helper()
	documents := strings.Split(kustomize(t, "base"), "\n---\n")
	documents = slices.DeleteFunc(documents, func(document string) bool {
		return !strings.Contains(document, "apiVersion: rbac.") && !strings.Contains(document, "kind: Namespace\n")
	})
	rendered, err := os.ReadFile(filepath.Join(cluster.Root(), "test", "packaging", "testdata", "helm", "default.golden.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append(documents, string(rendered)), "\n---\n")
}

// installUseUninstall does with manifests what docs/install.md says of a folder.
func installUseUninstall(t *testing.T, manifests string) {
	t.Helper()
	manifests = strings.ReplaceAll(manifests, port, freePort(t))
	startKubelet(t, env.binary)
	t.Cleanup(func() { cleanUp(t) })
	controllers := filepath.Join(t.TempDir(), "controllers.yaml")
	if err := os.WriteFile(controllers, []byte(strings.ReplaceAll(controller, "HOOK", newHook(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	rights, err := exec.CommandContext(t.Context(), env.binary, "rbac", "-f", controllers).Output()
	if err != nil {
		t.Fatal(err)
	}

	mustKubectl(t, manifests, "apply", "-f", "-")
	for _, condition := range []string{"create", "condition=Available"} {
		mustKubectl(t, "", "wait", "apiservice/v1alpha1.metacontroller.k8s.io", "--for="+condition, "--timeout="+deadline.String())
	}
	mustKubectl(t, string(rights), "apply", "-f", "-")
	use(t, controllers)
	said, err := uninstall("--check")
	checkNames(t, said, err)
	if said, err := uninstall("--yes", "--namespace=elsewhere"); err == nil || !strings.Contains(said, "--namespace=hookplane-system") {
		t.Errorf("uninstall in a namespace without servers: %v\n%s", err, said)
	}
	if said, err := uninstall("--yes"); err != nil {
		t.Fatalf("uninstall --yes: %v\n%s", err, said)
	}
	mustKubectl(t, manifests, "delete", "-f", "-", "--ignore-not-found", "--timeout="+deadline.String()) // some are gone
	mustKubectl(t, string(rights), "delete", "-f", "-")
	if said, err := uninstall("--check"); err != nil {
		t.Errorf("uninstall --check after the uninstallation: %v\n%s", err, said)
	}
	nothingWaits(t)
}

// checkNames makes sure that uninstall --check has named what of an installation that is used there is.
func checkNames(t *testing.T, said string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("uninstall --check succeeds while hookplane is installed")
	}
	for _, want := range []string{
		"compositecontrollers.metacontroller.k8s.io/greeting", "greetings.example.com/hello in default", "apiservices.apiregistration.k8s.io/v1alpha1.metacontroller.k8s.io",
		"compositecontrollers.storage.hookplane.dev/greeting", "deployments.apps/hookplane in hookplane-system", "namespaces/hookplane-system",
		"clusterroles.rbac.authorization.k8s.io/hookplane-server", "clusterroles.rbac.authorization.k8s.io/hookplane-controllers",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("uninstall --check does not name %s:\n%s", want, said)
		}
	}
}

// controller has ConfigMaps made for greetings, and a finalizer put on them.
const controller = `
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata:
  name: greeting
spec:
  parentResource: {apiVersion: example.com/v1, resource: greetings}
  childResources:
  - {apiVersion: v1, resource: configmaps, updateStrategy: {method: InPlace}}
  generateSelector: true
  hooks:
    sync: {webhook: {url: "HOOK"}}
    finalize: {webhook: {url: "HOOK"}}
`

// use has a controller make something, with the rights that it was granted.
func use(t *testing.T, controllers string) {
	t.Helper()
	mustKubectl(t, "", "-n", "hookplane-system", "rollout", "status", "deployment/hookplane", "--timeout="+deadline.String())
	mustKubectl(t, "", "apply", "-f", example("greeting-crd.yaml"))
	mustKubectl(t, "", "apply", "-f", controllers)
	mustKubectl(t, "", "wait", "cc/greeting", "--for=condition=Ready", "--timeout="+deadline.String())
	mustKubectl(t, "", "apply", "-f", example("greeting-hello.yaml"))
	mustKubectl(t, "", "wait", "configmap/hello", "--for=create", "--timeout="+deadline.String())
}

// nothingWaits makes sure that what the controllers worked on can be deleted, and so can a namespace.
func nothingWaits(t *testing.T) {
	t.Helper()
	if _, err := env.kubernetes.CoreV1().Namespaces().Get(t.Context(), "hookplane-system", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace hookplane-system: %v, want it gone", err)
	}
	hello, err := env.dynamic.Resource(greetings).Namespace("default").Get(t.Context(), "hello", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if finalizers := hello.GetFinalizers(); len(finalizers) > 0 {
		t.Errorf("the parent has the finalizers %v", finalizers)
	}
	mustKubectl(t, "", "create", "namespace", "after")
	mustKubectl(t, "", "delete", "namespace", "after", "--timeout="+deadline.String())
	mustKubectl(t, "", "delete", "greeting", "hello", "--timeout="+deadline.String())
}

var greetings = schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "greetings"}

// newHook answers every request with one ConfigMap, and returns where.
func newHook(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Finalizing bool
			Parent     struct{ Metadata struct{ Name string } }
		}
		err := json.NewDecoder(r.Body).Decode(&request)
		if err == nil {
			err = json.NewEncoder(w).Encode(map[string]any{"finalized": request.Finalizing, "children": []any{map[string]any{
				"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": request.Parent.Metadata.Name},
			}}})
		}
		if err != nil {
			t.Error(err)
		}
	}))
	listener, err := net.Listen("tcp", net.JoinHostPort(env.address.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	_ = server.Listener.Close() // it was for loopback
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// uninstall runs hookplane uninstall as an administrator.
func uninstall(flags ...string) (said string, err error) {
	args := append([]string{"uninstall", "--kubeconfig=" + env.controlPlane.Kubeconfig, "--timeout=" + deadline.String()}, flags...)
	command := exec.Command(env.binary, args...) // it has a limit
	output, err := command.CombinedOutput()
	return string(output), err
}

// cleanUp makes room for the next test after a failure.
func cleanUp(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	said, err := uninstall("--yes")
	t.Logf("cleaned up: %v\n%s", err, said)
}

func example(file string) string {
	return filepath.Join(cluster.Root(), "artifacts", "examples", "greeting", file)
}

// port is where hookplane serves by the manifests. On this machine others may use it, or want to.
const port = "8443"

// freePort returns a port that nobody uses.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", ":0") // for a moment, to find one that is free
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// mustKubectl runs kubectl as an administrator and returns what it printed.
func mustKubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), env.controlPlane.Kubectl, append([]string{"--kubeconfig=" + env.controlPlane.Kubeconfig}, args...)...)
	command.Stdin = strings.NewReader(stdin)
	output, err := command.Output()
	if err == nil {
		return string(output)
	}
	if exit, isExit := errors.AsType[*exec.ExitError](err); isExit {
		err = fmt.Errorf("%w\n%s%s", err, output, exit.Stderr)
	}
	t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
	return ""
}
