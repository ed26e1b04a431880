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

package objects

import (
	"hash/maphash"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var configMaps = Resource{
	GroupVersionResource: schema.GroupVersionResource{Version: "v1", Resource: "configmaps"},
	Kind:                 "ConfigMap", Namespaced: true,
}

var testSeed = maphash.MakeSeed()

func testDecoder() *decoder { return newDecoder(configMaps, "metacontroller", testSeed) }

// ignoreDigests leaves out what differs from process to process.
var ignoreDigests = cmp.FilterPath(func(p cmp.Path) bool { return strings.HasSuffix(p.Last().String(), "Digest") }, cmp.Ignore())

func TestDecoderDecode(t *testing.T) {
	yes := true
	deleted := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Local())
	cases := map[string]struct {
		json string
		want *Object
	}{
		"ListItem": {
			json: `{"metadata":{"name":"a","namespace":"ns"},"data":{"k":"v"}}`,
			want: &Object{
				APIVersion: "v1", Kind: "ConfigMap", Namespace: "ns", Name: "a",
				Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"},"data":{"k":"v"}}`),
			},
		},
		"TypeComesFirst": {
			json: `{"kind":"Thing","metadata":{"name":"a"},"apiVersion":"example.com/v1"}`,
			want: &Object{
				APIVersion: "example.com/v1", Kind: "Thing", Name: "a",
				Raw: []byte(`{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"a"}}`),
			},
		},
		"AllMetadata": {
			json: `{"metadata":{"name":"a","uid":"u1","resourceVersion":"7","generation":3,"deletionTimestamp":"2026-01-02T03:04:05Z",` +
				`"labels":{"app":"x"},"finalizers":["f1"],"ownerReferences":[{"apiVersion":"v1","kind":"Shop","name":"s","uid":"u2","controller":true}]}}`,
			want: &Object{
				APIVersion: "v1", Kind: "ConfigMap", Name: "a", UID: "u1", ResourceVersion: "7", Generation: 3,
				Labels: map[string]string{"app": "x"}, Finalizers: []string{"f1"}, DeletionTimestamp: &deleted,
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Shop", Name: "s", UID: "u2", Controller: &yes}},
				Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u1","resourceVersion":"7","generation":3,"deletionTimestamp":"2026-01-02T03:04:05Z",` +
					`"labels":{"app":"x"},"finalizers":["f1"],"ownerReferences":[{"apiVersion":"v1","kind":"Shop","name":"s","uid":"u2","controller":true}]}}`),
			},
		},
		"ManagedFields": {
			json: `{"metadata":{"managedFields":[{"manager":"kubectl","operation":"Apply","fieldsV1":{"f:x":{}}},` +
				`{"manager":"metacontroller","operation":"Update","fieldsV1":{"f:y":{}}},` +
				`{"manager":"metacontroller","operation":"Apply","subresource":"status","fieldsV1":{"f:z":{}}},` +
				`{"manager":"metacontroller","operation":"Apply","fieldsV1":{"f:data":{"f:k":{}}}}],"name":"a"},"data":{}}`,
			want: &Object{
				APIVersion: "v1", Kind: "ConfigMap", Name: "a", AppliedFields: `{"f:data":{"f:k":{}}}`,
				Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{}}`),
			},
		},
		"NullMembers": {
			json: `{"metadata":{"name":"a","labels":null,"creationTimestamp":null,"managedFields":null},"status":null}`,
			want: &Object{
				APIVersion: "v1", Kind: "ConfigMap", Name: "a",
				Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":null,"creationTimestamp":null},"status":null}`),
			},
		},
		"WhiteSpaceIsRemoved": {
			json: "{ \"metadata\" : {\n\"name\": \"a b\" , \"managedFields\": [ ] } ,\t\"data\": [1, 2] }\n",
			want: &Object{
				APIVersion: "v1", Kind: "ConfigMap", Name: "a b",
				Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a b"},"data":[1,2]}`),
			},
		},
		"Escapes": {
			json: `{"met\u0061data":{"name":"\u0061"},"data":{"k\"":"\ud83d\ude00\n"}}`,
			want: &Object{
				APIVersion: "v1", Kind: "ConfigMap", Name: "a",
				Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\u0061"},"data":{"k\"":"\ud83d\ude00\n"}}`),
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := testDecoder().decode([]byte(tc.json))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, ignoreDigests); diff != "" {
				t.Errorf("decode: -want +got:\n%s", diff)
			}
		})
	}
}

func TestDecoderDecodeError(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	cases := map[string]struct{ json, want string }{
		"Empty":             {``, "ends at byte 0"},
		"NotAnObject":       {`[]`, "expected {"},
		"NoMetadata":        {`{"data":{}}`, "no metadata.name"},
		"NullMetadata":      {`{"metadata":null}`, "metadata: unexpected 'n'"},
		"NoName":            {`{"metadata":{}}`, "no metadata.name"},
		"NameIsNumber":      {`{"metadata":{"name":5}}`, "metadata: name: unexpected '5'"},
		"LabelsAreList":     {`{"metadata":{"name":"a","labels":[]}}`, "metadata: labels: "},
		"GenerationIsFloat": {`{"metadata":{"name":"a","generation":1.5}}`, "metadata: generation: "},
		"KindIsObject":      {`{"kind":{},"metadata":{"name":"a"}}`, "kind: unexpected"},
		"ManagerIsNumber":   {`{"metadata":{"name":"a","managedFields":[{"manager":1}]}}`, "managedFields: unexpected"},
		"TrailingComma":     {`{"metadata":{"name":"a"},}`, "expected a string"},
		"MissingColon":      {`{"metadata"{"name":"a"}}`, "expected a colon"},
		"Cut":               {`{"metadata":{"name":"a"}`, "expected a comma or }"},
		"CutString":         {`{"metadata":{"name":"a`, "the end of a string"},
		"CutEscape":         {`{"metadata":{"name":"\u00`, "an escape"},
		"WrongEscape":       {`{"metadata":{"name":"\x"}}`, "an escape"},
		"ControlCharacter":  {"{\"metadata\":{\"name\":\"a\nb\"}}", "no control character"},
		"WrongLiteral":      {`{"metadata":{"name":"a"},"x":nul}`, "expected a value"},
		"LeadingZero":       {`{"metadata":{"name":"a"},"x":01}`, "expected a comma"},
		"NoFraction":        {`{"metadata":{"name":"a"},"x":1.}`, "expected a digit"},
		"NoExponent":        {`{"metadata":{"name":"a"},"x":1e}`, "expected a digit"},
		"TwoValues":         {`{"metadata":{"name":"a"}}{}`, "expected the end"},
		"NotUTF8":           {"{\"metadata\":{\"name\":\"a\xff\"}}", "not UTF-8"},
		"TooDeep":           {`{"metadata":{"name":"a"},"x":` + deep + `}`, "deeper than 10000"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := testDecoder().decode([]byte(tc.json))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("decode: got %v, %v, want an error with %q", got, err, tc.want)
			}
		})
	}
}

