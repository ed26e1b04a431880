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

package composite

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	clientset "github.com/hookplane/hookplane/generated/clientset/versioned/typed/metacontroller/v1alpha1"
	informers "github.com/hookplane/hookplane/generated/informers/externalversions/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
	"github.com/hookplane/hookplane/pkg/span"
)

// controllerKind is the kind of the controllers that this package runs.
const controllerKind = "CompositeController"

// Applier writes what a plan says; pkg/apply has the one that is used.
type Applier interface {
	supervise.Finalizers
	Children(ctx context.Context, rules []plan.Rule, writes []plan.Write) []apply.Outcome
	Status(ctx context.Context, parent apply.Target, uid types.UID, status []byte) (resourceVersion string, err error)
	Adopt(ctx context.Context, claim apply.Claim, owner metav1.OwnerReference) (resourceVersion string, err error)
	Release(ctx context.Context, claim apply.Claim, owner types.UID) (resourceVersion string, err error)
}

// Config is what the controllers need. All fields are required.
type Config struct {
	Controllers informers.CompositeControllerInformer
	Client      clientset.CompositeControllersGetter
	Objects     *objects.Cache
	Applier     Applier
	// Strategy is how children are written.
	Strategy plan.Strategy
	// Live reads from the API server itself, past every cache.
	Live     metadata.Interface
	NewHook  supervise.NewHook
	Recorder record.EventRecorderLogger
	// Revisions keeps the revisions of parents; those of cluster-scoped parents in Namespace.
	Revisions *revision.Store
	Namespace string
	Metrics   *tally.Metrics
	// Tracer begins the traces of syncs; the zero Tracer begins none.
	Tracer span.Tracer
	Clock  clock.WithTicker
	// Workers is how many parents one controller syncs at a time.
	Workers int
}

// NewSupervisor returns what runs one controller for each CompositeController object.
func NewSupervisor(config Config) *supervise.Supervisor[*v1alpha1.CompositeController] {
	client, lister := config.Client.CompositeControllers(), config.Controllers.Lister()
	return supervise.New(supervise.Config[*v1alpha1.CompositeController]{
		Kind: supervise.Kind[*v1alpha1.CompositeController]{
			Name: controllerKind, FinalizerPrefix: finalizerPrefix,
			Informer: config.Controllers.Informer(), Get: lister.Get, List: lister.List,
			Update: client.Update, UpdateStatus: client.UpdateStatus,
			Status: func(object *v1alpha1.CompositeController) *v1alpha1.CompositeControllerStatus { return &object.Status },
			Parents: func(object *v1alpha1.CompositeController) []supervise.TypeName {
				return []supervise.TypeName{parentType(object)}
			},
			Finalizes: func(object *v1alpha1.CompositeController) bool {
				return object.Spec.Hooks != nil && object.Spec.Hooks.Finalize != nil
			},
			Define: func(ctx context.Context, object *v1alpha1.CompositeController) (supervise.Definition, error) {
				return define(ctx, object, &config)
			},
		},
		Objects: config.Objects, Applier: config.Applier, Live: config.Live, Recorder: config.Recorder, Clock: config.Clock,
	})
}

func parentType(object *v1alpha1.CompositeController) supervise.TypeName {
	return supervise.TypeName{APIVersion: object.Spec.ParentResource.APIVersion, Resource: object.Spec.ParentResource.Resource}
}
