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

// Package initializationtest makes registries for the tests of those who use pkg/initialization.
package initializationtest

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/initialization"
)

// Hook is a hook that is a function.
type Hook func(ctx context.Context, request hook.Request) (hook.Response, error)

// Call implements hook.Hook.
func (h Hook) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	return h(ctx, request)
}

// Initializer returns an InitializerController of Pods, named like the first label of the initializer's name.
func Initializer(name string, mods ...func(*v1alpha1.InitializerControllerSpec)) *v1alpha1.InitializerController {
	controller := &v1alpha1.InitializerController{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name), Generation: 1},
		Spec: v1alpha1.InitializerControllerSpec{
			InitializerName:        name + ".example.com",
			UninitializedResources: []v1alpha1.InitializerResourceRule{{APIVersion: "v1", Resource: "pods"}},
			Hooks: &v1alpha1.InitializerControllerHooks{Init: &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{
				URL: "https://hooks.example.com/" + name, Timeout: "10s",
			}}},
		},
	}
	for _, mod := range mods {
		mod(&controller.Spec)
	}
	return controller
}

// NewRegistry returns a registry that knows the controllers, whose hooks are found by the path of their URL. It follows
// changes until the context ends.
func NewRegistry(ctx context.Context, hooks map[string]Hook, controllers ...*v1alpha1.InitializerController) (*initialization.Registry, *fake.Clientset, error) {
	objects := make([]runtime.Object, 0, len(controllers))
	for _, controller := range controllers {
		objects = append(objects, controller)
	}
	client := fake.NewClientset(objects...)
	factory := externalversions.NewSharedInformerFactory(client, 0)
	registry := initialization.NewRegistry(factory.Metacontroller().V1alpha1().InitializerControllers(), func(spec hook.Spec) (hook.Hook, error) {
		url := spec.Hook.Webhook.URL
		for name, hook := range hooks {
			if url == "https://hooks.example.com/"+name {
				return hook, nil
			}
		}
		return nil, fmt.Errorf("no hook at %s", url)
	})
	go func() { _ = registry.Run(ctx) }() // fails only with the informer
	factory.StartWithContext(ctx)
	if !registry.WaitForSync(ctx) {
		return nil, nil, context.Cause(ctx)
	}
	return registry, client, nil
}
