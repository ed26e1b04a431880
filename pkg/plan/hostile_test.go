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
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

// TestCompositeHostileChildren gives answers that no scenario file can hold.
func TestCompositeHostileChildren(t *testing.T) {
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	tests := map[string]struct {
		child string
		want  string // in the error; empty: no error
	}{
		"Empty":           {child: ``, want: "children[0]: is empty, not an object"},
		"Blank":           {child: ` null`, want: "children[0]: is null, not an object"},
		"Boolean":         {child: `true`, want: "children[0]: is a boolean, not an object"},
		"Number":          {child: `-1`, want: "children[0]: is a number, not an object"},
		"Cut":             {child: `{"apiVersion":`, want: "children[0]: cannot be read: unexpected end of JSON input"},
		"TwoMetadata":     {child: podWith(`"metadata":{"name":"other"}`), want: `duplicate field "metadata"`},
		"TwoNames":        {child: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","name":"b"}}`, want: `duplicate field "metadata.name"`},
		"OtherCase":       {child: podWith(`"Metadata":{"name":"../x"}`)},
		"Deep":            {child: podWith(`"spec":` + deep)},
		"TooDeep":         {child: podWith(`"spec":` + deep + deep[:9000]), want: "cannot be read"},
		"HugeNumber":      {child: podWith(`"spec":{"n":1e999}`), want: `children[0] Pod "solr": `},
		"ObjectAsName":    {child: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":{"a":1}}}`, want: "metadata.name must be a string, not an object"},
		"LongName":        {child: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"` + strings.Repeat("é/", 1e5) + `"}}`, want: "…"},
		"LongKind":        {child: `{"apiVersion":"v1","kind":"` + strings.Repeat("K", 1e5) + `","metadata":{"name":"x"}}`, want: "…"},
		"PercentInName":   {child: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a%2fb"}}`, want: "may not contain '%'"},
		"DotName":         {child: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"."}}`, want: "may not be '.'"},
		"GroupMismatch":   {child: `{"apiVersion":"pods/v1","kind":"Pod","metadata":{"name":"x"}}`, want: "no child rule declares this type"},
		"NullOwners":      {child: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","ownerReferences":null}}`},
		"NullInList":      {child: podWith(`"spec":{"containers":[null]}`)},
		"NoMetadata":      {child: `{"apiVersion":"v1","kind":"Pod"}`, want: "metadata.name is required"},
		"LowerCaseLabels": {child: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","labels":null}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Composite(newInput(InPlace, tc.child))
			var invalid *InvalidResponseError
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("want no error, got %v", err)
			case tc.want != "" && (!errors.As(err, &invalid) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("want an InvalidResponseError with %q, got %v", tc.want, err)
			case err != nil && len(err.Error()) > 1000:
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}

// TestCompositeHugeNumberInExistingChild also voids an answer when there is something to compare the child with.
func TestCompositeHugeNumberInExistingChild(t *testing.T) {
	_, child := created(t, newInput(InPlace, pod))
	in := newInput(InPlace, podWith(`"spec":{"n":1e999}`))
	in.Children = []Child{child}
	in.Response.Status = json.RawMessage(`{"n":1e999}`)
	_, err := Composite(in)
	var invalid *InvalidResponseError
	if !errors.As(err, &invalid) || len(invalid.Problems) != 2 || !strings.HasPrefix(invalid.Problems[1], "status cannot be read") {
		t.Errorf("want a problem of the child, then one of the status, got %v", err)
	}
}

// TestCompositeTooLarge has a child and a status that no API server would take: they are not decoded.
func TestCompositeTooLarge(t *testing.T) {
	list := `"spec":[{}` + strings.Repeat(",{}", maxObjectBytes/3) + `]`
	in := newInput(InPlace, podWith(list))
	in.Response.Status = json.RawMessage("{" + list + "}")
	_, err := Composite(in)
	for _, want := range []string{"children[0]: has 4194", "status has 4194"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func podWith(member string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"solr"},` + member + `}`
}

func TestInvalidResponseErrorShowsTheFirst(t *testing.T) {
	var children []string
	for range 12 {
		children = append(children, "null")
	}
	_, err := Composite(newInput(InPlace, children...))
	if err == nil || !strings.HasSuffix(err.Error(), "children[9]: is null, not an object; and 2 more problems") {
		t.Errorf("want ten problems and a count, got %v", err)
	}
}

// TestCompositeManyChildren would not end in time if anything were quadratic.
func TestCompositeManyChildren(t *testing.T) {
	const count = 100_000
	in := newInput(InPlace)
	for i := range count {
		in.Response.Children = append(in.Response.Children,
			json.RawMessage(fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"desired-%d"}}`, i)))
		in.Children = append(in.Children, Child{
			Namespace: "default", Name: fmt.Sprintf("observed-%d", i), UID: types.UID(fmt.Sprint(i)), ControllerUID: in.Parent.UID,
		})
	}
	if got := len(mustPlan(t, in).Writes); got != 2*count {
		t.Errorf("want %d writes, got %d", 2*count, got)
	}
}

// TestCompositeLongLists likewise, for the lists of one child, whose items lack one of two keys.
func TestCompositeLongLists(t *testing.T) {
	var ports []string
	for i := range 50_000 {
		ports = append(ports, fmt.Sprintf(`{"containerPort":%d}`, i))
	}
	list := `"spec":{"ports":[` + strings.Join(ports, ",") + `]}`
	child := podWith(list)
	in := newInput(InPlace, child)
	in.Children = []Child{{
		Namespace: "default", Name: "solr", ControllerUID: in.Parent.UID,
		Raw:           []byte("{" + strings.ReplaceAll(list, `},`, `,"protocol":"TCP"},`) + "}"),
		AppliedFields: `{"f:spec":{"f:ports":{"k:{\"containerPort\":0,\"protocol\":\"TCP\"}":{"f:containerPort":{}}}}}`,
	}}
	got := mustPlan(t, in).Writes
	if len(got) != 1 {
		t.Errorf("want one write, got %d", len(got))
	}
}
