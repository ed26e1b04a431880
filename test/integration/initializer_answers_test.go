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
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestInitializerBadAnswers has hooks that answer what they may not: the failure policy decides, and the user is told which
// initializer it was, and why.
func TestInitializerBadAnswers(t *testing.T) {
	namespace := newNamespace(t)
	strict, lenient := newHook(t, nil), newHook(t, nil)
	timeout := func(c *v1alpha1.InitializerController) { c.Spec.Hooks.Init.Webhook.Timeout = "5s" } // for the huge answer
	named := func(prefix string) func(*v1alpha1.InitializerController) {
		return func(c *v1alpha1.InitializerController) {
			c.Spec.MatchConditions = []v1alpha1.MatchCondition{{Name: "name", Expression: "object.metadata.name.startsWith('" + prefix + "')"}}
		}
	}
	strict.answerInit(addLabel("team", "a"))
	lenient.answerInit(addLabel("team", "a"))
	newInitializer(t, namespace, "strict", strict, timeout, named("strict"))
	newInitializer(t, namespace, "lenient", lenient, timeout, named("lenient"), policy(v1alpha1.InitializerIgnore))
	eventually(t, "both are called", func() error {
		for _, prefix := range []string{"strict", "lenient"} {
			created, err := newConfigMap(t.Context(), namespace, prefix+"-dry", metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if err != nil || created.GetLabels()["team"] != "a" {
				return fmt.Errorf("%s: the labels are %v, %w", prefix, created.GetLabels(), err)
			}
		}
		return nil
	})
	init := func(change func(o object)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var in initRequest
			_ = json.NewDecoder(r.Body).Decode(&in) // the server's own request
			change(in.Object)
			_ = json.NewEncoder(w).Encode(initResponse{Object: in.Object}) // the caller may be gone
		}
	}
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		why    string
	}{
		"renamed": {init(func(o object) { o["metadata"].(object)["name"] = "other" }), `changed metadata.name from`},
		"moved":   {init(func(o object) { o["metadata"].(object)["namespace"] = "kube-system" }), "changed metadata.namespace from"},
		"retyped": {init(func(o object) { o["kind"] = "Secret" }), `changed kind from "ConfigMap" to "Secret"`},
		"garbage": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "cannot decode the hook's answer"},
		"huge":    {init(func(o object) { o["data"] = object{"x": strings.Repeat("x", 4<<20)} }), "at most 3145728"},
		"failing": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "not today", http.StatusInternalServerError)
		}, "answered 500 Internal Server Error"},
		"too-late": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer within its"},
	} {
		t.Run(name, func(t *testing.T) {
			strict.handle(tc.answer)
			lenient.handle(tc.answer)
			output, err := kubectl(t, "", "create", "configmap", "strict-"+name, "-n", namespace)
			if err == nil || !strings.Contains(output, `initializer strict.example.com of InitializerController "strict"`) || !strings.Contains(output, tc.why) {
				t.Errorf("under Fail kubectl create gives %v, want a refusal with %q:\n%s", err, tc.why, output)
			}
			output, err = kubectl(t, "", "create", "configmap", "lenient-"+name, "-n", namespace)
			if err != nil || !strings.Contains(output, "Warning: the object was created without initializer lenient.example.com") || !strings.Contains(output, tc.why) {
				t.Errorf("under Ignore kubectl create gives %v, want a warning with %q:\n%s", err, tc.why, output)
			}
			if created, err := get(t.Context(), configMaps, namespace, "lenient-"+name); err != nil || len(created.GetLabels()) > 0 {
				t.Errorf("the object that was created without has the labels %v, %v", created.GetLabels(), err)
			}
			eventuallyEvent(t, namespace, "lenient-"+name, "InitializeError", tc.why)
		})
	}
	eventually(t, "they are counted", func() error {
		found, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Get(t.Context(), "lenient", metav1.GetOptions{})
		if err != nil || found.Status.Objects == nil || found.Status.Objects.Ignored != 7 || found.Status.Objects.Completed != 0 {
			return fmt.Errorf("the status is %+v, %w", found.Status.Objects, err)
		}
		return nil
	})
}

