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
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/pkg/apiserver"
	"github.com/hookplane/hookplane/pkg/apiserver/registration"
	"github.com/hookplane/hookplane/pkg/migration"
	"github.com/hookplane/hookplane/registry/storage/migrate"
)

var _ migration.Store = &kindStore{}

// kindStore is where a storage keeps the objects of one kind.
type kindStore struct {
	side migrate.Side
	kind apiserver.StoredKind
}

// Objects implements migration.Store.
func (s *kindStore) Objects(ctx context.Context) (map[string]runtime.Object, error) {
	return s.side.Objects(ctx, s.kind.NewList)
}

// Create implements migration.Store.
func (s *kindStore) Create(ctx context.Context, key string, object runtime.Object) error {
	return s.side.Create(ctx, key, object, s.kind.New)
}

// Delete implements migration.Store.
func (s *kindStore) Delete(ctx context.Context, key string) error {
	return s.side.Delete(ctx, key, s.kind.New)
}

// stores opens the stores of all kinds. What it returns closes them.
func (p *place) stores() (migration.Stores, func(), error) {
	var closers []func()
	closeAll := func() {
		for _, c := range closers {
			c()
		}
	}
	stores := migration.Stores{}
	for _, kind := range p.config.StoredKinds() {
		side, closeSide, err := p.side(kind)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		closers = append(closers, closeSide)
		stores[kind.Resource.Resource] = &kindStore{side, kind}
	}
	return stores, closeAll, nil
}

// allowTaken decides what becomes of an API that CustomResourceDefinitions serve: it may be taken over from them when the storage has
// all their objects. Anything else that is taken stays so.
func (p *place) allowTaken(ctx context.Context, taken *registration.TakenError) error {
	if taken == nil {
		return nil
	}
	cluster, err := migration.New(p.hostConfig)
	if err != nil {
		return err
	}
	objects, err := cluster.Objects(ctx)
	if err != nil {
		return fmt.Errorf("%w; whether all objects are copied cannot be told: %w", taken, err)
	}
	if err := migration.Problems(objects); err != nil {
		return fmt.Errorf("%w; and they are not copied: %s", taken, oneLine(err))
	}
	stores, closeStores, err := p.stores()
	if err != nil {
		return err
	}
	defer closeStores()
	differences, err := migration.Differences(ctx, objects, stores)
	if err != nil {
		return err
	}
	if len(differences) > 0 {
		return fmt.Errorf("%w; and they are not copied: %s (of %d such)", taken, &differences[0], len(differences))
	}
	return nil
}

// wasTaken splits off that the API is served by CustomResourceDefinitions, which is judged when the storage is there.
func wasTaken(ctx context.Context, registrar *registration.Registrar) (*registration.TakenError, error) {
	if registrar == nil {
		return nil, nil
	}
	err := registrar.Check(ctx)
	return registration.ByDefinitions(err)
}

// newPlace is a storage that is open, for the kinds of a server.
func newPlace(opened *storage, config *apiserver.Config, hostConfig *rest.Config, prefix string) *place {
	return &place{storage: opened, config: config, hostConfig: hostConfig, prefix: prefix}
}
