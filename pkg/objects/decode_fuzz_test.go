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
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// FuzzDecode compares the decoder with the obvious way to do the same: unmarshal into maps, delete
// managedFields, look at the rest.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"metadata":{"name":"a"}}`,
		`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"1","labels":{"a":"b"}},"data":{"k":"v"}}`,
		`{"metadata":{"managedFields":[{"manager":"metacontroller","operation":"Apply","fieldsV1":{"f:a":{}}}],"name":"a","finalizers":["x"]},"status":{"a":[1,2.5e3,-0,true,null]}}`,
		`{"metadata":{"name":"a","ownerReferences":[{"uid":"u","controller":true}],"deletionTimestamp":"2026-01-02T03:04:05Z","generation":4}}`,
		` { "metadata" : { "name" : "\u0061\n" } , "x" : [ ] } `,
		`{"metadata":{"name":"a","labels":null},"kind":"","x":"\ud800"}`,
		`{"metadata":{"name":"a"},"x":[[[{}]]]}`,
		`{"metadata":[]}`, `{"metadata":{"name":1}}`, `[`, `{"a":01}`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := testDecoder().decode(data)
		want, valid := decodeByMaps(data)
		if err != nil {
			if valid {
				t.Fatalf("refused valid JSON: %v", err)
			}
			return
		}
		if !json.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("accepted invalid JSON as %s", got.Raw)
		}
		if !valid {
			return // the maps are stricter: duplicate members
		}
		compareWithMaps(t, got, want)
	})
}

// decodeByMaps returns false for what is not an object that an API server could send.
func decodeByMaps(data []byte) (map[string]any, bool) {
	var object map[string]any
	if !utf8.Valid(data) {
		return nil, false
	}
	strict, err := kjson.UnmarshalStrict(data, &object)
	if err != nil || len(strict) > 0 || object == nil {
		return nil, false
	}
	var typed struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Metadata   metav1.ObjectMeta `json:"metadata"`
	}
	if kjson.UnmarshalCaseSensitivePreserveInts(data, &typed) != nil || typed.Metadata.Name == "" {
		return nil, false
	}
	for _, name := range []string{"apiVersion", "kind"} {
		if value, present := object[name]; present && value == nil {
			return nil, false
		}
	}
	metadata, ok := object["metadata"].(map[string]any)
	if !ok {
		return nil, false
	}
	if hasNull(metadata["managedFields"]) {
		return nil, false // no server sends nulls there
	}
	delete(metadata, "managedFields")
	if typed.APIVersion == "" {
		object["apiVersion"] = "v1"
	}
	if typed.Kind == "" {
		object["kind"] = "ConfigMap"
	}
	return object, true
}

func hasNull(managedFields any) bool {
	entries, _ := managedFields.([]any)
	for _, entry := range entries {
		members, ok := entry.(map[string]any)
		if !ok {
			return true
		}
		for _, value := range members {
			if value == nil {
				return true
			}
		}
	}
	return false
}

func compareWithMaps(t *testing.T, got *Object, want map[string]any) {
	t.Helper()
	var raw map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(got.Raw, &raw); err != nil {
		t.Fatalf("Raw is not valid: %v\n%s", err, got.Raw)
	}
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Errorf("Raw: -want +got:\n%s", diff)
	}
	var typed struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        metav1.ObjectMeta `json:"metadata"`
		Status          any               `json:"status"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(got.Raw, &typed); err != nil {
		t.Fatal(err)
	}
	m := typed.Metadata
	wanted := &Object{
		APIVersion: typed.APIVersion, Kind: typed.Kind, Namespace: m.Namespace, Name: m.Name,
		ResourceVersion: m.ResourceVersion, UID: m.UID, Generation: m.Generation, Labels: m.Labels,
		Finalizers: m.Finalizers, OwnerReferences: m.OwnerReferences, DeletionTimestamp: m.DeletionTimestamp,
		Raw: got.Raw, AppliedFields: got.AppliedFields,
	}
	if diff := cmp.Diff(wanted, got, ignoreDigests); diff != "" {
		t.Errorf("fields: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(m.Annotations, got.Annotations()); diff != "" && len(m.Annotations) > 0 {
		t.Errorf("Annotations: -want +got:\n%s", diff)
	}
	if hasStatus := got.Status() != nil; hasStatus != (want["status"] != nil) && string(got.Status()) != "null" {
		t.Errorf("Status: got %s, want %v", got.Status(), want["status"])
	}
}
