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

// Command registration is a hook that registers Services in a registry outside of the cluster, and takes them out again.
//
// The whole of its logic are the methods sync and finalize; records.go calls the registry, registry.go is one for trying the example,
// and serve.go puts all of it on the network. See README.md.
package main

import (
	"context"
	"errors"

	"github.com/hookplane/hookplane/apis/hook"
)

const (
	// hostnameAnnotation selects Services, and says by which name they are to be registered.
	hostnameAnnotation = "examples.hookplane.dev/hostname"
	// registeredAnnotation remembers by which name a Service is registered: the outside world cannot be watched.
	registeredAnnotation = "examples.hookplane.dev/registered"
)

// registrar keeps a registry in step with Services.
type registrar struct{ records records }

// sync registers a Service by its name, and takes an older name out. It may be called again at any time: both do nothing twice.
func (r *registrar) sync(ctx context.Context, observed *hook.DecoratorRequest) (*hook.DecoratorResponse, error) {
	if observed.Object == nil {
		return nil, errors.New("the request has no object")
	}
	annotations := observed.Object.GetAnnotations()
	wanted, registered := annotations[hostnameAnnotation], annotations[registeredAnnotation]
	if registered != "" && registered != wanted {
		if err := r.records.remove(ctx, registered); err != nil {
			return nil, err
		}
	}
	if err := r.records.set(ctx, wanted, observed.Object.GetNamespace()+"/"+observed.Object.GetName()); err != nil {
		return nil, err
	}
	response := &hook.DecoratorResponse{}
	response.SetAnnotation(registeredAnnotation, wanted)
	return response, nil
}

// finalize takes a Service out of the registry that is being deleted, or that has lost the annotation. When the registry cannot be
// reached, the error keeps the Service until it can.
func (r *registrar) finalize(ctx context.Context, observed *hook.DecoratorRequest) (*hook.DecoratorResponse, error) {
	if observed.Object == nil {
		return nil, errors.New("the request has no object")
	}
	annotations := observed.Object.GetAnnotations()
	for _, name := range []string{annotations[registeredAnnotation], annotations[hostnameAnnotation]} { // a sync may have failed half-way
		if name == "" {
			continue
		}
		if err := r.records.remove(ctx, name); err != nil {
			return nil, err
		}
	}
	response := &hook.DecoratorResponse{Finalized: true}
	response.RemoveAnnotation(registeredAnnotation)
	return response, nil
}
