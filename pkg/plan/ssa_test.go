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
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

// fieldManager is who Hookplane is to the server in these tests.
const fieldManager = "metacontroller"

// server does for one object what the API server's server-side apply does, with the same code and the schemas of the built-in
// types; a type that it does not know it merges like a custom resource without a schema. It neither defaults nor validates.
type server struct {
	managedfieldstest.TestFieldManager
}

// builtIn knows the schemas of the built-in types. To read them takes a while.
var builtIn = sync.OnceValue(func() managedfields.TypeConverter {
	return applyconfigurations.NewTypeConverter(scheme.Scheme)
})

func newServer(t testing.TB, apiVersion, kind string) *server {
	t.Helper()
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		t.Fatal(err)
	}
	gvk := version.WithKind(kind)
	converter := managedfields.NewDeducedTypeConverter()
	if scheme.Scheme.Recognizes(gvk) {
		converter = builtIn()
	}
	return &server{managedfieldstest.NewTestFieldManager(converter, gvk)}
}

// apply carries out the body of a Create or Update.
func (s *server) apply(t testing.TB, body []byte) {
	t.Helper()
	object := decodeObject(t, body)
	unstructured.RemoveNestedField(object.Object, "metadata", "uid")
	if err := s.Apply(object, fieldManager, true); err != nil {
		t.Fatalf("cannot apply %s: %v", body, err)
	}
}

// change is an update by somebody else.
func (s *server) change(t testing.TB, manager string, change func(object map[string]any)) {
	t.Helper()
	object := decodeObject(t, s.object(t))
	change(object.Object)
	if err := s.Update(object, manager); err != nil {
		t.Fatalf("cannot update as %s: %v", manager, err)
	}
}

// object returns the object without managedFields, as a cache keeps it.
func (s *server) object(t testing.TB) []byte {
	t.Helper()
	raw, err := json.Marshal(s.Live())
	if err != nil {
		t.Fatal(err)
	}
	object := decodeObject(t, raw)
	unstructured.RemoveNestedField(object.Object, "metadata", "managedFields")
	return encode(t, object.Object)
}

// appliedFields returns the FieldsV1 record of our applies.
func (s *server) appliedFields(t testing.TB) string {
	t.Helper()
	for _, entry := range s.ManagedFields() {
		if entry.Manager == fieldManager && entry.Operation == "Apply" {
			return entry.FieldsV1.GetRawString()
		}
	}
	return ""
}

func decodeObject(t testing.TB, raw []byte) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(bytes.TrimSpace(raw)); err != nil {
		t.Fatalf("cannot decode %s: %v", raw, err)
	}
	return object
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
