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
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// decoratorRequest is what a decorator's hook is sent, as far as tests look at it.
type decoratorRequest struct {
	Controller  object                       `json:"controller"`
	Object      object                       `json:"object"`
	Attachments map[string]map[string]object `json:"attachments"`
	Related     map[string]map[string]object `json:"related"`
	Finalizing  bool                         `json:"finalizing"`
}

// name returns the name of the decorated object.
func (r decoratorRequest) name() string { return nested[string](r.Object, "metadata", "name") }

// decoratorResponse is what it answers.
type decoratorResponse struct {
	Labels             object   `json:"labels,omitempty"`
	Annotations        object   `json:"annotations,omitempty"`
	Status             object   `json:"status,omitempty"`
	Attachments        []object `json:"attachments,omitempty"`
	ResyncAfterSeconds float64  `json:"resyncAfterSeconds,omitempty"`
	Finalized          bool     `json:"finalized,omitempty"`
}

// newDecoratorHook starts a decorator's hook. Its calls are counted by the object's name.
func newDecoratorHook(t *testing.T, sync func(decoratorRequest) decoratorResponse) *hookServer {
	t.Helper()
	h := newHook(t, nil)
	h.decorate(sync)
	return h
}

// decorate changes what a decorator's hook answers.
func (h *hookServer) decorate(sync func(decoratorRequest) decoratorResponse) {
	h.handle(func(w http.ResponseWriter, r *http.Request) {
		var in decoratorRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.mu.Lock()
		h.calls[in.name()]++
		h.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(sync(in)) // the caller may be gone
	})
}

// hookAt returns the hook of a server as controllers declare it.
func hookAt(h *hookServer) *v1alpha1.Hook {
	return &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: h.URL()}}
}

// decorate returns a rule for a resource.
func decorate(resource schema.GroupVersionResource) v1alpha1.DecoratorResourceRule {
	return v1alpha1.DecoratorResourceRule{APIVersion: resource.GroupVersion().String(), Resource: resource.Resource}
}

// newDecorator creates a DecoratorController with a sync hook and waits until it is ready.
func newDecorator(t *testing.T, name string, sync *hookServer, mods ...func(*v1alpha1.DecoratorController)) *v1alpha1.DecoratorController {
	t.Helper()
	controller := createDecorator(t, name, sync, mods...)
	eventuallyDecoratorReady(t, name, metav1.ConditionTrue, "Running")
	return controller
}

func createDecorator(t *testing.T, name string, sync *hookServer, mods ...func(*v1alpha1.DecoratorController)) *v1alpha1.DecoratorController {
	t.Helper()
	controller := &v1alpha1.DecoratorController{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.DecoratorControllerSpec{Hooks: &v1alpha1.DecoratorControllerHooks{Sync: hookAt(sync)}},
	}
	for _, mod := range mods {
		mod(controller)
	}
	client := env.controllers.MetacontrollerV1alpha1().DecoratorControllers()
	created, err := client.Create(t.Context(), controller, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}) })
	return created
}

// of has a decorator decorate by these rules.
func of(rules ...v1alpha1.DecoratorResourceRule) func(*v1alpha1.DecoratorController) {
	return func(c *v1alpha1.DecoratorController) { c.Spec.Resources = append(c.Spec.Resources, rules...) }
}

// attaching has a decorator attach objects of a core resource.
func attaching(resource string, method v1alpha1.AttachmentUpdateMethod) func(*v1alpha1.DecoratorController) {
	return func(c *v1alpha1.DecoratorController) {
		c.Spec.Attachments = append(c.Spec.Attachments, v1alpha1.DecoratorAttachmentRule{
			APIVersion: "v1", Resource: resource, UpdateStrategy: &v1alpha1.DecoratorAttachmentUpdateStrategy{Method: method},
		})
	}
}

// finalizedBy gives a decorator a finalize hook.
func finalizedBy(h *hookServer) func(*v1alpha1.DecoratorController) {
	return func(c *v1alpha1.DecoratorController) { c.Spec.Hooks.Finalize = hookAt(h) }
}

// eventuallyDecoratorReady waits for a status of the condition Ready with a reason.
func eventuallyDecoratorReady(t *testing.T, name string, status metav1.ConditionStatus, reason string) *v1alpha1.DecoratorController {
	t.Helper()
	var controller *v1alpha1.DecoratorController
	eventually(t, fmt.Sprintf("decorator %s has Ready=%s/%s", name, status, reason), func() error {
		var err error
		controller, err = env.controllers.MetacontrollerV1alpha1().DecoratorControllers().Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range controller.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == status && condition.Reason == reason &&
				condition.ObservedGeneration == controller.Generation && controller.Status.ObservedGeneration == controller.Generation {
				return nil
			}
		}
		return fmt.Errorf("its status is %+v", controller.Status)
	})
	return controller
}

// updateDecorator changes a decorator.
func updateDecorator(t *testing.T, name string, change func(*v1alpha1.DecoratorController)) {
	t.Helper()
	client := env.controllers.MetacontrollerV1alpha1().DecoratorControllers()
	eventually(t, "decorator "+name+" is updated", func() error {
		controller, err := client.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(controller)
		_, err = client.Update(t.Context(), controller, metav1.UpdateOptions{})
		return err
	})
}