func TestDecoderDigests(t *testing.T) {
	const before = `{"metadata":{"name":"a","resourceVersion":"1","generation":1,"managedFields":[{"time":"x"}]},"spec":{"n":1},"status":{"s":1}}`
	cases := map[string]struct {
		after                         string
		contentChanged, statusChanged bool
	}{
		"Same":            {before, false, false},
		"WithType":        {`{"kind":"ConfigMap","apiVersion":"v1",` + before[1:], false, false},
		"ResourceVersion": {strings.Replace(before, `"resourceVersion":"1"`, `"resourceVersion":"2"`, 1), false, false},
		"ManagedFields":   {strings.Replace(before, `"time":"x"`, `"time":"y"`, 1), false, false},
		"NoManagedFields": {strings.Replace(before, `,"managedFields":[{"time":"x"}]`, ``, 1), false, false},
		"WhiteSpace":      {strings.ReplaceAll(before, `:`, ` : `), false, false},
		"Spec":            {strings.Replace(before, `"n":1`, `"n":2`, 1), true, false},
		"NewMember":       {strings.Replace(before, `"spec"`, `"data":{},"spec"`, 1), true, false},
		"Label":           {strings.Replace(before, `"name"`, `"labels":{"a":"b"},"name"`, 1), true, false},
		"Generation":      {strings.Replace(before, `"generation":1`, `"generation":2`, 1), true, false},
		"Status":          {strings.Replace(before, `"s":1`, `"s":2`, 1), false, true},
		"NoStatus":        {strings.Replace(before, `,"status":{"s":1}`, ``, 1), false, true},
	}
	old, err := testDecoder().decode([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			after, err := testDecoder().decode([]byte(tc.after))
			if err != nil {
				t.Fatal(err)
			}
			event := Event{Old: old, New: after}
			if got := event.ContentChanged(); got != tc.contentChanged {
				t.Errorf("ContentChanged: got %v, want %v", got, tc.contentChanged)
			}
			if got := event.StatusChanged(); got != tc.statusChanged {
				t.Errorf("StatusChanged: got %v, want %v", got, tc.statusChanged)
			}
		})
	}
}

func TestDecoderSharesEqualMetadata(t *testing.T) {
	const item = `{"metadata":{"name":"a","labels":{"app":"x"},"ownerReferences":[{"uid":"u"}]}}`
	d := testDecoder()
	first, err := d.decode([]byte(item))
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.decode([]byte(item))
	if err != nil {
		t.Fatal(err)
	}
	if &first.OwnerReferences[0] != &second.OwnerReferences[0] {
		t.Error("equal owner references are kept twice")
	}
}

func TestObjectAccessors(t *testing.T) {
	o, err := testDecoder().decode([]byte(`{"metadata":{"name":"a","annotations":{"k":"v"},"ownerReferences":[{"uid":"x"},{"uid":"y","controller":true}]},"status":{"ready":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(o.Status()), `{"ready":1}`; got != want {
		t.Errorf("Status: got %s, want %s", got, want)
	}
	if diff := cmp.Diff(map[string]string{"k": "v"}, o.Annotations()); diff != "" {
		t.Errorf("Annotations: -want +got:\n%s", diff)
	}
	if got := o.Controller(); got == nil || got.UID != "y" {
		t.Errorf("Controller: got %v, want the owner y", got)
	}
	bare, err := testDecoder().decode([]byte(`{"metadata":{"name":"a","ownerReferences":[{"uid":"x"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if bare.Status() != nil || bare.Annotations() != nil || bare.Controller() != nil || bare.Deleting() {
		t.Errorf("a bare object: got status %s, annotations %v, controller %v, deleting %v, want none",
			bare.Status(), bare.Annotations(), bare.Controller(), bare.Deleting())
	}
}
