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
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/hookplane/hookplane/apis/hook"
)

var update = flag.Bool("update", false, "rewrite the expected part of testdata/*.yaml")

// separator ends the hand-written part of a scenario file.
const separator = "---\n"

// scenario is the hand-written part of a file of testdata/, described in testdata/README.md.
type scenario struct {
	Title            string             `json:"title"`
	Story            string             `json:"story"`
	Parent           scenarioParent     `json:"parent"`
	Strategy         Strategy           `json:"strategy"`
	Method           Method             `json:"method"`
	Rules            []Rule             `json:"rules"`
	Selector         string             `json:"selector"`
	GenerateSelector bool               `json:"generateSelector"`
	Observed         []scenarioObserved `json:"observed"`
	Answer           struct {
		Status   json.RawMessage   `json:"status"`
		Children []json.RawMessage `json:"children"`
	} `json:"answer"`
}

type scenarioParent struct {
	Name          string          `json:"name"`
	ClusterScoped bool            `json:"clusterScoped"`
	LeaveChildren bool            `json:"leaveChildren"`
	Status        json.RawMessage `json:"status"`
	KeepStatus    bool            `json:"keepStatus"`
}

type scenarioObserved struct {
	Applied    json.RawMessage `json:"applied"`
	By         Strategy        `json:"by"`
	Object     map[string]any  `json:"object"`
	Changed    map[string]any  `json:"changed"`
	Controller string          `json:"controller"`
	Deleting   bool            `json:"deleting"`
}

// outcome is the expected part of a file.
type outcome struct {
	Invalid         []string        `json:"invalid,omitempty"`
	Error           string          `json:"error,omitempty"`
	Writes          []outcomeWrite  `json:"writes,omitempty"`
	Settled         []string        `json:"settled,omitempty"`
	Problems        []string        `json:"problems,omitempty"`
	Status          json.RawMessage `json:"status,omitempty"`
	BookkeepingOnly bool            `json:"bookkeepingOnly,omitempty"`
}

type outcomeWrite struct {
	Do     string          `json:"do"`
	Why    string          `json:"why"`
	Adopts bool            `json:"adopts,omitempty"`
	With   json.RawMessage `json:"with,omitempty"`
	Record json.RawMessage `json:"record,omitempty"`
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.yaml"))
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
			var s scenario
			if err := yaml.UnmarshalStrict(given, &s); err != nil {
				t.Fatal(err)
			}
			in := s.input(t)
			got := s.run(t, in)
			checkIndependence(t, &s, in, got)
			if *update {
				if err := os.WriteFile(file, slices.Concat(given, []byte(separator), got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got, rewrite with go test ./pkg/plan -update):\n%s", s.Title, diff)
			}
		})
	}
}

// checkIndependence checks that the plan left its input alone and does not depend on the order of observed children.
func checkIndependence(t *testing.T, s *scenario, in Input, got []byte) {
	t.Helper()
	slices.Reverse(in.Children)
	if diff := cmp.Diff(string(got), string(s.run(t, in))); diff != "" {
		t.Errorf("with observed children reversed (-first +second):\n%s", diff)
	}
	slices.Reverse(in.Children)
	opaque := cmp.FilterPath(func(p cmp.Path) bool {
		return slices.Contains([]string{".Lookup", ".Selector"}, p.Last().String())
	}, cmp.Ignore())
	if diff := cmp.Diff(s.input(t), in, opaque); diff != "" {
		t.Errorf("input was modified (-before +after):\n%s", diff)
	}
}

func (s *scenario) input(t *testing.T) Input {
	t.Helper()
	in := Input{
		Parent: Parent{
			APIVersion: "apps.hybris.com/v1", Kind: "Ecommerce", Namespace: "default", Name: "shop-1", UID: "shop-1-uid",
			Generation: 2, LeaveChildren: s.Parent.LeaveChildren, KeepStatus: s.Parent.KeepStatus, Status: s.Parent.Status,
		},
		Strategy:         s.Strategy,
		Rules:            s.Rules,
		GenerateSelector: s.GenerateSelector,
		Response:         &hook.CompositeResponse{Status: s.Answer.Status, Children: s.Answer.Children},
	}
	if s.Parent.Status == nil {
		in.Parent.Status = []byte(`{"observedGeneration":2}`)
	}
	if s.Parent.ClusterScoped {
		in.Parent.Namespace = ""
	}
	if len(in.Rules) == 0 {
		in.Rules = []Rule{
			{APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespaced: true, Method: s.Method},
			{APIVersion: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespaced: true, Method: s.Method},
		}
	}
	if s.GenerateSelector {
		in.Selector = labels.SelectorFromSet(labels.Set{SelectorLabel: string(in.Parent.UID)})
	} else if s.Selector != "" {
		selector, err := labels.Parse(s.Selector)
		if err != nil {
			t.Fatal(err)
		}
		in.Selector = selector
	}
	cluster := map[ChildKey]Child{}
	in.Lookup = func(rule int, namespace, name string) (Child, bool) {
		child, found := cluster[ChildKey{rule, namespace, name}]
		return child, found
	}
	for i := range s.Observed {
		child := s.Observed[i].child(t, in)
		cluster[child.key()] = child
		if child.ControllerUID == in.Parent.UID {
			in.Children = append(in.Children, child)
		}
	}
	return in
}

