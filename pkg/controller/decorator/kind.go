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

package decorator

import (
	"context"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	clientset "github.com/hookplane/hookplane/generated/clientset/versioned/typed/metacontroller/v1alpha1"
	informers "github.com/hookplane/hookplane/generated/informers/externalversions/metacontroller/v1alpha1"
	listers "github.com/hookplane/hookplane/generated/listers/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
	"github.com/hookplane/hookplane/pkg/span"
)

// controllerKind is the kind of the controllers that this package runs.
const controllerKind = "DecoratorController"

// finalizerPrefix precedes the controller's name in the finalizer of its objects, docs/protocol.md §8.
const finalizerPrefix = "metacontroller.io/decoratorcontroller-"

// Applier writes what a plan says; pkg/apply has the one that is used.
type Applier interface {
	supervise.Finalizers
	Children(ctx context.Context, rules []plan.Rule, writes []plan.Write) []apply.Outcome
	Status(ctx context.Context, object apply.Target, uid types.UID, status []byte) (resourceVersion string, err error)
	Decorate(ctx context.Context, decoration apply.Decoration) (resourceVersion string, err error)
}

// Config is what the controllers need. All fields are required.
type Config struct {
	Controllers informers.DecoratorControllerInformer
	Client      clientset.DecoratorControllersGetter
	Objects     *objects.Cache
	Applier     Applier
	// Strategy is how attachments are written.
	Strategy plan.Strategy
	// Live reads from the API server itself, past every cache.
	Live     metadata.Interface
	NewHook  supervise.NewHook
	Recorder record.EventRecorderLogger
	Metrics  *tally.Metrics
	// Tracer begins the traces of syncs; the zero Tracer begins none.
	Tracer span.Tracer
	Clock  clock.WithTicker
	// Workers is how many objects one controller syncs at a time.
	Workers int
}

// NewSupervisor returns what runs one controller for each DecoratorController object.
func NewSupervisor(config Config) *supervise.Supervisor[*v1alpha1.DecoratorController] {
	client, lister := config.Client.DecoratorControllers(), config.Controllers.Lister()
	return supervise.New(supervise.Config[*v1alpha1.DecoratorController]{
		Kind: supervise.Kind[*v1alpha1.DecoratorController]{
			Name: controllerKind, FinalizerPrefix: finalizerPrefix,
			Informer: config.Controllers.Informer(), Get: lister.Get, List: lister.List,
			Update: client.Update, UpdateStatus: client.UpdateStatus,
			Status: func(object *v1alpha1.DecoratorController) *v1alpha1.CompositeControllerStatus {
				return (*v1alpha1.CompositeControllerStatus)(&object.Status)
			},
			Parents: targetTypes,
			Finalizes: func(object *v1alpha1.DecoratorController) bool {
				return object.Spec.Hooks != nil && object.Spec.Hooks.Finalize != nil
			},
			Define: func(ctx context.Context, object *v1alpha1.DecoratorController) (supervise.Definition, error) {
				return define(ctx, object, &config)
			},
		},
		Objects: config.Objects, Applier: config.Applier, Live: config.Live, Recorder: config.Recorder, Clock: config.Clock,
	})
}

// targetTypes returns the types that the rules name, each once.
func targetTypes(object *v1alpha1.DecoratorController) []supervise.TypeName {
	var names []supervise.TypeName
	known := map[supervise.TypeName]bool{}
	for _, rule := range object.Spec.Resources {
		name := supervise.TypeName{APIVersion: rule.APIVersion, Resource: rule.Resource}
		if !known[name] {
			known[name] = true
			names = append(names, name)
		}
	}
	return names
}

// managers returns the field managers of all DecoratorControllers that there are, and whose they are.
func managers(lister listers.DecoratorControllerLister) (map[string]string, error) {
	all, err := lister.List(labels.Everything())
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(all))
	for _, object := range all {
		names[fieldManager(object.Name)] = object.Name
	}
	return names, nil
}
