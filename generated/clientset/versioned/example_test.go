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

package versioned_test

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	applyv1alpha1 "github.com/hookplane/hookplane/generated/applyconfiguration/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
)

// A program that owns some fields of a controller applies those, and changes them later without touching what others
// own.
func Example_apply() {
	ctx := context.Background()
	// In a program: versioned.NewForConfig with the rest.Config of a kubeconfig or of the cluster.
	var client versioned.Interface = fake.NewClientset()
	controllers := client.MetacontrollerV1alpha1().CompositeControllers()
	options := metav1.ApplyOptions{FieldManager: "shop-operator"}

	hooks := applyv1alpha1.CompositeControllerHooks().WithSync(
		applyv1alpha1.Hook().WithWebhook(applyv1alpha1.Webhook().WithURL("https://hooks.example.com/sync")))
	wanted := applyv1alpha1.CompositeController("shops").WithSpec(
		applyv1alpha1.CompositeControllerSpec().
			WithParentResource(applyv1alpha1.ParentResourceRule().WithAPIVersion("example.com/v1").WithResource("shops")).
			WithChildResources(applyv1alpha1.ChildResourceRule().WithAPIVersion("v1").WithResource("pods")).
			WithHooks(hooks))
	if _, err := controllers.Apply(ctx, wanted, options); err != nil {
		fmt.Println(err)
		return
	}

	// Later: take what was applied, change it, apply it again.
	current, err := controllers.Get(ctx, "shops", metav1.GetOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	owned, err := applyv1alpha1.ExtractCompositeController(current, options.FieldManager)
	if err != nil {
		fmt.Println(err)
		return
	}
	owned.Spec.WithResyncPeriodSeconds(600)
	changed, err := controllers.Apply(ctx, owned, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(changed.Spec.ChildResources[0].Resource, *changed.Spec.ResyncPeriodSeconds)
	// Output: pods 600
}

// Any kind is created and read with its own typed client.
func Example_create() {
	ctx := context.Background()
	var client versioned.Interface = fake.NewClientset()
	initializers := client.MetacontrollerV1alpha1().InitializerControllers()

	_, err := initializers.Create(ctx, &v1alpha1.InitializerController{
		ObjectMeta: metav1.ObjectMeta{Name: "podhostname"},
		Spec: v1alpha1.InitializerControllerSpec{
			InitializerName:        "podhostname.example.com",
			UninitializedResources: []v1alpha1.InitializerResourceRule{{APIVersion: "v1", Resource: "pods"}},
			Hooks: &v1alpha1.InitializerControllerHooks{
				Init: &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: "https://hooks.example.com/init"}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := initializers.List(ctx, metav1.ListOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, controller := range list.Items {
		fmt.Println(controller.Name, controller.Spec.InitializerName)
	}
	// Output: podhostname podhostname.example.com
}
