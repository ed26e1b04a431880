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
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/admission/initializer"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/registry/metacontroller/compositecontroller"
	"github.com/hookplane/hookplane/registry/metacontroller/controllerrevision"
	"github.com/hookplane/hookplane/registry/metacontroller/decoratorcontroller"
	"github.com/hookplane/hookplane/registry/metacontroller/initializercontroller"
)

const (
	// stopTimeout bounds the end of the controllers: a hook call is cancelled, a write is finished.
	stopTimeout = 10 * time.Second
	// farewellPeriod is how often idle connections are looked for while the server ends.
	farewellPeriod = 100 * time.Millisecond
	// unregisterTimeout bounds the removal of the registration from a cluster that may be gone too.
	unregisterTimeout = 5 * time.Second
)

// Server is the API server with what runs beside it.
type Server struct {
	generic      *genericapiserver.GenericAPIServer
	extra        ExtraConfig
	controllers  Controllers
	initializers *initializers
	farewell     *farewell
}

// New makes a Server. It opens the connections to the storage.
func (c CompletedConfig) New() (*Server, error) {
	farewell, chain := newFarewell(clock.RealClock{}), c.generic.BuildHandlerChainFunc
	c.generic.SecureServing.Listener = farewellListener{c.generic.SecureServing.Listener, farewell}
	c.generic.BuildHandlerChainFunc = func(api http.Handler, config *genericapiserver.Config) http.Handler {
		return farewell.wrap(chain(api, config))
	}
	generic, err := c.generic.New("hookplane", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("cannot assemble the API server: %w", err)
	}
	storage, err := c.newStorage()
	if err != nil {
		return nil, err
	}
	group := genericapiserver.NewDefaultAPIGroupInfo(v1alpha1.SchemeGroupVersion.Group, c.scheme, runtime.NewParameterCodec(c.scheme), c.codecs)
	group.NegotiatedSerializer = withoutProtobuf{group.NegotiatedSerializer}
	group.VersionedResourcesStorageMap[v1alpha1.SchemeGroupVersion.Version] = storage
	if err := generic.InstallAPIGroup(&group); err != nil {
		return nil, fmt.Errorf("cannot serve %s: %w", v1alpha1.SchemeGroupVersion, err)
	}
	controllers, err := c.extra.NewControllers(restclient.CopyConfig(generic.LoopbackClientConfig))
	if err != nil {
		return nil, fmt.Errorf("cannot set up the controllers: %w", err)
	}
	initializers, err := c.newInitializers(controllers.NewHook)
	if err != nil {
		return nil, fmt.Errorf("cannot set up the initializers: %w", err)
	}
	if err := generic.InstallAPIGroup(initializers.apiGroup(c)); err != nil {
		return nil, fmt.Errorf("cannot serve %s: %w", initializer.GroupVersion, err)
	}
	return &Server{generic: generic, extra: c.extra, controllers: controllers, initializers: initializers, farewell: farewell}, nil
}

// newStorage returns the storage of each resource and subresource.
func (c CompletedConfig) newStorage() (map[string]rest.Storage, error) {
	composites, compositesStatus, err := compositecontroller.NewREST(c.scheme, c.generic.RESTOptionsGetter)
	if err != nil {
		return nil, err
	}
	decorators, decoratorsStatus, err := decoratorcontroller.NewREST(c.scheme, c.generic.RESTOptionsGetter)
	if err != nil {
		return nil, err
	}
	initializers, initializersStatus, err := initializercontroller.NewREST(c.scheme, c.generic.RESTOptionsGetter)
	if err != nil {
		return nil, err
	}
	revisions, err := controllerrevision.NewREST(c.scheme, c.generic.RESTOptionsGetter)
	if err != nil {
		return nil, err
	}
	return map[string]rest.Storage{
		"compositecontrollers":          composites,
		"compositecontrollers/status":   compositesStatus,
		"decoratorcontrollers":          decorators,
		"decoratorcontrollers/status":   decoratorsStatus,
		"initializercontrollers":        initializers,
		"initializercontrollers/status": initializersStatus,
		"controllerrevisions":           revisions,
	}, nil
}

