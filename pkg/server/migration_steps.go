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

package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hookplane/hookplane/pkg/migration"
)

const copyDescription = `Copies the custom resources of Metacontroller into Hookplane's storage, with their identities, so
that nothing that refers to them notices. Hookplane takes the API over when it starts and finds
all of them in its storage.

Scale Metacontroller to zero first. The command can be repeated. What is stored in another form
is left alone unless --replace is given: needed when a controller was changed after the copy,
before hookplane took over, and after a rollback.`

const rollbackDescription = `Gives the API back to the CustomResourceDefinitions of Metacontroller, and brings what was changed
since the copy into their custom resources, with how far rollouts are. Hookplane must be stopped.
InitializerControllers stay in its storage, and without effect.`

const finishDescription = `Removes the CustomResourceDefinitions of Metacontroller, which hookplane hides, with their custom
resources. Controllers, parents and children are not touched. There is no way back afterwards.

Removing the definitions in another way, while hookplane serves the API, is not safe: for some
minutes the garbage collector may take controllers for removed, and delete what they own.`

// readObjects reads what the CustomResourceDefinitions have, if these serve the API.
func readObjects(ctx context.Context, cluster *migration.Cluster) ([]migration.Object, error) {
	state, err := cluster.State(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(state.Definitions) == 0:
		return nil, errors.New("the cluster has no CustomResourceDefinitions of Metacontroller: there is nothing to move")
	case state.Service != nil:
		return nil, fmt.Errorf("the API was taken over already: requests go to the Service %s", state.Service)
	}
	return cluster.Objects(ctx)
}

func (o *migrationOptions) copy(ctx context.Context, cluster *migration.Cluster, stdout io.Writer) error {
	objects, err := readObjects(ctx, cluster)
	if err != nil {
		return err
	}
	if !o.assumeStopped {
		acting, err := cluster.Acting(ctx)
		if err != nil {
			return fmt.Errorf("%w; --assume-stopped passes over this", err)
		}
		if len(acting) > 0 {
			return fmt.Errorf("it seems that Metacontroller runs, and nothing was copied:\n%s\n--assume-stopped passes over this", strings.Join(acting, "\n"))
		}
	}
	return o.withStores(ctx, func(stores migration.Stores) error {
		copied, err := migration.Copy(ctx, objects, stores, o.replace)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%d copied, %d there already\nNow start hookplane: it takes the API over.\n", copied, len(objects)-min(copied, len(objects)))
		return nil
	})
}

func (o *migrationOptions) rollback(ctx context.Context, cluster *migration.Cluster, stdout io.Writer) error {
	// The storage first: when it cannot be opened, nothing has happened.
	return o.withStores(ctx, func(stores migration.Stores) error {
		if err := cluster.HandBack(ctx); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "The CustomResourceDefinitions serve the API.")
		done, err := cluster.WriteBack(ctx, stores)
		printLines(stdout, "", done)
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, "Now scale Metacontroller up.")
		return nil
	})
}

func (o *migrationOptions) finish(ctx context.Context, cluster *migration.Cluster, stdout io.Writer) error {
	removed, err := cluster.Finish(ctx)
	for _, resource := range removed {
		fmt.Fprintf(stdout, "removed the CustomResourceDefinition of %s\n", resource)
	}
	if err == nil && len(removed) == 0 {
		fmt.Fprintln(stdout, "There are no CustomResourceDefinitions of Metacontroller.")
	}
	return err
}
