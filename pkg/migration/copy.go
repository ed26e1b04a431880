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
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// Store is where a Hookplane keeps the objects of one kind.
type Store interface {
	// Objects returns all, by namespace/name, or name for those in no namespace.
	Objects(ctx context.Context) (map[string]runtime.Object, error)
	// Create writes a new object as it is. Delete removes one at once, whatever holds it.
	Create(ctx context.Context, key string, object runtime.Object) error
	Delete(ctx context.Context, key string) error
}

// Stores are the stores of all kinds, by resource.
type Stores map[string]Store

// Difference is what a store has not as the custom resources have it.
type Difference struct {
	Resource, Key string
	// Wanted is the object as it should be stored; nil: it should not.
	Wanted runtime.Object
	// Stored says that there is an object of that name.
	Stored bool
}

// String names the object and what is the matter with it.
func (d *Difference) String() string {
	switch {
	case d.Wanted == nil:
		return fmt.Sprintf("%s %s is stored, and is no custom resource", d.Resource, d.Key)
	case d.Stored:
		return fmt.Sprintf("%s %s is stored in another form", d.Resource, d.Key)
	default:
		return fmt.Sprintf("%s %s is not stored", d.Resource, d.Key)
	}
}

// Differences compares custom resources with what is stored.
func Differences(ctx context.Context, objects []Object, stores Stores) ([]Difference, error) {
	var differences []Difference
	for _, kind := range kinds {
		stored, err := stores[kind.resource].Objects(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot read the stored %s: %w", kind.resource, err)
		}
		for _, object := range objects {
			if object.Resource != kind.resource || object.Problem != nil {
				continue
			}
			there, found := stored[object.Key]
			delete(stored, object.Key)
			if !found || !same(object.Stored, there) {
				differences = append(differences, Difference{kind.resource, object.Key, object.Stored, found})
			}
		}
		for _, key := range slices.Sorted(maps.Keys(stored)) {
			differences = append(differences, Difference{kind.resource, key, nil, true})
		}
	}
	return differences, nil
}

// Problems joins what keeps objects from being copied; nil: nothing does.
func Problems(objects []Object) error {
	var problems []error
	for i := range objects {
		if objects[i].Problem != nil {
			problems = append(problems, fmt.Errorf("%s: %w", &objects[i], objects[i].Problem))
		}
	}
	return errors.Join(problems...)
}

// Copy brings all objects into the stores and returns how many were not there. What is stored already in another form, or is no
// custom resource, stays, and is an error before anything is written, unless replace is set. A copy that was interrupted is gone on
// with by the next.
func Copy(ctx context.Context, objects []Object, stores Stores, replace bool) (int, error) {
	if err := Problems(objects); err != nil {
		return 0, err
	}
	differences, err := Differences(ctx, objects, stores)
	if err != nil {
		return 0, err
	}
	var conflicts []string
	for i := range differences {
		if differences[i].Stored {
			conflicts = append(conflicts, differences[i].String())
		}
	}
	if len(conflicts) > 0 && !replace {
		return 0, fmt.Errorf("the storage is in use already: %s", strings.Join(conflicts, "; "))
	}
	for i := range differences {
		if err := differences[i].repair(ctx, stores[differences[i].Resource]); err != nil {
			return i, err
		}
	}
	return len(differences), nil
}

func (d *Difference) repair(ctx context.Context, store Store) error {
	if d.Stored {
		if err := store.Delete(ctx, d.Key); err != nil {
			return fmt.Errorf("cannot remove the stored %s %s: %w", d.Resource, d.Key, err)
		}
	}
	if d.Wanted == nil {
		return nil
	}
	if err := store.Create(ctx, d.Key, d.Wanted); err != nil {
		return fmt.Errorf("cannot store %s %s: %w", d.Resource, d.Key, err)
	}
	return nil
}
