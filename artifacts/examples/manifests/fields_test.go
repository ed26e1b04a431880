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

package manifests_test

import (
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/artifacts/examples/manifests"
)

// TestEveryFieldIsShown fails when there is a field that no valid manifest
// sets: metadata and status, which are not for authors, left out.
func TestEveryFieldIsShown(t *testing.T) {
	kinds := map[string]reflect.Type{
		"CompositeController":   reflect.TypeFor[v1alpha1.CompositeController](),
		"ControllerRevision":    reflect.TypeFor[v1alpha1.ControllerRevision](),
		"DecoratorController":   reflect.TypeFor[v1alpha1.DecoratorController](),
		"InitializerController": reflect.TypeFor[v1alpha1.InitializerController](),
	}
	valid, err := manifests.Valid()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, m := range valid {
		var value map[string]any
		if err := yaml.Unmarshal([]byte(m.YAML), &value); err != nil {
			t.Fatal(err)
		}
		eachField(kinds[m.Kind], value, func(name string, set bool) { shown[name] = shown[name] || set })
	}
	if len(shown) < 80 {
		t.Errorf("only %d fields are looked at", len(shown))
	}
	for name, set := range shown {
		if !set {
			t.Errorf("no valid manifest sets %s", name)
		}
	}
}

// eachField visits every field below typ, as Type.jsonName, with whether value
// sets it. Types of others are not looked into.
func eachField(typ reflect.Type, value any, visit func(name string, set bool)) {
	switch typ.Kind() {
	case reflect.Pointer:
		eachField(typ.Elem(), value, visit)
	case reflect.Slice:
		items, _ := value.([]any)
		for _, item := range append(items, nil) {
			eachField(typ.Elem(), item, visit)
		}
	case reflect.Struct:
		object, _ := value.(map[string]any)
		for field := range typ.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !strings.HasPrefix(typ.PkgPath(), "github.com/hookplane/") || name == "" || name == "metadata" || name == "status" && object["spec"] != nil {
				continue
			}
			visit(typ.Name()+"."+name, object[name] != nil)
			eachField(field.Type, object[name], visit)
		}
	default: // has no fields
	}
}
