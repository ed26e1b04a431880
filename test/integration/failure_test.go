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
	"fmt"
	"net/http"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

func TestHookDown(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "downfall")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook)
	hook.down()
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyEvent(t, namespace, "p", "SyncError", "connection refused")
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "HookUnreachable")
	hook.up()
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")
}

func TestHookSlow(t *testing.T) {
	namespace, slowKind, quickKind := newNamespace(t), newKind(t, "slowpoke"), newKind(t, "quickling")
	slow, quick := newHook(t, threeConfigMaps), newHook(t, threeConfigMaps)
	slow.handle(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	newController(t, slowKind, slow, func(c *v1alpha1.CompositeController) {
		c.Spec.Hooks.Sync.Webhook.Timeout = "1s"
	})
	newController(t, quickKind, quick)
	newParent(t, slowKind, namespace, "slow", object{"value": "1"})
	newParent(t, quickKind, namespace, "quick", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "quick-2", "1", "data", "value")
	eventuallyEvent(t, namespace, "slow", "SyncError", "1s")
	slow.answer(threeConfigMaps)
	eventuallyHas(t, configMaps, namespace, "slow-2", "1", "data", "value")
}

// TestHookGarbage has a hook that answers what it must not: an event says what is wrong, nothing is
// written, and the next good answer is carried out.
func TestHookGarbage(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "garbler")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook)
	for name, tc := range map[string]struct {
		status int
		body   string
		event  string
	}{
		"notjson":    {status: 200, body: "<html>hello", event: "<html>hello"},
		"empty":      {status: 200, body: "", event: "empty"},
		"notfound":   {status: 404, body: "no such path", event: "404"},
		"broken":     {status: 500, body: "the hook panicked", event: "the hook panicked"},
		"redirect":   {status: 302, body: "", event: "redirect"},
		"nullchild":  {status: 200, body: `{"children":[null]}`, event: "children[0]"},
		"nameless":   {status: 200, body: `{"children":[{"apiVersion":"v1","kind":"ConfigMap"}]}`, event: "name"},
		"undeclared": {status: 200, body: `{"children":[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}]}`, event: "childResources"},
		"elsewhere":  {status: 200, body: `{"children":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s","namespace":"kube-system"}}]}`, event: "kube-system"},
		"twice":      {status: 200, body: `{"children":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s"}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s"}}]}`, event: "children[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			hook.handle(func(w http.ResponseWriter, _ *http.Request) {
				if tc.status == http.StatusFound {
					w.Header().Set("Location", "http://elsewhere.example.com/")
				}
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body)) // the caller may be gone
			})
			parent := "p-" + name
			newParent(t, kind, namespace, parent, object{"value": "1"})
			eventuallyEvent(t, namespace, parent, "SyncError", tc.event)
			if _, err := get(t.Context(), configMaps, namespace, "s"); !apierrors.IsNotFound(err) {
				t.Errorf("a child was written: %v", err)
			}
			hook.answer(threeConfigMaps)
			eventuallyHas(t, configMaps, namespace, parent+"-2", "1", "data", "value")
		})
	}
}

