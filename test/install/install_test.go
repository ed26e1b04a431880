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
	"strconv"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/test/cluster"
)

// TestInstall installs in each way that docs/install.md has, uses what is installed, and uninstalls.
func TestInstall(t *testing.T) {
	for _, tc := range []struct{ name, manifests string }{
		{"Kustomize", kustomize(t, "base")},
		{"Narrow", kustomize(t, "overlays", "narrow")},
		// What helm renders is compared with this file by test/packaging, which compares the roles with these, too.
		{"Helm", read(t, "artifacts", "deploy", "base", "namespace.yaml") + "---\n" + read(t, "artifacts", "deploy", "base", "roles.yaml") +
			read(t, "test", "packaging", "testdata", "helm", "default.golden.yaml")},
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

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{cluster.Root()}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// installUseUninstall does what docs/install.md says, in its order.
func installUseUninstall(t *testing.T, manifests string) {
	t.Helper()
	manifests = strings.ReplaceAll(manifests, "8443", freePort(t)) // others may use it on this machine
	startKubelet(t)
	t.Cleanup(func() { cleanUp(t) })

	mustKubectl(t, manifests, "apply", "-f", "-")
	mustKubectl(t, "", "-n", "hookplane-system", "rollout", "status", "deployment/hookplane", "--timeout="+deadline.String())
	for _, service := range []string{"v1alpha1.metacontroller.k8s.io", "v1alpha1.admission.metacontroller.k8s.io"} {
		mustKubectl(t, "", "wait", "apiservice/"+service, "--for=condition=Available", "--timeout="+deadline.String())
	}
	use(t)

	said, err := uninstall("--check")
	if err == nil {
		t.Errorf("uninstall --check succeeds while hookplane is installed")
	}
	for _, want := range []string{
		"compositecontrollers.metacontroller.k8s.io/greeting", "greetings.example.com/hello in default", "apiservices.apiregistration.k8s.io/v1alpha1.metacontroller.k8s.io",
		"compositecontrollers.storage.hookplane.dev/greeting", "deployments.apps/hookplane in hookplane-system", "namespaces/hookplane-system",
		"clusterroles.rbac.authorization.k8s.io/hookplane-server",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("uninstall --check does not name %s:\n%s", want, said)
		}
	}
	if said, err := uninstall("--yes"); err != nil {
		t.Fatalf("uninstall --yes: %v\n%s", err, said)
	}
	mustKubectl(t, manifests, "delete", "-f", "-", "--timeout="+deadline.String())
	mustKubectl(t, "", "delete", "clusterrole,clusterrolebinding", "hookplane-controllers")
	if said, err := uninstall("--check"); err != nil {
		t.Errorf("uninstall --check after the uninstallation: %v\n%s", err, said)
	}
	nothingWaits(t)
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

// use has a controller make something, with the rights that it is granted.
func use(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "controller.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(controller, "HOOK", newHook(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	rights, err := exec.CommandContext(t.Context(), env.binary, "rbac", "-f", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	mustKubectl(t, "", "apply", "-f", example("greeting-crd.yaml"))
	mustKubectl(t, string(rights), "apply", "-f", "-")
	mustKubectl(t, "", "apply", "-f", file)
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
func uninstall(mode string) (said string, err error) {
	command := exec.Command(env.binary, "uninstall", mode, "--kubeconfig="+env.controlPlane.Kubeconfig, "--timeout="+deadline.String()) //nolint:noctx // it has a limit
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

// freePort returns a port that nobody uses.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", ":0") //nolint:gosec // for a moment, to find one that is free
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
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w\n%s%s", err, output, exit.Stderr)
	}
	t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
	return ""
}
