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

package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// rolloutScenario is the hand-written part of a file of testdata/rollout/, described in its README.md.
type rolloutScenario struct {
	Title string           `json:"title"`
	Story string           `json:"story"`
	World json.RawMessage  `json:"world"`
	Steps []map[string]any `json:"steps"`
}

func TestRolloutScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "rollout", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			given, want, _ := bytes.Cut(content, []byte(separator))
			var s rolloutScenario
			if err := yaml.UnmarshalStrict(given, &s); err != nil {
				t.Fatal(err)
			}
			got := s.run(t)
			if *update {
				if err := os.WriteFile(file, slices.Concat(given, []byte(separator), []byte(got)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got, rewrite with go test ./pkg/plan -update):\n%s", s.Title, diff)
			}
		})
	}
}

// run returns what happened in each step.
func (s *rolloutScenario) run(t *testing.T) string {
	t.Helper()
	w := newWorld(t)
	if s.World != nil {
		decoder := json.NewDecoder(bytes.NewReader(s.World))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(w); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	for _, step := range s.Steps {
		for _, verb := range slices.Sorted(maps.Keys(step)) {
			fmt.Fprintf(&text, "%s %s\n", verb, encode(t, step[verb]))
			w.step(verb, step[verb])
		}
		for _, sync := range w.settle(nil) {
			fmt.Fprintln(&text, "  sync")
			for _, did := range sync {
				fmt.Fprintln(&text, "    "+did)
			}
		}
	}
	return text.String()
}

// step lets something happen to the world.
func (w *rolloutWorld) step(verb string, argument any) {
	w.t.Helper()
	switch verb {
	case "apply":
		merge(w.spec, argument.(map[string]any))
	case "hook":
		for image, instead := range argument.(map[string]any) {
			w.answers[image] = fmt.Sprint(instead)
		}
	case "drift":
		for name, image := range argument.(map[string]any) {
			child := w.child(name)
			child.change(w.t, "somebody", func(object map[string]any) { object["spec"] = map[string]any{"image": image} })
			w.touched(child, true)
		}
	case "checks":
		w.Checks = nil
		if err := json.Unmarshal(encode(w.t, argument), &w.Checks); err != nil {
			w.t.Fatal(err)
		}
	case "method":
		w.Method = Method(fmt.Sprint(argument))
	case "restart":
		w.settled = nil
	case "crash":
		w.crashes = true
	case "deleteParent":
		w.deleting = true
	case "finalize":
		w.finalizing = true
	default:
		for _, name := range argument.([]any) {
			w.happen(verb, fmt.Sprint(name))
		}
	}
}

// happen lets something happen to one child or revision.
func (w *rolloutWorld) happen(verb, name string) {
	w.t.Helper()
	switch verb {
	case "ready":
		w.setReady(w.child(name))
	case "unready":
		w.child(name).ready = "False"
		w.touched(w.child(name), false)
	case "unobserved": // ready, but by what was before its last change
		child := w.child(name)
		child.ready, child.observed = "True", child.generation-1
		w.touched(child, false)
	case "going":
		w.child(name).deleting = true
		w.touched(w.child(name), true)
	case "gone":
		w.child(name)
		delete(w.children, name)
	case "forget":
		if w.revs[name] == nil {
			w.t.Fatalf("no revision %s", name)
		}
		delete(w.revs, name)
	default:
		w.t.Fatalf("unknown step %s", verb)
	}
}

func (w *rolloutWorld) child(name string) *worldChild {
	w.t.Helper()
	child := w.children[name]
	if child == nil {
		w.t.Fatalf("no child %s", name)
	}
	return child
}
