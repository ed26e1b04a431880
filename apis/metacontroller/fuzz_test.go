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

package metacontroller_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
)

// FuzzManifest takes any bytes the way of a write of any kind: decoding,
// defaulting, conversion, folding and validation, as a new object and as an
// update of another one. None may panic. Besides:
//   - folding leaves nothing of the 2018 dialect in an object that is accepted,
//   - what is accepted is read back as it was stored,
//   - an update never fails for what it did not change, however wrong that is.
func FuzzManifest(f *testing.F) {
	seedManifests(f)
	w := newWriter()
	f.Fuzz(func(t *testing.T, kind uint8, data, oldData []byte) {
		obj, old := w.read(kind, data), w.read(kind, oldData)
		if obj == nil {
			return
		}
		if old != nil && old.GetObjectKind().GroupVersionKind() == obj.GetObjectKind().GroupVersionKind() {
			w.write(t, old, nil)
			w.write(t, obj, old)
		} else {
			w.write(t, obj, nil)
		}
		if errs := w.create(t, obj); len(errs) == 0 {
			w.checkAccepted(t, kind, obj)
		}
		changed := obj.DeepCopyObject()
		changeElsewhere(changed)
		if errs := w.update(t, changed, obj); len(errs) > 0 {
			t.Errorf("an update is refused for what it did not change: %v", errs.ToAggregate())
		}
	})
}