func TestHookTooBusy(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "busybody")
	hook := newHook(t, threeConfigMaps)
	refused := make(chan time.Time, 100)
	hook.handle(func(w http.ResponseWriter, _ *http.Request) {
		refused <- time.Now()
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	first, second := <-refused, <-refused
	if waited := second.Sub(first); waited < 2*time.Second {
		t.Errorf("the hook asked for 2s of patience and was called again after %s", waited)
	}
	events, err := env.kubernetes.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=p"})
	if err != nil {
		t.Fatal(err)
	}
	if len(events.Items) != 0 {
		t.Errorf("asking for patience is no failure, but there is an event: %s", events.Items[0].Message)
	}
	hook.answer(threeConfigMaps)
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
}

func TestParentDeletedDuringCall(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "leaver")
	hook := newHook(t, threeConfigMaps)
	called, goOn := make(chan struct{}, 10), make(chan struct{})
	hook.answer(func(in request) response {
		called <- struct{}{}
		<-goOn
		return threeConfigMaps(in)
	})
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	<-called
	err := env.dynamic.Resource(kind.GroupVersionResource).Namespace(namespace).Delete(t.Context(), "p", metav1.DeleteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
	// The cache hears of it a moment later than this test; the other parent's sync shows that it did.
	hook.answer(threeConfigMaps)
	newParent(t, kind, namespace, "other", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "other-2", "1", "data", "value")
	close(goOn)
	never(t, "a parent that is gone gets children", func() error {
		_, err := get(t.Context(), configMaps, namespace, "p-0")
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there, or cannot be read: %w", err)
	})
}

// TestEditDuringCall edits a parent while its hook works. Its status keeps nothing that is not declared, so
// that our status write finds nothing to change and is answered with the edit's own version.
func TestEditDuringCall(t *testing.T) {
	namespace := newNamespace(t)
	kind, definition := crd("forgetter", true)
	version := nested[[]any](definition.Object, "spec", "versions")[0].(object)
	nested[object](version, "schema", "openAPIV3Schema", "properties")["status"] = object{"type": "object"}
	createCRD(t, kind, definition)
	called, goOn := make(chan struct{}, 100), make(chan struct{})
	hook := newHook(t, func(in request) response {
		called <- struct{}{}
		<-goOn
		return response{Children: threeConfigMaps(in).Children}
	})
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	<-called
	patchParent(t, kind, namespace, "p", `{"spec":{"value":"2"}}`)
	close(goOn)
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
}

func TestCRDRemovedAndCreatedAgain(t *testing.T) {
	namespace := newNamespace(t)
	kind, definition := crd("phoenix", true)
	hook := newHook(t, threeConfigMaps)

	createController(t, kind, hook)
	eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "ParentResourceNotFound")
	eventuallyEvent(t, "default", kind.Resource, "CreateError", kind.Resource)

	for _, life := range []string{"first", "second"} {
		createCRD(t, kind, definition.DeepCopy())
		newParent(t, kind, namespace, life, object{"value": life})
		eventuallyHas(t, configMaps, namespace, life+"-2", life, "data", "value")
		eventuallyReady(t, kind.Resource, metav1.ConditionTrue, "Running")
		if err := deleteCRD(t.Context(), definition.GetName()); err != nil {
			t.Fatal(err)
		}
		eventuallyGone(t, crds, "", definition.GetName())
		eventuallyReady(t, kind.Resource, metav1.ConditionFalse, "ParentResourceNotFound")
	}
}

func TestParentWithoutStatus(t *testing.T) {
	namespace := newNamespace(t)
	kind, definition := crd("stateless", false)
	createCRD(t, kind, definition)
	hook := newHook(t, threeConfigMaps)
	createController(t, kind, hook)
	eventuallyEvent(t, "default", kind.Resource, "SyncError", "does not have subresource 'Status' enabled")
	newParent(t, kind, namespace, "p", object{"value": "1"})

	_, withStatus := crd("stateless", true)
	live, err := get(t.Context(), crds, "", definition.GetName())
	if err != nil {
		t.Fatal(err)
	}
	live.Object["spec"] = withStatus.Object["spec"]
	if _, err := env.dynamic.Resource(crds).Update(t.Context(), live, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
}

func TestChildWantedByTwo(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "rival")
	hook := newHook(t, func(in request) response {
		return response{Children: []object{configMap("prize", object{"holder": nested[string](in.Parent, "metadata", "name")})}}
	})
	newController(t, kind, hook)
	first := newParent(t, kind, namespace, "first", object{})
	eventuallyHas(t, configMaps, namespace, "prize", "first", "data", "holder")
	second := newParent(t, kind, namespace, "second", object{})
	eventuallyEvent(t, namespace, "second", "SyncError", "first")
	prize := eventuallyHas(t, configMaps, namespace, "prize", "first", "data", "holder")
	if controllerOf(prize) != string(first.GetUID()) {
		t.Errorf("the prize is controlled by %q, want the first parent", controllerOf(prize))
	}

	err := env.dynamic.Resource(kind.GroupVersionResource).Namespace(namespace).Delete(t.Context(), "first", metav1.DeleteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	prize = eventuallyHas(t, configMaps, namespace, "prize", "second", "data", "holder")
	if controllerOf(prize) != string(second.GetUID()) {
		t.Errorf("the prize is controlled by %q, want the second parent", controllerOf(prize))
	}
}

func TestAPIServerRestarted(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "survivor")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook)
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	if err := env.controlPlane.KillAPIServer(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "kube-apiserver and the aggregated API answer again", func() error {
		patch := []byte(`{"spec":{"value":"2"}}`)
		if _, err := env.dynamic.Resource(kind.GroupVersionResource).Namespace(namespace).Patch(t.Context(), "p", "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
			return err
		}
		_, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().List(t.Context(), metav1.ListOptions{})
		return err
	})
	eventuallyHas(t, configMaps, namespace, "p-2", "2", "data", "value")
	newParent(t, kind, namespace, "later", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "later-2", "1", "data", "value")
}
