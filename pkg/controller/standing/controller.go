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

package standing

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	informers "github.com/hookplane/hookplane/generated/informers/externalversions/metacontroller/v1alpha1"
)

// Controller is what the API holds of a controller of any kind.
type Controller struct {
	// Type is its kind.
	Type, Name string
	Conditions []metav1.Condition
	// Parents is nil when they are not counted (yet), Objects for all but initializers.
	Parents *v1alpha1.ParentsStatus
	Objects *v1alpha1.InitializedObjectsStatus
}

// Of returns what lists all controllers that the informers know.
func Of(known informers.Interface) func() []Controller {
	composites := known.CompositeControllers().Lister()
	decorators := known.DecoratorControllers().Lister()
	initializers := known.InitializerControllers().Lister()
	return func() []Controller {
		composing, _ := composites.List(labels.Everything()) // a lister of an index never fails, nor do the next two
		decorating, _ := decorators.List(labels.Everything())
		initializing, _ := initializers.List(labels.Everything())
		all := make([]Controller, 0, len(composing)+len(decorating)+len(initializing))
		for _, c := range composing {
			all = append(all, Controller{"CompositeController", c.Name, c.Status.Conditions, c.Status.Parents, nil})
		}
		for _, c := range decorating {
			all = append(all, Controller{"DecoratorController", c.Name, c.Status.Conditions, c.Status.Parents, nil})
		}
		for _, c := range initializing {
			all = append(all, Controller{"InitializerController", c.Name, c.Status.Conditions, nil, c.Status.Objects})
		}
		return all
	}
}
