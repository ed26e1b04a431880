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
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
)

// FuzzCompositeController takes any bytes the way of a write: decoding,
// defaulting, conversion, folding and validation. None may panic, folding
// leaves nothing of the 2018 dialect in an object that validation accepts, and
// what is accepted is read back as it was stored.
func FuzzCompositeController(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"spec":null}`,
		`{"spec":{"parentResource":{"apiVersion":"v1","resource":"namespaces"},"hooks":{"sync":{"webhook":{"url":"http://[::1]:80/"}}}}}`,
		`{"spec":{"childResources":[{"resources":["a","b",""]},{"resource":"a","resources":[]},null]}}`,
		`{"metadata":{"name":"a"},"spec":{"parentResource":{"apiVersion":"v1","resource":"a"},"clientConfig":{"service":{"name":"a","namespace":"b"},"caBundle":"..."},"hooks":{"sync":{"path":"/sync"},"preUpdateChild":{}}}}`,
		`{"metadata":{"name":"a"},"spec":{"hooks":{"sync":{"path":"x","webhook":{"service":{"port":-1},"path":"/x","timeout":"-1h","etag":{}}},"finalize":null}}}`,
		`{"spec":{"endpointConfigs":[{"host":"a:b:c","caBundle":{"inline":"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n","secretRef":{},"configMapRef":{}},"authorization":{"type":" Basic "},"basicAuth":{}}],"resyncPeriodSeconds":-2147483648}}`,
		`{"spec":{"parentResource":{"labelSelector":{"matchExpressions":[{"key":"a","operator":"In"}]},"revisionHistory":{"fieldPaths":["","..."]}}}}`,
		"{\"metadata\":{\"name\":\"\xff\"},\"spec\":{\"hooks\":{\"sync\":{\"webhook\":{\"timeout\":\"9999999h\"}}}}}",
	} {
		f.Add([]byte(seed), []byte(seed))
	}
	scheme := runtime.NewScheme()
	install.Install(scheme)
	codecs := serializer.NewCodecFactory(scheme)
	decoder, storage := codecs.UniversalDecoder(), codecs.LegacyCodec(v1alpha1.SchemeGroupVersion)
	kind := v1alpha1.SchemeGroupVersion.WithKind("CompositeController")

	read := func(data []byte) *metacontroller.CompositeController {
		obj, _, err := decoder.Decode(data, &kind, nil)
		if err != nil {
			return nil
		}
		controller, _ := obj.(*metacontroller.CompositeController)
		return controller
	}
	f.Fuzz(func(t *testing.T, data, oldData []byte) {
		old, controller := read(oldData), read(data)
		if controller == nil {
			return
		}
		if old != nil {
			metacontroller.FoldCompositeController(old, nil)
		}
		metacontroller.FoldCompositeController(controller, old)
		validation.WarningsForCompositeController(controller)
		if old != nil {
			validation.ValidateCompositeControllerUpdate(controller, old)
			validation.ValidateCompositeControllerStatusUpdate(controller, old)
		}
		if len(validation.ValidateCompositeController(controller)) > 0 {
			return
		}
		if warnings := metacontroller.FoldCompositeController(controller.DeepCopy(), nil); len(warnings) > 0 {
			t.Errorf("an accepted object is not in today's form: %v", warnings)
		}
		stored, err := runtime.Encode(storage, controller)
		if err != nil {
			t.Fatalf("cannot store an accepted object: %v", err)
		}
		if back := read(stored); !apiequality.Semantic.DeepEqual(controller, back) {
			t.Errorf("an accepted object is read back differently:\n%+v\n%+v", controller, back)
		}
	})
}
