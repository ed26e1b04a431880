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
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestPropertySettles lets hooks and others change objects at random: whatever happened, once the writes of a plan are carried
// out, the next plan has none.
func TestPropertySettles(t *testing.T) {
	tests := map[string]struct {
		rule    Rule
		desired func(r *rand.Rand) map[string]any
	}{
		"Pod": {
			rule:    Rule{APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespaced: true, Method: InPlace},
			desired: randomPodSpec,
		},
		"CustomResource": {
			rule:    Rule{APIVersion: "example.com/v1", Kind: "Thing", Resource: "things", Namespaced: true, Method: InPlace},
			desired: func(r *rand.Rand) map[string]any { return randomObject(r, 3) },
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(40) {
				r := rand.New(rand.NewPCG(seed, 0))
				server := newServer(t, tc.rule.APIVersion, tc.rule.Kind)
				for round := range 8 {
					child := randomChild(r, tc.rule, tc.desired(r))
					reason := settle(t, server, tc.rule, child)
					if reason != "" {
						t.Fatalf("seed %d, round %d: %s\nanswer: %s\nobserved: %s\napplied: %s",
							seed, round, reason, child, server.object(t), server.appliedFields(t))
					}
					server.change(t, "others", func(object map[string]any) { randomChange(r, object) })
				}
			}
		})
	}
}

// settle carries out a plan for one child, checks that the answer is met, and returns why the next plan has a write again.
func settle(t *testing.T, server *server, rule Rule, child string) string {
	t.Helper()
	in := newInput(InPlace, child)
	in.Rules = []Rule{rule}
	observe := func() {
		if server.Live() == nil || server.appliedFields(t) == "" {
			return
		}
		in.Children = []Child{{
			Namespace: "default", Name: "thing", ResourceVersion: "1", UID: "uid", ControllerUID: in.Parent.UID,
			Raw: server.object(t), AppliedFields: server.appliedFields(t),
		}}
	}
	observe()
	for _, write := range mustPlan(t, in).Writes {
		server.apply(t, write.Body)
	}
	observe()
	result := mustPlan(t, in)
	if diff := cmp.Diff(result, mustPlan(t, in), cmpopts.EquateEmpty(), cmp.AllowUnexported(Write{})); diff != "" {
		t.Fatalf("two plans of one input (-first +second):\n%s", diff)
	}
	if len(result.Writes) > 0 {
		return result.Writes[0].Reason
	}
	return ""
}

func randomChild(r *rand.Rand, rule Rule, spec map[string]any) string {
	metadata := map[string]any{"name": "thing"}
	if r.IntN(2) == 0 {
		metadata["labels"] = randomStrings(r)
	}
	if r.IntN(3) == 0 {
		metadata["finalizers"] = someOf(r, "ours/a", "ours/b", "ours/c")
	}
	child := map[string]any{"apiVersion": rule.APIVersion, "kind": rule.Kind, "metadata": metadata, "spec": spec}
	raw, err := json.Marshal(child)
	if err != nil {
		panic(err) // Made of maps, lists and scalars.
	}
	return string(raw)
}

// randomChange is what others do to an object.
func randomChange(r *rand.Rand, object map[string]any) {
	metadata := object["metadata"].(map[string]any)
	switch r.IntN(4) {
	case 0:
		metadata["labels"] = randomStrings(r)
	case 1:
		metadata["annotations"] = randomStrings(r)
	case 2:
		metadata["finalizers"] = []any{"others/x"}
	}
	if spec, ok := object["spec"].(map[string]any); ok && r.IntN(2) == 0 {
		for name := range spec {
			delete(spec, name)
			return
		}
	}
}

func randomPodSpec(r *rand.Rand) map[string]any {
	spec := map[string]any{"containers": []any{}}
	for _, name := range append(someOf(r, "a", "b", "c"), "main") {
		spec["containers"] = append(spec["containers"].([]any), randomContainer(r, name))
	}
	if r.IntN(2) == 0 {
		spec["nodeSelector"] = randomStrings(r)
	}
	if r.IntN(2) == 0 {
		spec["hostNetwork"] = r.IntN(2) == 0
	}
	if r.IntN(2) == 0 {
		spec["tolerations"] = []any{map[string]any{"key": fmt.Sprint(r.IntN(3)), "operator": "Exists"}, randomStrings(r)}[:r.IntN(2)]
	}
	return spec
}

func randomContainer(r *rand.Rand, name any) map[string]any {
	container := map[string]any{"name": name, "image": fmt.Sprint("image:", r.IntN(2))}
	for _, variable := range someOf(r, "A", "B", "C") {
		env, _ := container["env"].([]any)
		container["env"] = append(env, map[string]any{"name": variable, "value": fmt.Sprint(r.IntN(2))})
	}
	if r.IntN(2) == 0 {
		container["args"] = someOf(r, "x", "y", "z")
	}
	for _, protocol := range someOf(r, "TCP", "UDP") {
		ports, _ := container["ports"].([]any)
		container["ports"] = append(ports, map[string]any{"containerPort": 53, "protocol": protocol, "hostPort": r.IntN(2)})
	}
	return container
}

func randomObject(r *rand.Rand, depth int) map[string]any {
	object := map[string]any{}
	for _, name := range someOf(r, "a", "b", "c", "d") {
		object[name.(string)] = randomValue(r, depth)
	}
	return object
}

func randomValue(r *rand.Rand, depth int) any {
	if depth == 0 {
		return []any{nil, true, false, 0, 1, 1.5, "", "x"}[r.IntN(8)]
	}
	switch r.IntN(4) {
	case 0:
		return randomObject(r, depth-1)
	case 1:
		return someOf(r, 1, "x", 2.5)
	case 2:
		return []any{map[string]any{"name": "x", "v": r.IntN(2)}, map[string]any{"name": "y"}}[:r.IntN(3)]
	default:
		return randomValue(r, 0)
	}
}

func randomStrings(r *rand.Rand) map[string]any {
	object := map[string]any{}
	for _, name := range someOf(r, "k", "l", "m") {
		object[name.(string)] = fmt.Sprint(r.IntN(2))
	}
	return object
}

// someOf returns some of the values, in any order.
func someOf(r *rand.Rand, values ...any) []any {
	some := slices.Clone(values)
	r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some[:r.IntN(len(some)+1)]
}
