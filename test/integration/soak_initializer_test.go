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
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// soakInitializer is the name of the initializer of things, which are admitted also while its hook fails.
const soakInitializer = "soakstarter"

// keepRegistration starts a server that leaves its registration in the cluster when it ends, as one in a cluster does. What is
// created between two servers is refused then; else it would be there without its initializer.
func (s *soak) keepRegistration() {
	const flag = "--keep-apiservice"
	env.options.Flags = append(env.options.Flags, flag)
	s.t.Cleanup(func() {
		env.options.Flags = slices.DeleteFunc(env.options.Flags, func(f string) bool { return f == flag })
	})
	restart(s.t)
}

// startInitializer has new things initialized, and waits until kube-apiserver knows.
func (s *soak) startInitializer(base string) {
	s.t.Helper()
	thing := s.kindNamed("soakthing")
	s.hooks.answers[soakInitializer] = func(_ string, in *soakRequest) any {
		return initResponse{Object: withLabel(in.Object, soakInitializer, "done")}
	}
	controller := &v1alpha1.InitializerController{
		ObjectMeta: metav1.ObjectMeta{Name: soakInitializer},
		Spec: v1alpha1.InitializerControllerSpec{
			InitializerName:        soakInitializer + ".hookplane.dev",
			FailurePolicy:          v1alpha1.InitializerDefer,
			UninitializedResources: []v1alpha1.InitializerResourceRule{{APIVersion: thing.GroupVersion().String(), Resource: thing.Resource}},
			Hooks:                  &v1alpha1.InitializerControllerHooks{Init: soakHook(base, soakInitializer, "init", "")},
		},
	}
	if _, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Create(s.t.Context(), controller, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { deleteInitializer(s.t, soakInitializer) })
	things := env.dynamic.Resource(thing.GroupVersionResource).Namespace(s.namespaces[0])
	eventually(s.t, "new things are initialized", func() error {
		probe := object{"apiVersion": thing.GroupVersion().String(), "kind": thing.Kind, "metadata": object{"name": "probe"}}
		created, err := things.Create(s.t.Context(), &unstructured.Unstructured{Object: probe}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		if err := things.Delete(s.t.Context(), "probe", metav1.DeleteOptions{}); err != nil {
			return err
		}
		if created.GetLabels()[soakInitializer] != "done" {
			return errors.New("the label is missing")
		}
		return nil
	})
}

func (s *soak) kindNamed(name string) *soakKind {
	for i := range s.kinds {
		if s.kinds[i].name == name {
			return &s.kinds[i]
		}
	}
	s.t.Fatalf("no kind is named %s", name)
	return nil
}

// compareInitialized looks whether a thing was initialized, at its creation or later.
func compareInitialized(o *unstructured.Unstructured) error {
	pending, waits := o.GetAnnotations()[pendingAnnotation]
	if label := o.GetLabels()[soakInitializer]; waits || label != "done" {
		return discrepancy(o.GetName(), "its label %s is %q, and it waits for %q", soakInitializer, label, pending)
	}
	return nil
}

// compareInitializer looks whether the initializer itself knows that nothing waits for it.
func (s *soak) compareInitializer(ctx context.Context) error {
	controller, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Get(ctx, soakInitializer, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if objects := controller.Status.Objects; objects == nil || objects.Pending != 0 {
		return fmt.Errorf("initializer %s counts %+v, want none that is pending", soakInitializer, objects)
	}
	return nil
}