// Run serves until the context ends, or until something that runs beside the API fails; it returns that
// failure. It is to be called once.
func (s *Server) Run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	failures := make(chan error, 1) // the first one: what follows may be its consequence
	tasks := s.newTasks(func(err error) {
		select {
		case failures <- err:
		default:
		}
		end()
	})
	if err := s.addHooks(ctx, tasks); err != nil {
		return err
	}
	defer s.sayFarewell(ctx)()
	err := s.generic.PrepareRun().RunWithContext(ctx)
	if endErr := tasks.reviews.stop(stopTimeout); endErr != nil { // now that the last request has its answer
		klog.FromContext(ctx).Error(endErr, "The end is not clean")
	}
	if err != nil {
		return fmt.Errorf("cannot serve the API: %w", err)
	}
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

// sayFarewell sends clients away in the second half of the shutdown delay. Before that other replicas are to take this one's place
// behind the Service: who is sent away too early comes back. What it returns ends that.
func (s *Server) sayFarewell(ctx context.Context) (stop func()) {
	ended, group := make(chan struct{}), sync.WaitGroup{}
	group.Go(func() {
		select {
		case <-ctx.Done():
		case <-ended:
			return
		}
		select {
		case <-clock.RealClock{}.After(s.generic.ShutdownDelayDuration / 2):
			s.farewell.ending.Store(true)
		case <-ended:
			return
		}
		for {
			s.farewell.endIdle()
			select {
			case <-clock.RealClock{}.After(farewellPeriod):
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		group.Wait()
	}
}

// tasks are what runs beside the API. There may be no registration.
type tasks struct {
	registration, reviews, initializers, controllers *task
}

func (s *Server) newTasks(failed func(error)) tasks {
	t := tasks{
		reviews:      &task{name: "reviews", failed: failed, run: s.initializers.serve},
		initializers: &task{name: "initializers", failed: failed, run: s.initializers.run},
		controllers:  &task{name: "controllers", failed: failed, run: s.lead},
	}
	if registrar := s.extra.Registrar; registrar != nil {
		t.registration = &task{name: "registration", failed: failed, run: func(ctx context.Context) error {
			return registrar.Run(ctx, s.extra.OnReady)
		}}
	}
	return t
}

// lead runs the controllers, while this replica leads if others may.
func (s *Server) lead(ctx context.Context) error {
	if s.extra.Elector == nil {
		return s.controllers.Run(ctx)
	}
	return s.extra.Elector.Run(ctx, s.controllers.Run)
}

// addHooks makes the tasks run from when the server accepts requests until it is told to end. They still
// have the API while they end.
func (s *Server) addHooks(ctx context.Context, t tasks) error {
	// The tasks outlive ctx: the pre-shutdown hook ends them, in order, and Run the one that requests need.
	ctx = context.WithoutCancel(ctx)
	// Waits for the watch caches; InstallAPIGroup fills it but leaves adding it to us.
	if err := s.generic.AddPostStartHook("storage-readiness", s.generic.StorageReadinessHook.Hook); err != nil {
		return err
	}
	if err := s.generic.AddPostStartHook("hookplane", func(genericapiserver.PostStartHookContext) error {
		t.start(ctx)
		return nil
	}); err != nil {
		return err
	}
	return s.generic.AddPreShutdownHook("hookplane", func() error {
		// An error given to the server would cut its shutdown short.
		if err := s.stop(ctx, t); err != nil {
			klog.FromContext(ctx).Error(err, "The end is not clean")
		}
		return nil
	})
}

func (t tasks) start(ctx context.Context) {
	for _, task := range []*task{t.registration, t.reviews, t.initializers, t.controllers} {
		if task != nil {
			task.start(ctx)
		}
	}
}

// stop ends the tasks. The registration goes first, so that clients hear that the API is gone rather than
// get no answer; and before it the webhook configuration, so that no create waits for it.
func (s *Server) stop(ctx context.Context, t tasks) error {
	errs := []error{t.initializers.stop(stopTimeout)}
	if t.registration != nil {
		errs = append(errs, t.registration.stop(stopTimeout))
		if !s.extra.KeepRegistration {
			ctx, cancel := context.WithTimeout(ctx, unregisterTimeout)
			defer cancel()
			errs = append(errs, s.initializers.keeper.Remove(ctx), s.extra.Registrar.Remove(ctx))
		}
	}
	return errors.Join(append(errs, t.controllers.stop(stopTimeout))...)
}
