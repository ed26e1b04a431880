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

package migration

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

var (
	definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

	// apiService and admissionAPIService are the names of the APIServices that lead to a Hookplane.
	apiService          = v1alpha1.SchemeGroupVersion.Version + "." + v1alpha1.SchemeGroupVersion.Group
	admissionAPIService = v1alpha1.SchemeGroupVersion.Version + ".admission." + v1alpha1.SchemeGroupVersion.Group
)

// kinds are those that Metacontroller has, in the order in which they are copied: a controller that starts finds its revisions.
var kinds = []struct{ kind, resource string }{
	{"ControllerRevision", "controllerrevisions"},
	{"CompositeController", "compositecontrollers"},
	{"DecoratorController", "decoratorcontrollers"},
}

func definitionName(resource string) string {
	return resource + "." + v1alpha1.SchemeGroupVersion.Group
}

// Cluster is the cluster whose controllers are moved.
type Cluster struct {
	core       kubernetes.Interface
	dynamic    dynamic.Interface
	aggregator aggregator.Interface
	// answers returns nil when somebody answers requests for the API.
	answers func(ctx context.Context) error
	clock   clock.Clock
}

// New returns the cluster that config leads to.
func New(config *rest.Config) (*Cluster, error) {
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the cluster: %w", err)
	}
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for custom resources: %w", err)
	}
	aggregatorClient, err := aggregator.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for APIServices: %w", err)
	}
	return &Cluster{
		core: core, dynamic: dynamicClient, aggregator: aggregatorClient, clock: clock.RealClock{},
		answers: func(ctx context.Context) error {
			return core.Discovery().RESTClient().Get().AbsPath("/apis", v1alpha1.SchemeGroupVersion.Group, v1alpha1.SchemeGroupVersion.Version).Do(ctx).Error()
		},
	}, nil
}

// State says who serves the API of the controllers.
type State struct {
	// Definitions are the resources of the API that have a CustomResourceDefinition.
	Definitions []string
	// Service is where the cluster forwards requests to. Nil: it does not.
	Service *types.NamespacedName
}

// ByDefinitions reports whether the CustomResourceDefinitions serve the API.
func (s State) ByDefinitions() bool { return len(s.Definitions) > 0 && s.Service == nil }

// State reads who serves the API.
func (c *Cluster) State(ctx context.Context) (State, error) {
	var state State
	for _, kind := range kinds {
		definition, err := c.definition(ctx, kind.resource)
		if err != nil {
			return State{}, err
		}
		if definition != nil {
			state.Definitions = append(state.Definitions, kind.resource)
		}
	}
	registered, err := c.aggregator.ApiregistrationV1().APIServices().Get(ctx, apiService, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return State{}, fmt.Errorf("cannot read the APIService %s: %w", apiService, err)
	}
	if err == nil && registered.Spec.Service != nil {
		state.Service = &types.NamespacedName{Namespace: registered.Spec.Service.Namespace, Name: registered.Spec.Service.Name}
	}
	return state, nil
}

// definition returns the CustomResourceDefinition of a resource; nil: there is none.
func (c *Cluster) definition(ctx context.Context, resource string) (*unstructured.Unstructured, error) {
	definition, err := c.dynamic.Resource(definitions).Get(ctx, definitionName(resource), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the CustomResourceDefinition %s: %w", definitionName(resource), err)
	}
	return definition, nil
}

// pageSize bounds how many objects are asked for, and kept, at once.
const pageSize = 500

// each calls visit for all objects of a type, page by page.
func (c *Cluster) each(ctx context.Context, resource schema.GroupVersionResource, visit func(*unstructured.Unstructured)) error {
	options := metav1.ListOptions{Limit: pageSize}
	for {
		page, err := c.dynamic.Resource(resource).List(ctx, options)
		if err != nil {
			return fmt.Errorf("cannot list %s: %w", resource.GroupResource(), err)
		}
		for i := range page.Items {
			visit(&page.Items[i])
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return nil
		}
	}
}
