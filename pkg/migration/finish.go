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
	"errors"
	"fmt"
	"slices"
	"time"
)

// settleTime is how long every kube-apiserver is given to end the watches of custom resources that are served no longer. It takes a
// second, and cannot be observed.
const settleTime = 10 * time.Second

// Finish removes the CustomResourceDefinitions and their custom resources, which a Hookplane that serves the API hides. There is no
// way back. It returns the resources whose definitions it removed.
func (c *Cluster) Finish(ctx context.Context) ([]string, error) {
	state, err := c.State(ctx)
	switch {
	case err != nil:
		return nil, err
	case state.ByDefinitions():
		return nil, errors.New("the CustomResourceDefinitions serve the API still: start hookplane first, which takes it over")
	case len(state.Definitions) == 0:
		return nil, nil
	}
	if err := c.answers(ctx); err != nil {
		return nil, fmt.Errorf("hookplane does not serve the API: %w", err)
	}
	for _, resource := range state.Definitions {
		if err := c.setServed(ctx, resource, false); err != nil {
			return nil, err
		}
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.clock.After(settleTime):
	}
	// Revisions last: while a controller is there, so is what its rollouts have recorded.
	resources := slices.Clone(state.Definitions)
	slices.Reverse(resources)
	for i, resource := range resources {
		if err := c.remove(ctx, resource); err != nil {
			return resources[:i], err
		}
	}
	return resources, nil
}
