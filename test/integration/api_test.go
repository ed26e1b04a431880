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
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

func TestAPIServiceIsAvailable(t *testing.T) {
	got := mustKubectl(t, "", "get", "apiservice", "v1alpha1.metacontroller.k8s.io", "-o", `jsonpath={.status.conditions[?(@.type=="Available")].status}`)
	if got != "True" {
		t.Errorf("Available is %q", got)
	}
}

// TestExplainListsEveryField compares what kubectl explains with the Go types.
func TestExplainListsEveryField(t *testing.T) {
	explained := mustKubectl(t, "", "explain", "compositecontroller", "--recursive")
	for _, field := range jsonFields(reflect.TypeFor[v1alpha1.CompositeController](), map[reflect.Type]bool{}) {
		if !regexp.MustCompile(`(?m)^\s*` + field + `\t`).MatchString(explained) {
			t.Errorf("kubectl explain --recursive does not list %s", field)
		}
	}
	for _, path := range []string{
		"spec", "spec.hooks", "spec.hooks.sync.webhook.responseUnMarshallMode", "spec.childResources.updateStrategy.method", "status.parents",
	} {
		text := mustKubectl(t, "", "explain", "compositecontroller."+path)
		if !regexp.MustCompile(`DESCRIPTION:\n\s+\S+ \S+`).MatchString(text) {
			t.Errorf("compositecontroller.%s is not explained:\n%s", path, text)
		}
	}
}

// jsonFields returns the names of all fields below a type of our own API.
func jsonFields(typ reflect.Type, seen map[reflect.Type]bool) []string {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || seen[typ] || !strings.HasPrefix(typ.PkgPath(), "github.com/hookplane/") {
		return nil
	}
	seen[typ] = true
	var names []string
	for field := range typ.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
		names = append(names, jsonFields(field.Type, seen)...)
	}
	return names
}

func TestGetShowsColumns(t *testing.T) {
	kind := newKind(t, "tabular")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook)
	namespace := newNamespace(t)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, compositeControllers, "", kind.Resource, "1", "status", "parents", "synced")
	wide := mustKubectl(t, "", "get", "cc", kind.Resource, "-o", "wide")
	for _, want := range []string{"NAME", "PARENT", "READY", "PARENTS", "AGE", kind.Resource, "True", "configmaps", hook.URL()} {
		if !strings.Contains(wide, want) {
			t.Errorf("kubectl get cc -o wide does not show %q:\n%s", want, wide)
		}
	}
	for _, name := range []string{"cctl", "compositecontroller", "hookplane"} {
		if got := mustKubectl(t, "", "get", name); !strings.Contains(got, kind.Resource) {
			t.Errorf("kubectl get %s does not show the controller:\n%s", name, got)
		}
	}
	selected := mustKubectl(t, "", "get", "cc", "--field-selector", "spec.parentResource.resource="+kind.Resource, "-o", "name")
	if strings.Count(selected, "\n") != 1 {
		t.Errorf("the field selector finds:\n%s", selected)
	}
}

func TestWrongManifests(t *testing.T) {
	valid := object{
		"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "CompositeController",
		"metadata": object{"name": "wrong"},
		"spec": object{
			"parentResource": object{"apiVersion": "example.com/v1", "resource": "things"},
			"childResources": []any{object{"apiVersion": "v1", "resource": "pods"}},
			"hooks":          object{"sync": object{"webhook": object{"url": "http://hook.example.com/sync"}}},
		},
	}
	for name, tc := range map[string]struct {
		change func(spec object)
		want   string
	}{
		"UnknownField": {
			change: func(spec object) { spec["generateSelektor"] = true },
			want:   `unknown field "spec.generateSelektor"`,
		},
		"WrongType": {
			change: func(spec object) { spec["resyncPeriodSeconds"] = "soon" },
			want:   "resyncPeriodSeconds",
		},
		"NoScheme": {
			change: func(spec object) { spec["hooks"] = object{"sync": object{"webhook": object{"url": "hook/sync"}}} },
			want:   "spec.hooks.sync.webhook.url: Invalid value",
		},
		"NoExecutor": {
			change: func(spec object) { spec["hooks"] = object{"sync": object{"webhook": object{}}} },
			want:   "spec.hooks.sync.webhook: Required value",
		},
		"NoDuration": {
			change: func(spec object) {
				spec["hooks"] = object{"sync": object{"webhook": object{"url": "http://x/", "timeout": "abc"}}}
			},
			want: `spec.hooks.sync.webhook.timeout: Invalid value: "abc"`,
		},
		"DuplicateChild": {
			change: func(spec object) {
				spec["childResources"] = []any{object{"apiVersion": "v1", "resource": "pods"}, object{"apiVersion": "v1", "resource": "pods"}}
			},
			want: "spec.childResources[1]: Duplicate value",
		},
		"BadMethod": {
			change: func(spec object) {
				spec["childResources"] = []any{object{"apiVersion": "v1", "resource": "pods", "updateStrategy": object{"method": "Sometimes"}}}
			},
			want: "spec.childResources[0].updateStrategy.method: Unsupported value",
		},
		"ResourceAndResources": {
			change: func(spec object) {
				spec["childResources"] = []any{object{"apiVersion": "v1", "resource": "pods", "resources": []any{"pods"}}}
			},
			want: "spec.childResources[0].resources",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var manifest object
			text, err := json.Marshal(valid)
			if err == nil {
				err = json.Unmarshal(text, &manifest)
			}
			if err != nil {
				t.Fatal(err)
			}
			tc.change(nested[object](manifest, "spec"))
			if text, err = json.Marshal(manifest); err != nil {
				t.Fatal(err)
			}
			output, err := kubectl(t, string(text), "create", "-f", "-")
			if err == nil {
				mustKubectl(t, "", "delete", "cc", "wrong")
				t.Fatalf("the manifest was accepted:\n%s", output)
			}
			if !strings.Contains(output, tc.want) {
				t.Errorf("kubectl says %q, want %q in it", output, tc.want)
			}
		})
	}
}

