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

package v1alpha1_test

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
)

// A lister reads from an informer's cache: it costs no request, and what it returns must not be changed.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// In a program: versioned.NewForConfig with the rest.Config of a kubeconfig or of the cluster.
	client := fake.NewClientset(
		&v1alpha1.CompositeController{ObjectMeta: metav1.ObjectMeta{Name: "shops", Labels: map[string]string{"team": "shop"}}},
		&v1alpha1.CompositeController{ObjectMeta: metav1.ObjectMeta{Name: "tenants", Labels: map[string]string{"team": "platform"}}},
	)

	factory := externalversions.NewSharedInformerFactory(client, 0)
	lister := factory.Metacontroller().V1alpha1().CompositeControllers().Lister()
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	defer cancel()
	factory.WaitForCacheSync(ctx.Done())

	controllers, err := lister.List(labels.SelectorFromSet(labels.Set{"team": "shop"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, controller := range controllers {
		fmt.Println(controller.Name)
	}
	// Output: shops
}