// seedManifests adds the examples, and what no example shows.
func seedManifests(f *testing.F) {
	files, err := filepath.Glob("../../artifacts/examples/manifests/*/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("there are no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		documents := strings.Split(string(text), "\n---\n")
		for i := 1; i < len(documents); i++ {
			f.Add(uint8(i), []byte(documents[i]), []byte(documents[i-1]))
		}
	}
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"spec":null}`, `{"kind":"List"}`, `{"apiVersion":"metacontroller.k8s.io/v1alpha1","kind":"CompositeControllerList","items":[{}]}`,
		`{"spec":{"childResources":[{"resources":["a","b",""]},{"resource":"a","resources":[]},null],"attachments":[null],"resources":[null]}}`,
		`{"spec":{"hooks":{"sync":{"path":"x","webhook":{"service":{"port":-1},"path":"/x","timeout":"-1h","etag":{}}},"finalize":null,"init":{"webhook":null}}}}`,
		`{"spec":{"endpointConfigs":[null,{"host":"a:b:c","caBundle":{"inline":"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n","secretRef":{},"configMapRef":{}}}],"resyncPeriodSeconds":-2147483648}}`,
		`{"spec":{"resources":[{"annotationSelector":{"matchAnnotations":{"":"\u0000"},"matchExpressions":[{"operator":"In"},null]}}],"matchConditions":[null,{"expression":"\ud800"}]}}`,
		`{"parentPatch":{"a":[1e400,{"b":null}]},"children":[null,{"names":[null,"/"]}]}`,
		"{\"metadata\":{\"name\":\"\xff\",\"finalizers\":[\"\xfe\"]},\"spec\":{\"hooks\":{\"sync\":{\"webhook\":{\"timeout\":\"9999999h\",\"url\":\"http://\xff@\xff/\"}}}}}",
		strings.Repeat(`{"a":`, 2000), `{"spec":` + strings.Repeat(`[`, 2000), "a: &a [*a, *a]", "k8s\x00\x0a\x00\x12\x00",
	} {
		for kind := range uint8(4) {
			f.Add(kind, []byte(seed), []byte(seed))
		}
	}
}

// writer does what the server does to a request.
type writer struct {
	scheme  *runtime.Scheme
	decoder runtime.Decoder
	storage runtime.Codec
}

func newWriter() *writer {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	codecs := serializer.NewCodecFactory(scheme)
	return &writer{scheme: scheme, decoder: codecs.UniversalDecoder(), storage: codecs.LegacyCodec(v1alpha1.SchemeGroupVersion)}
}

// read decodes an object of one of the kinds, defaulted and internal.
func (w *writer) read(kind uint8, data []byte) runtime.Object {
	kinds := []string{"CompositeController", "DecoratorController", "InitializerController", "ControllerRevision"}
	gvk := v1alpha1.SchemeGroupVersion.WithKind(kinds[int(kind)%len(kinds)])
	obj, decoded, err := w.decoder.Decode(data, &gvk, nil)
	if err != nil || decoded.GroupVersion() != v1alpha1.SchemeGroupVersion {
		return nil
	}
	switch obj.(type) {
	case *metacontroller.CompositeController, *metacontroller.DecoratorController, *metacontroller.InitializerController, *metacontroller.ControllerRevision:
		obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{Kind: decoded.Kind})
		return obj
	}
	return nil
}

// write folds the object, which may be an update, and judges it.
func (w *writer) write(t *testing.T, obj, old runtime.Object) {
	t.Helper()
	fold(obj, old)
	if old != nil {
		w.update(t, obj, old)
	}
}

// fold brings the object into today's form, and returns the warnings.
func fold(obj, old runtime.Object) []string {
	switch obj := obj.(type) {
	case *metacontroller.CompositeController:
		stored, _ := old.(*metacontroller.CompositeController)
		return metacontroller.FoldCompositeController(obj, stored)
	case *metacontroller.DecoratorController:
		stored, _ := old.(*metacontroller.DecoratorController)
		return metacontroller.FoldDecoratorController(obj, stored)
	case *metacontroller.InitializerController:
		stored, _ := old.(*metacontroller.InitializerController)
		return metacontroller.FoldInitializerController(obj, stored)
	}
	return nil
}

// create judges a new object.
func (w *writer) create(t *testing.T, obj runtime.Object) field.ErrorList {
	t.Helper()
	errs := w.scheme.Validate(t.Context(), nil, w.served(t, obj))
	switch obj := obj.(type) {
	case *metacontroller.CompositeController:
		validation.WarningsForCompositeController(obj)
		return append(errs, validation.ValidateCompositeController(obj)...)
	case *metacontroller.DecoratorController:
		validation.WarningsForDecoratorController(obj)
		return append(errs, validation.ValidateDecoratorController(obj)...)
	case *metacontroller.InitializerController:
		validation.WarningsForInitializerController(obj)
		return append(errs, validation.ValidateInitializerController(obj)...)
	}
	return append(errs, validation.ValidateControllerRevision(obj.(*metacontroller.ControllerRevision))...)
}

// update judges an update, but for its metadata, and a write of the status.
func (w *writer) update(t *testing.T, obj, old runtime.Object) field.ErrorList {
	t.Helper()
	errs := w.scheme.ValidateUpdate(t.Context(), nil, w.served(t, obj), w.served(t, old))
	switch obj := obj.(type) {
	case *metacontroller.CompositeController:
		old := old.(*metacontroller.CompositeController)
		validation.ValidateCompositeControllerStatusUpdate(obj, old)
		errs = append(errs, validation.ValidateCompositeControllerUpdate(obj, old)...)
	case *metacontroller.DecoratorController:
		old := old.(*metacontroller.DecoratorController)
		validation.ValidateDecoratorControllerStatusUpdate(obj, old)
		errs = append(errs, validation.ValidateDecoratorControllerUpdate(obj, old)...)
	case *metacontroller.InitializerController:
		old := old.(*metacontroller.InitializerController)
		validation.ValidateInitializerControllerStatusUpdate(obj, old)
		errs = append(errs, validation.ValidateInitializerControllerUpdate(obj, old)...)
	case *metacontroller.ControllerRevision:
		errs = append(errs, validation.ValidateControllerRevisionUpdate(obj, old.(*metacontroller.ControllerRevision))...)
	}
	var ours field.ErrorList
	for _, err := range errs {
		if !strings.HasPrefix(err.Field, "metadata") {
			ours = append(ours, err)
		}
	}
	return ours
}

func (w *writer) served(t *testing.T, obj runtime.Object) runtime.Object {
	t.Helper()
	served, err := w.scheme.ConvertToVersion(obj.DeepCopyObject(), v1alpha1.SchemeGroupVersion)
	if err != nil {
		t.Fatalf("cannot convert %T: %v", obj, err)
	}
	return served
}

func (w *writer) checkAccepted(t *testing.T, kind uint8, obj runtime.Object) {
	t.Helper()
	if warnings := fold(obj.DeepCopyObject(), nil); len(warnings) > 0 {
		t.Errorf("an accepted object is not in today's form: %v", warnings)
	}
	stored, err := runtime.Encode(w.storage, obj)
	if err != nil {
		t.Fatalf("cannot store an accepted object: %v", err)
	}
	if back := w.read(kind, stored); !apiequality.Semantic.DeepEqual(obj, back) {
		t.Errorf("an accepted object is read back differently:\n%+v\n%+v", obj, back)
	}
}

// changeElsewhere sets a field that nothing else depends on.
func changeElsewhere(obj runtime.Object) {
	switch obj := obj.(type) {
	case *metacontroller.CompositeController:
		obj.Spec.ResyncPeriodSeconds = new(int32(77))
	case *metacontroller.DecoratorController:
		obj.Spec.ResyncPeriodSeconds = new(int32(77))
	case *metacontroller.InitializerController:
		obj.Spec.ReinvocationPolicy = metacontroller.InitializerReinvokeIfNeeded
	case *metacontroller.ControllerRevision:
		obj.Labels = map[string]string{"a": "b"}
	}
}
