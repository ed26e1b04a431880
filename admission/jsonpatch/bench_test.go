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

package jsonpatch

import (
	"encoding/json"
	"fmt"
	"testing"
)

// BenchmarkDiff compares a Pod of ten containers with itself, and with what an initializer has made of it.
func BenchmarkDiff(b *testing.B) {
	pod := func() map[string]any {
		containers := make([]any, 10)
		for i := range containers {
			containers[i] = map[string]any{
				"name": fmt.Sprint("c", i), "image": "registry.example.com/shop:1", "ports": []any{map[string]any{"containerPort": json.Number("80")}},
			}
		}
		return map[string]any{
			"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "web", "labels": map[string]any{"app": "shop"}},
			"spec": map[string]any{"containers": containers, "hostNetwork": false},
		}
	}
	changed := pod()
	changed["metadata"].(map[string]any)["labels"] = map[string]any{"app": "shop", "team": "shop"}
	spec := changed["spec"].(map[string]any)
	spec["containers"] = append(spec["containers"].([]any), map[string]any{"name": "sidecar", "image": "registry.example.com/sidecar:1"})
	for name, tc := range map[string]struct {
		after      map[string]any
		operations int
	}{
		"Equal":   {after: pod()},
		"Sidecar": {after: changed, operations: 2},
	} {
		b.Run(name, func(b *testing.B) {
			before := pod()
			b.ReportAllocs()
			for b.Loop() {
				if got := len(Diff(before, tc.after)); got != tc.operations {
					b.Fatalf("Diff made %d operations, want %d", got, tc.operations)
				}
			}
		})
	}
}
