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

package externalversions_test

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
)

// An informer tells of every controller that exists, comes, changes or goes.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// In a program: versioned.NewForConfig with the rest.Config of a kubeconfig or of the cluster.
	client := fake.NewClientset(&v1alpha1.DecoratorController{ObjectMeta: metav1.ObjectMeta{Name: "service-per-pod"}})

	factory := externalversions.NewSharedInformerFactory(client, 0)
	seen := make(chan string)
	_, err := factory.Metacontroller().V1alpha1().DecoratorControllers().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { seen <- object.(*v1alpha1.DecoratorController).Name },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	defer cancel()

	fmt.Println(<-seen)
	// Output: service-per-pod
}
