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

package revision

import (
	"fmt"
	"slices"
	"strings"
)

// Paths are the fields of a parent that make a revision. None is inside another.
type Paths [][]string

// ParsePaths reads dotted paths such as spec.template. The error says which of them cannot be told apart by revisions.
func ParsePaths(dotted []string) (Paths, error) {
	var paths Paths
	for _, text := range slices.Sorted(slices.Values(dotted)) { // so that a path comes before those inside it
		path := strings.Split(text, ".")
		if err := checkPath(path); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		if !slices.ContainsFunc(paths, func(outer []string) bool { return isInside(path, outer) }) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// checkPath refuses what changes without anybody wanting a rollout, and what makes the parent another object.
func checkPath(path []string) error {
	switch {
	case slices.Contains(path, ""):
		return fmt.Errorf("must be field names joined by dots, for example spec.template")
	case path[0] == "status":
		return fmt.Errorf("a revision is about what the parent should be, not about its status")
	case path[0] == "apiVersion" || path[0] == "kind":
		return fmt.Errorf("is the same in all revisions")
	case path[0] == "metadata" && (len(path) == 1 || path[1] != "labels" && path[1] != "annotations"):
		return fmt.Errorf("of metadata, only labels and annotations can make a revision")
	}
	return nil
}

func isInside(path, outer []string) bool {
	return len(path) >= len(outer) && slices.Equal(path[:len(outer)], outer)
}

// String is like "metadata.labels,spec.template".
func (p Paths) String() string {
	dotted := make([]string, len(p))
	for i, path := range p {
		dotted[i] = strings.Join(path, ".")
	}
	return strings.Join(dotted, ",")
}

// pick returns a new object with the values that an object has at the paths. It shares the values.
func (p Paths) pick(object map[string]any) map[string]any {
	picked := map[string]any{}
	for _, path := range p {
		if value, found := lookup(object, path); found {
			set(picked, path, value)
		}
	}
	return picked
}

// put gives an object the values that patch has at the paths, and none where patch has none.
func (p Paths) put(object, patch map[string]any) {
	for _, path := range p {
		if value, found := lookup(patch, path); found {
			set(object, path, value)
		} else {
			remove(object, path)
		}
	}
}

func lookup(object map[string]any, path []string) (any, bool) {
	for _, name := range path[:len(path)-1] {
		object, _ = object[name].(map[string]any)
	}
	value, found := object[path[len(path)-1]]
	return value, found && value != nil
}

func set(object map[string]any, path []string, value any) {
	for _, name := range path[:len(path)-1] {
		inner, isObject := object[name].(map[string]any)
		if !isObject {
			inner = map[string]any{}
			object[name] = inner
		}
		object = inner
	}
	object[path[len(path)-1]] = value
}

func remove(object map[string]any, path []string) {
	for _, name := range path[:len(path)-1] {
		object, _ = object[name].(map[string]any)
	}
	delete(object, path[len(path)-1])
}
