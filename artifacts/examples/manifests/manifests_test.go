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
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/hookplane/hookplane/admission/matchconditions"
	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
	"github.com/hookplane/hookplane/artifacts/examples/manifests"
)

// server does to a manifest what the API server does to a new object.
type server struct {
	scheme  *runtime.Scheme
	decoder runtime.Decoder
	cel     *matchconditions.Compiler
}

func newServer() *server {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	strict := kjson.NewSerializerWithOptions(kjson.DefaultMetaFactory, scheme, scheme, kjson.SerializerOptions{Yaml: true, Strict: true})
	return &server{
		scheme:  scheme,
		decoder: serializer.NewCodecFactory(scheme).DecoderToVersion(strict, runtime.InternalGroupVersioner),
		cel:     matchconditions.NewCompiler(),
	}
}

// create returns the object as it is stored, and the messages that its author
// sees.
func (s *server) create(t *testing.T, m *manifests.Manifest) (stored runtime.Object, errors, warnings []string) {
	t.Helper()
	obj, _, err := s.decoder.Decode([]byte(m.YAML), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	errs, folding, hints := s.judge(t, obj)
	served, err := s.scheme.ConvertToVersion(obj, v1alpha1.SchemeGroupVersion)
	if err != nil {
		t.Fatal(err)
	}
	errs = append(errs, s.scheme.Validate(t.Context(), nil, served)...)
	for _, err := range errs {
		text, _, _ := strings.Cut(err.Error(), "\n")
		errors = append(errors, text)
	}
	return served, errors, append(folding, hints...)
}

// judge folds and checks the object by hand.
func (s *server) judge(t *testing.T, obj runtime.Object) (errs field.ErrorList, folding, hints []string) {
	t.Helper()
	switch obj := obj.(type) {
	case *metacontroller.CompositeController:
		folding = metacontroller.FoldCompositeController(obj, nil)
		return validation.ValidateCompositeController(obj), folding, validation.WarningsForCompositeController(obj)
	case *metacontroller.DecoratorController:
		folding = metacontroller.FoldDecoratorController(obj, nil)
		return validation.ValidateDecoratorController(obj), folding, validation.WarningsForDecoratorController(obj)
	case *metacontroller.InitializerController:
		folding = metacontroller.FoldInitializerController(obj, nil)
		at := field.NewPath("spec", "matchConditions")
		errs := append(validation.ValidateInitializerController(obj), s.cel.Validate(obj.Spec.MatchConditions, nil, at)...)
		return errs, folding, append(validation.WarningsForInitializerController(obj), s.cel.Warnings(obj.Spec.MatchConditions, at)...)
	case *metacontroller.ControllerRevision:
		return validation.ValidateControllerRevision(obj), nil, validation.WarningsForControllerRevision(obj)
	}
	t.Fatalf("%T is not judged", obj)
	return nil, nil, nil
}

func TestInvalid(t *testing.T) {
	invalid, err := manifests.Invalid()
	if err != nil {
		t.Fatal(err)
	}
	if len(invalid) < 150 {
		t.Errorf("there are %d invalid manifests", len(invalid))
	}
	s := newServer()
	names := map[string]bool{}
	for _, m := range invalid {
		t.Run(m.ID(), func(t *testing.T) {
			if names[m.ID()] {
				t.Error("there is another manifest of this name")
			}
			names[m.ID()] = true
			if len(m.Errors) == 0 {
				t.Error("no error is expected: say which with a comment")
			}
			if m.Undecodable() {
				_, _, err := s.decoder.Decode([]byte(m.YAML), nil, nil)
				if message := fmt.Sprint(err); !strings.Contains(message, m.Errors[0]) {
					t.Errorf("decoding says %q, want %q in it", message, m.Errors[0])
				}
				return
			}
			_, errors, _ := s.create(t, &m)
			if problems := manifests.Compare(m.Errors, errors); problems != "" {
				t.Error("errors:\n" + problems)
			}
		})
	}
}

func TestValid(t *testing.T) {
	valid, err := manifests.Valid()
	if err != nil {
		t.Fatal(err)
	}
	s := newServer()
	for _, m := range valid {
		t.Run(m.ID(), func(t *testing.T) {
			stored, errors, warnings := s.create(t, &m)
			if len(errors) > 0 {
				t.Fatalf("it is refused: %q", errors)
			}
			if problems := manifests.Compare(m.Warnings, warnings); problems != "" {
				t.Error("warnings:\n" + problems)
			}
			var got, want map[string]any
			if got, err = runtime.DefaultUnstructuredConverter.ToUnstructured(stored); err != nil {
				t.Fatal(err)
			}
			delete(got, "status")
			if err := yaml.Unmarshal([]byte(m.Stored), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asText(t, want), asText(t, got)); diff != "" {
				t.Errorf("it reads back differently: -want +got:\n%s", diff)
			}
		})
	}
}

// asText makes objects comparable whatever Go types their numbers have.
func asText(t *testing.T, object map[string]any) string {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