// TestManifestOf2018 applies the seed's controller as it is: it works, and kubectl prints what to write today.
func TestManifestOf2018(t *testing.T) {
	path := example("ecommerce", "ecommerce-controller.yaml")
	t.Cleanup(func() { _, _ = kubectl(t, "", "delete", "cc", "ecommerce-ctrl") })
	output := mustKubectl(t, "", "apply", "-f", path)
	for _, want := range []string{"spec.childResources[0].resources", "spec.clientConfig", "spec.hooks.sync.path"} {
		if !strings.Contains(output, "Warning: ") || !strings.Contains(output, want) {
			t.Errorf("there is no warning about %s:\n%s", want, output)
		}
	}
	read := func() *v1alpha1.CompositeController {
		t.Helper()
		controller, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(t.Context(), "ecommerce-ctrl", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return controller
	}
	first := read()
	if rules := first.Spec.ChildResources; len(rules) != 1 || rules[0].Resource != "pods" || rules[0].Resources != nil {
		t.Errorf("childResources read back as %+v, want today's form", rules)
	}
	webhook := first.Spec.Hooks.Sync.Webhook
	if webhook == nil || webhook.Service == nil || webhook.Service.Name != "ecommerce-ctrl" || webhook.Path != "/sync" || first.Spec.ClientConfig != nil {
		t.Errorf("the hook reads back as %+v, want today's form", webhook)
	}
	mustKubectl(t, "", "apply", "-f", path)
	mustKubectl(t, "", "apply", "--server-side", "--force-conflicts", "-f", path)
	mustKubectl(t, "", "apply", "--server-side", "--force-conflicts", "-f", path)
	if again := read(); again.Generation != first.Generation {
		t.Errorf("applying the same manifest again moved the generation from %d to %d", first.Generation, again.Generation)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "path: /sync", "path: /sync2", 1)
	mustKubectl(t, changed, "apply", "-f", "-")
	if got := read().Spec.Hooks.Sync.Webhook.Path; got != "/sync2" {
		t.Errorf("after a change of the 2018 field, the path is %q", got)
	}
}

func TestObjectsSurviveRestart(t *testing.T) {
	kind := newKind(t, "durable")
	before := newController(t, kind, newHook(t, threeConfigMaps))
	restart(t)
	after, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(t.Context(), kind.Resource, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if after.UID != before.UID || after.Generation != before.Generation {
		t.Errorf("the object came back as %s/%d, was %s/%d", after.UID, after.Generation, before.UID, before.Generation)
	}
}

func TestEndpoints(t *testing.T) {
	for path, want := range map[string]string{
		"/apis/metacontroller.k8s.io/v1alpha1": `"name":"compositecontrollers/status"`,
		"/openapi/v3":                          "apis/metacontroller.k8s.io/v1alpha1",
	} {
		if got := mustKubectl(t, "", "get", "--raw", path); !strings.Contains(got, want) {
			t.Errorf("%s does not have %s:\n%s", path, want, fmt.Sprintf("%.500s", got))
		}
	}
}

// TestProtobufFallsBackToJSON has a client that prefers protobuf, as clients of built-in kinds do.
func TestProtobufFallsBackToJSON(t *testing.T) {
	body, err := env.kubernetes.CoreV1().RESTClient().Get().AbsPath("/apis/metacontroller.k8s.io/v1alpha1/compositecontrollers").
		SetHeader("Accept", "application/vnd.kubernetes.protobuf,application/json").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(body) {
		t.Errorf("the answer is no JSON: %.200q", body)
	}
}

func TestDeletedControllerStops(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "lingerer")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook, func(c *v1alpha1.CompositeController) { c.Finalizers = []string{"test.hookplane.dev/wait"} })
	mustKubectl(t, "", "delete", "cc", kind.Resource, "--wait=false")
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "Terminating")
	newParent(t, kind, namespace, "late", object{"value": "1"})
	never(t, "a controller that is being deleted calls its hook", func() error {
		if calls := hook.count("late"); calls != 0 {
			return fmt.Errorf("%d calls", calls)
		}
		return nil
	})
	mustKubectl(t, "", "patch", "cc", kind.Resource, "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
}

// TestReadySaysWhatFails has a hook that is reached and answers nothing useful.
func TestReadySaysWhatFails(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "hopeless")
	hook := newHook(t, threeConfigMaps)
	hook.handle(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no idea", http.StatusInternalServerError) })
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "SyncFailing")
	hook.answer(threeConfigMaps)
	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")
}
