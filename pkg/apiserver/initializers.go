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

package apiserver

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/record"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/admission/initializer"
	webhookregistration "github.com/hookplane/hookplane/admission/registration"
	"github.com/hookplane/hookplane/generated/clientset/versioned"
	"github.com/hookplane/hookplane/generated/clientset/versioned/scheme"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
	"github.com/hookplane/hookplane/pkg/controller"
	"github.com/hookplane/hookplane/pkg/initialization"
)

// initializers are what completes new objects while they are admitted. Every replica has them.
type initializers struct {
	host        kubernetes.Interface
	informers   externalversions.SharedInformerFactory
	broadcaster record.EventBroadcaster
	registry    *initialization.Registry
	reviewer    *initializer.Reviewer
	reporter    *initializer.Reporter
	keeper      *webhookregistration.Keeper
}

// newInitializers prepares the initializers, which call hooks made by newHook; run starts them.
func (c CompletedConfig) newInitializers(newHook initialization.NewHook) (*initializers, error) {
	own, err := versioned.NewForConfig(c.generic.LoopbackClientConfig)
	if err != nil {
		return nil, fmt.Errorf("client of the own API: %w", err)
	}
	host, err := kubernetes.NewForConfig(c.host)
	if err != nil {
		return nil, fmt.Errorf("client of the host cluster: %w", err)
	}
	hostMetadata, err := metadata.NewForConfig(c.host)
	if err != nil {
		return nil, fmt.Errorf("metadata client of the host cluster: %w", err)
	}
	metrics, err := initializer.NewMetrics(legacyregistry.Register)
	if err != nil {
		return nil, err
	}
	informers := externalversions.NewSharedInformerFactory(own, 0)
	registry := initialization.NewRegistry(informers.Metacontroller().V1alpha1().InitializerControllers(), newHook)
	broadcaster := controller.NewBroadcaster(clock.RealClock{})
	reviewer := initializer.NewReviewer(initializer.Config{
		Registry: registry, OwnNamespace: c.extra.OwnNamespace, Authorizer: c.generic.Authorization.Authorizer,
		Namespaces: initializer.NewNamespaces(c.hostInformers.Core().V1().Namespaces().Lister(), host),
		Recorder:   broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: controller.EventSource}),
		Metrics:    metrics, Clock: clock.RealClock{},
	})
	keeper := webhookregistration.NewKeeper(webhookregistration.Config{
		Host: host, Metadata: hostMetadata, Registry: registry, OwnNamespace: c.extra.OwnNamespace, Clock: clock.RealClock{},
	})
	return &initializers{
		host: host, informers: informers, broadcaster: broadcaster, registry: registry, reviewer: reviewer, keeper: keeper,
		reporter: initializer.NewReporter(reviewer, own.MetacontrollerV1alpha1(), keeper),
	}, nil
}

// run keeps the cluster's configuration and the statuses until the context ends, and returns when all that it started has
// ended.
func (i *initializers) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	errs := make(chan error, 2)
	group.Go(func() { errs <- i.keeper.Run(ctx) })
	group.Go(func() { errs <- i.reporter.Run(ctx) })
	return <-errs // whatever ends first ends the other
}

// serve has what reviews need until the context ends, which is when there are none any more.
func (i *initializers) serve(ctx context.Context) error {
	defer i.broadcaster.Shutdown()
	i.broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: i.host.CoreV1().Events("")})
	defer i.informers.Shutdown()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	i.informers.StartWithContext(ctx)
	return i.registry.Run(ctx)
}

// apiGroup is the API that reviews are created in.
func (i *initializers) apiGroup(c CompletedConfig) *genericapiserver.APIGroupInfo {
	gv := initializer.GroupVersion
	group := genericapiserver.NewDefaultAPIGroupInfo(gv.Group, c.scheme, runtime.NewParameterCodec(c.scheme), c.codecs)
	group.PrioritizedVersions = append(group.PrioritizedVersions, gv) // the scheme knows no kinds of the group
	group.NegotiatedSerializer = withoutProtobuf{group.NegotiatedSerializer}
	group.VersionedResourcesStorageMap[gv.Version] = map[string]rest.Storage{initializer.Resource: initializer.NewREST(i.reviewer)}
	return &group
}