// TestInitializerAudit looks for what kube-apiserver's audit log says of a create.
func TestInitializerAudit(t *testing.T) {
	namespace := newNamespace(t)
	working, broken := newInitHook(t, addLabel("team", "a")), newInitHook(t, addLabel("broken", "no"))
	broken.down()
	newInitializer(t, namespace, "audited", working)
	newInitializer(t, namespace, "broken", broken, policy(v1alpha1.InitializerIgnore))
	var name string
	eventually(t, "a ConfigMap has met both", func() error {
		created := eventuallyLabelled(t, namespace, "team", "a")
		name = created.GetName()
		return nil
	})
	want := regexp.MustCompile(`^audited\.example\.com completed in \d+(\.\d+)?m?s, broken\.example\.com ignored in \d+(\.\d+)?m?s$`)
	eventually(t, "the audit log tells who completed it", func() error {
		got, err := auditAnnotation(namespace, name, "configmaps.v1.initializers.metacontroller.k8s.io/initializers")
		if err == nil && !want.MatchString(got) {
			err = fmt.Errorf("it says %q", got)
		}
		return err
	})
}

// auditAnnotation returns an annotation of the audit event of a create.
func auditAnnotation(namespace, name, key string) (string, error) {
	file, err := os.Open(env.auditLog)
	if err != nil {
		return "", err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct {
			ObjectRef   struct{ Namespace, Name string }
			Annotations map[string]string
		}
		if json.Unmarshal(lines.Bytes(), &event) == nil && event.ObjectRef.Namespace == namespace && event.ObjectRef.Name == name {
			return event.Annotations[key], nil
		}
	}
	return "", fmt.Errorf("there is no event of %s/%s: %w", namespace, name, lines.Err())
}

// TestInitializerReinvocation has a webhook change the object after the initializer: under IfNeeded the hook is asked again.
func TestInitializerReinvocation(t *testing.T) {
	namespace := newNamespace(t)
	hook := newInitHook(t, func(in initRequest) initResponse {
		seen := nested[string](in.Object, "metadata", "labels", "later")
		return initResponse{Object: withLabel(in.Object, "seen", "later"+seen)}
	})
	newInitializer(t, namespace, "again", hook, func(c *v1alpha1.InitializerController) {
		c.Spec.ReinvocationPolicy = v1alpha1.InitializerReinvokeIfNeeded
	})
	eventuallyLabelled(t, namespace, "seen", "later")
	newWebhook(t, namespace, `[{"op":"add","path":"/metadata/labels/later","value":"yes"}]`)
	eventuallyLabelled(t, namespace, "seen", "lateryes")
}

// TestInitializersInOverload has a hook that does not answer: what is too much for it is refused at once, not when it is too
// late, and others go on.
func TestInitializersInOverload(t *testing.T) {
	stuck, quick := newNamespace(t), newNamespace(t)
	release := make(chan struct{})
	hanging := newHook(t, nil)
	hanging.answerInit(addLabel("team", "a"))
	newInitializer(t, stuck, "hanging", hanging, policy(v1alpha1.InitializerIgnore), func(c *v1alpha1.InitializerController) { c.Spec.Hooks.Init.Webhook.Timeout = "25s" })
	newInitializer(t, quick, "quick", newInitHook(t, addLabel("team", "b")))
	eventuallyLabelled(t, stuck, "team", "a")
	eventuallyLabelled(t, quick, "team", "b")
	hanging.handle(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	const many = 400
	outcomes := make(chan error, many)
	clients := connections(t, many/50)
	create := func(i int) error {
		object := &unstructured.Unstructured{Object: configMap(fmt.Sprintf("stuck-%d", i), object{})}
		_, err := clients[i%len(clients)].Resource(configMaps).Namespace(stuck).Create(t.Context(), object, metav1.CreateOptions{})
		return err
	}
	for i := range many {
		go func() { outcomes <- create(i) }()
	}
	for range 100 { // while those that have a call wait for its timeout
		if err := <-outcomes; err != nil {
			t.Fatal(err)
		}
	}
	eventuallyLabelled(t, quick, "team", "b")
	close(release)
	for range many - 100 {
		if err := <-outcomes; err != nil {
			t.Errorf("a create that may be ignored: %v", err)
		}
	}
	overloaded := scrapeLabel(t, "initializer", "hanging.example.com")
	if got := overloaded[`hookplane_initializer_admissions_total{initializer="hanging.example.com",result="ignored"}`]; got != fmt.Sprint(many) {
		t.Errorf("%s creates were ignored, want %d", got, many)
	}
}