// child makes the observed child: what the plan itself would create from what was applied, plus what changed since.
func (o *scenarioObserved) child(t *testing.T, in Input) Child {
	t.Helper()
	var applied string
	live := cloneObject(t, o.Object)
	if o.Applied != nil {
		creation := in
		creation.Parent.LeaveChildren = false
		if o.By != "" {
			creation.Strategy = o.By
		}
		creation.Children, creation.Lookup = nil, func(int, string, string) (Child, bool) { return Child{}, false }
		creation.Response = &hook.CompositeResponse{Children: []json.RawMessage{o.Applied}}
		result, err := Composite(creation)
		if err != nil {
			t.Fatalf("cannot have been applied: %v", err)
		}
		object := decodeObject(t, result.Writes[0].Body)
		if creation.Strategy == DynamicApply {
			live = object.Object
		} else {
			server := newServer(t, object.GetAPIVersion(), object.GetKind())
			server.apply(t, result.Writes[0].Body)
			applied = server.appliedFields(t)
			live = decodeObject(t, server.object(t)).Object
		}
	} else if o.Controller == "" {
		owner := encode(t, map[string]any{"metadata": map[string]any{"ownerReferences": []any{map[string]any{
			"apiVersion": in.Parent.APIVersion, "kind": in.Parent.Kind, "name": in.Parent.Name, "uid": in.Parent.UID,
			"controller": true, "blockOwnerDeletion": true,
		}}}})
		var patch map[string]any
		if err := json.Unmarshal(owner, &patch); err != nil {
			t.Fatal(err)
		}
		merge(live, patch)
	}
	merge(live, o.Changed)
	object := unstructured.Unstructured{Object: live}
	rule := slices.IndexFunc(in.Rules, func(r Rule) bool {
		return r.APIVersion == object.GetAPIVersion() && r.Kind == object.GetKind()
	})
	child := Child{
		Rule: rule, Namespace: object.GetNamespace(), Name: object.GetName(), ResourceVersion: "7", Deleting: o.Deleting,
		UID: types.UID(object.GetName() + "-uid"), ControllerUID: in.Parent.UID, AppliedFields: applied, ContentDigest: 1,
	}
	switch o.Controller {
	case "":
	case "nobody":
		child.ControllerUID = ""
	default:
		child.ControllerUID, child.ControllerName = "other-uid", o.Controller
	}
	child.Raw = encode(t, live)
	return child
}

func (s *scenario) run(t *testing.T, in Input) []byte {
	t.Helper()
	result, err := Composite(in)
	var invalid *InvalidResponseError
	var o outcome
	switch {
	case errors.As(err, &invalid):
		o.Invalid = invalid.Problems
	case err != nil:
		o.Error = err.Error()
	}
	rules := &ruleIndex{rules: in.Rules}
	for _, w := range result.Writes {
		body, record := w.Body, json.RawMessage(nil)
		if w.Strategy == DynamicApply && body != nil {
			body, record = splitRecord(t, body)
		}
		o.Writes = append(o.Writes, outcomeWrite{string(w.Op) + " " + rules.describe(w.Key), w.Reason, w.Adopts, body, record})
	}
	for key := range maps.Keys(result.Settled) {
		o.Settled = append(o.Settled, rules.describe(key))
	}
	slices.Sort(o.Settled)
	for _, p := range result.Problems {
		o.Problems = append(o.Problems, p.Message)
	}
	if result.Status != nil {
		o.Status, o.BookkeepingOnly = result.Status.Status, result.Status.BookkeepingOnly
	}
	text, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// splitRecord takes the annotation of dynamic-apply out of an object: it reads better as what it holds.
func splitRecord(t *testing.T, body []byte) (rest, record []byte) {
	t.Helper()
	object := decodeObject(t, body)
	annotations := object.GetAnnotations()
	text := annotations[LastAppliedAnnotation]
	delete(annotations, LastAppliedAnnotation)
	if object.SetAnnotations(annotations); len(annotations) == 0 {
		object.SetAnnotations(nil)
	}
	if text == "" {
		t.Errorf("the body has no record: %s", body)
	}
	return encode(t, object.Object), []byte(text)
}

func cloneObject(t *testing.T, object map[string]any) map[string]any {
	t.Helper()
	var clone map[string]any
	if err := json.Unmarshal(encode(t, object), &clone); err != nil {
		t.Fatal(err)
	}
	return clone
}

// merge is a JSON merge patch (RFC 7386).
func merge(object, patch map[string]any) {
	for name, value := range patch {
		below, isObject := value.(map[string]any)
		current, wasObject := object[name].(map[string]any)
		switch {
		case value == nil:
			delete(object, name)
		case isObject && wasObject:
			merge(current, below)
		default:
			object[name] = value
		}
	}
}
