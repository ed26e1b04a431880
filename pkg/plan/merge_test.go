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
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// TestMergeChild has the corner cases; the files dynamic-*.yaml of testdata/ are the specification.
func TestMergeChild(t *testing.T) {
	tests := map[string]struct {
		reason                        string
		observed, last, desired, want string
	}{
		"NothingThere":      {observed: `{}`, last: `null`, desired: `{"a":1}`, want: `{"a":1,"metadata":{}}`},
		"NullIsAbsent":      {reason: "a null member asks for nothing", observed: `{"a":1,"b":1}`, last: `{"a":1,"c":null}`, desired: `{"a":null,"b":null}`, want: `{"b":1,"metadata":{}}`},
		"ObservedNull":      {observed: `{"a":null}`, last: `{}`, desired: `{"a":{"b":1}}`, want: `{"a":{"b":1},"metadata":{}}`},
		"NumberForms":       {observed: `{"a":1}`, last: `{}`, desired: `{"a":1.0}`, want: `{"a":1,"metadata":{}}`},
		"RemoveMissing":     {observed: `{}`, last: `{"a":1}`, desired: `{}`, want: `{"metadata":{}}`},
		"EmptyAnnotations":  {reason: "a server may show an empty map: no difference", observed: `{"metadata":{"annotations":{}}}`, last: `{}`, desired: `{}`, want: `{"metadata":{"annotations":{}}}`},
		"LastAnnotation":    {observed: `{"metadata":{"annotations":{"a":"1"}}}`, last: `{"metadata":{"annotations":{"a":"1"}}}`, desired: `{}`, want: `{"metadata":{}}`},
		"ZeroNeverApplied":  {observed: `{}`, last: `{}`, desired: `{"a":0}`, want: `{"a":0,"metadata":{}}`},
		"ZeroApplied":       {observed: `{}`, last: `{"a":0}`, desired: `{"a":0}`, want: `{"metadata":{}}`},
		"ZeroInsteadOfMore": {observed: `{}`, last: `{"a":1}`, desired: `{"a":0}`, want: `{"a":0,"metadata":{}}`},
		"EmptyListOfAll":    {reason: "a list that is emptied keeps the items of others", observed: `{"a":[{"name":"x"},{"name":"y"}]}`, last: `{"a":[{"name":"x"}]}`, desired: `{"a":[]}`, want: `{"a":[{"name":"y"}],"metadata":{}}`},
		"EmptyLists":        {observed: `{"a":[]}`, last: `{"a":[]}`, desired: `{"a":[]}`, want: `{"a":[],"metadata":{}}`},
		"KeyOrder":          {reason: "port comes before name", observed: `{"a":[{"name":"x","port":1},{"name":"y","port":2}]}`, last: `{}`, desired: `{"a":[{"name":"y","port":1}]}`, want: `{"a":[{"name":"y","port":1},{"name":"y","port":2}],"metadata":{}}`},
		"KeyOfTypes":        {reason: "80 and \"80\" are two", observed: `{"a":[{"port":80}]}`, last: `{}`, desired: `{"a":[{"port":"80"}]}`, want: `{"a":[{"port":80},{"port":"80"}],"metadata":{}}`},
		"KeyNull":           {observed: `{"a":[{"name":null}]}`, last: `{}`, desired: `{"a":[{"name":"x"}]}`, want: `{"a":[{"name":"x"}],"metadata":{}}`},
		"KeyInLastMissing":  {observed: `{"a":[{"name":"x"},{"name":"y"}]}`, last: `{"a":[1]}`, desired: `{"a":[{"name":"x"}]}`, want: `{"a":[{"name":"x"}],"metadata":{}}`},
		"KeyTwice":          {observed: `{"a":[{"name":"x","v":1},{"name":"x","v":2}]}`, last: `{}`, desired: `{"a":[{"name":"x"}]}`, want: `{"a":[{"name":"x"}],"metadata":{}}`},
		"OwnersWithoutUID":  {observed: `{"metadata":{"ownerReferences":[{"name":"x"},{"name":"y"}]}}`, last: `{}`, desired: `{"metadata":{"ownerReferences":[{"name":"z"}]}}`, want: `{"metadata":{"ownerReferences":[{"name":"z"}]}}`},
		"FinalizersTwice":   {observed: `{}`, last: `{}`, desired: `{"metadata":{"finalizers":["a","a",{}]}}`, want: `{"metadata":{"finalizers":["a"]}}`},
		"MetadataOfOthers":  {observed: `{"metadata":{"labels":{"theirs":"1"}}}`, last: `{"metadata":{"labels":{"ours":"1"}}}`, desired: `{"metadata":{"labels":{"new":"1"}}}`, want: `{"metadata":{"labels":{"theirs":"1","new":"1"}}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := mergeChild(objectOf(t, tc.observed), objectOf(t, tc.last), objectOf(t, tc.desired))
			if diff := cmp.Diff(objectOf(t, tc.want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func objectOf(t testing.TB, text string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := utiljson.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return object
}

// checkMerge checks what holds for any three objects.
func checkMerge(t *testing.T, observed, last, desired map[string]any) {
	t.Helper()
	before := fmt.Sprint(observed, last, desired)
	merged := mergeChild(observed, last, desired)
	if after := fmt.Sprint(observed, last, desired); after != before {
		t.Errorf("the input was modified:\n%s\n%s", before, after)
	}
	text := encode(t, merged)
	for range 3 { // Maps are walked in another order each time.
		if again := encode(t, mergeChild(observed, last, desired)); !bytes.Equal(text, again) {
			t.Errorf("two merges of one input:\n%s\n%s", text, again)
		}
	}
	if again := mergeChild(merged, desired, desired); !equalValues(merged, again) {
		t.Errorf("merged again it is something else:\nobserved %s\nlast %s\ndesired %s\nmerged %s\nagain %s",
			encode(t, observed), encode(t, last), encode(t, desired), text, encode(t, again))
	}
	if difference := firstDifference(merged, observed); (difference == nil) != equalValues(merged, observed) {
		t.Errorf("the difference is %v of\n%s\n%s", difference, encode(t, observed), text)
	}
}

// FuzzMergeChild merges arbitrary objects.
func FuzzMergeChild(f *testing.F) {
	f.Add(`{"a":[{"name":"x"},{"name":"y","port":1}]}`, `{"a":[{"name":"z"}],"b":{"c":1}}`, `{"a":[{"name":"y"},{"name":"x","v":[]}],"b":null}`)
	f.Add(`{"metadata":{"labels":{"a":"1"},"finalizers":["x",1],"ownerReferences":[{"uid":"u"},{}]}}`, `{"metadata":1}`,
		`{"metadata":{"ownerReferences":[{"uid":"u","x":1},{"uid":"u"}],"finalizers":[[]],"annotations":[]}}`)
	f.Add(`{"a":[[1],[2]],"b":0}`, `{"a":[{"port":1},{"port":1.0}]}`, `{"a":[{"port":1},{"port":"1"}],"b":false}`)
	f.Fuzz(func(t *testing.T, observed, last, desired string) {
		var objects [3]map[string]any
		for i, text := range []string{observed, last, desired} {
			if err := utiljson.Unmarshal([]byte(text), &objects[i]); err != nil {
				t.Skip("not an object")
			}
		}
		checkMerge(t, objects[0], objects[1], objects[2])
	})
}

// TestPropertyMerge does the same with objects that have more in common than a fuzzer finds.
func TestPropertyMerge(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		random := func() map[string]any {
			raw := encode(t, map[string]any{"metadata": randomMetadata(r), "spec": randomObject(r, 3), "pod": randomPodSpec(r)})
			return objectOf(t, string(raw))
		}
		checkMerge(t, random(), random(), random())
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func randomMetadata(r *rand.Rand) map[string]any {
	metadata := map[string]any{"name": "thing"}
	for _, name := range someOf(r, "labels", "annotations") {
		metadata[name.(string)] = randomStrings(r)
	}
	if r.IntN(2) == 0 {
		metadata["finalizers"] = someOf(r, "ours/a", "ours/b", "ours/c")
	}
	for _, uid := range someOf(r, "u1", "u2", "u3") {
		owners, _ := metadata["ownerReferences"].([]any)
		metadata["ownerReferences"] = append(owners, map[string]any{"uid": uid, "name": "n", "controller": r.IntN(2) == 0})
	}
	return metadata
}

// TestPropertyDynamicSettles carries plans out as an API server does a replace: then there is nothing left to write, whatever the
// hook said before and others did since.
func TestPropertyDynamicSettles(t *testing.T) {
	rule := Rule{APIVersion: "example.com/v1", Kind: "Thing", Resource: "things", Namespaced: true, Method: InPlace}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		var live []byte
		for round := range 8 {
			spec := randomObject(r, 3)
			if r.IntN(2) == 0 {
				spec = randomPodSpec(r)
			}
			child := randomChild(r, rule, spec)
			in := newInput(InPlace, child)
			in.Strategy, in.Rules = DynamicApply, []Rule{rule}
			observe := func() {
				in.Children = nil
				if live != nil {
					in.Children = []Child{{
						Namespace: "default", Name: "thing", ResourceVersion: "1", UID: "uid", ControllerUID: in.Parent.UID, Raw: live,
					}}
				}
			}
			observe()
			for _, write := range mustPlan(t, in).Writes {
				live = withoutZeros(t, write.Body)
			}
			observe()
			if writes := mustPlan(t, in).Writes; len(writes) > 0 {
				t.Fatalf("seed %d, round %d: %s\nanswer: %s\nobserved: %s\nbody: %s", seed, round, writes[0].Reason, child, live, writes[0].Body)
			}
			object := objectOf(t, string(live))
			randomChange(r, object)
			live = encode(t, object)
		}
	}
}

// withoutZeros drops some members that built-in types do not show.
func withoutZeros(t *testing.T, body []byte) []byte {
	t.Helper()
	object := objectOf(t, string(body))
	spec := asObject(object["spec"])
	for name, member := range spec {
		if isZero(member) {
			delete(spec, name)
		}
	}
	return encode(t, object)
}

// TestDynamicApplyTooLarge has a child whose record does not fit into annotations.
func TestDynamicApplyTooLarge(t *testing.T) {
	large := podWith(`"spec":{"hostname":"` + strings.Repeat("x", maxAnnotations) + `"}`)
	for name, observe := range map[string]func(in *Input){
		"Create": func(*Input) {},
		"Update": func(in *Input) {
			in.Children = []Child{{Namespace: "default", Name: "solr", ControllerUID: in.Parent.UID, Raw: []byte(pod)}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInput(InPlace, large)
			in.Strategy = DynamicApply
			observe(&in)
			_, err := Composite(in)
			if err == nil || !strings.Contains(err.Error(), `children[0] Pod "solr": is too large for dynamic-apply`) {
				t.Errorf("want that it is too large, got %v", err)
			}
		})
	}
}

// TestDropRecord takes what dynamic-apply left from objects that nobody else looked at before.
func TestDropRecord(t *testing.T) {
	record := func(text string) string {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return `{"metadata":{"annotations":{"` + LastAppliedAnnotation + `":` + string(quoted) + `}},"data":{"a":"1","b":"2"}}`
	}
	tests := map[string]struct {
		object, desired, want string
		more                  bool
	}{
		"Same":       {record(`{"data":{"a":"1"}}`), `{"data":{"a":"1"}}`, `{"metadata":{},"data":{"a":"1","b":"2"}}`, false},
		"Less":       {record(`{"data":{"a":"1","b":"2"}}`), `{"data":{"a":"1"}}`, `{"metadata":{},"data":{"a":"1"}}`, true},
		"Unreadable": {record(`[`), `{"data":{"a":"1"}}`, `{"metadata":{},"data":{"a":"1","b":"2"}}`, false},
		"Null":       {record(`null`), `{"data":{"a":"1"}}`, `{"metadata":{},"data":{"a":"1","b":"2"}}`, false},
		"None":       {`{"metadata":{"annotations":{"a":"b"}}}`, `{}`, `{"metadata":{"annotations":{"a":"b"}}}`, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			object := objectOf(t, tc.object)
			got, more := DropRecord(object, objectOf(t, tc.desired))
			if diff := cmp.Diff(objectOf(t, tc.want), got); diff != "" || more != tc.more {
				t.Errorf("more went: %t, want %t; the object (-want +got):\n%s", more, tc.more, diff)
			}
			if diff := cmp.Diff(objectOf(t, tc.object), object); diff != "" {
				t.Errorf("the input was modified (-before +after):\n%s", diff)
			}
		})
	}
}
