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

// Package kindtest runs in tests what the store runs before it writes an
// object, and decodes manifests as the server does. It is for tests only.
package kindtest

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
)

// NewScheme returns a scheme with the types of the group.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return scheme
}

// Decode reads a manifest into the hub type, with its defaults.
func Decode[T runtime.Object](t *testing.T, manifest string) T {
	t.Helper()
	obj, err := runtime.Decode(serializer.NewCodecFactory(NewScheme(), serializer.EnableStrict).UniversalDecoder(), []byte(manifest))
	if err != nil {
		t.Fatalf("cannot decode the manifest: %v", err)
	}
	return obj.(T)
}

// Create runs what the store runs before it writes a new object, which gets
// a resourceVersion, and returns the warnings that the client would see.
func Create[T interface {
	runtime.Object
	metav1.Object
}](t *testing.T, strategy rest.RESTCreateStrategy, object T) (warnings []string, err error) {
	t.Helper()
	ctx, recorder := newContext(t)
	rest.FillObjectMetaSystemFields(object)
	err = rest.BeforeCreate(strategy, ctx, object)
	object.SetResourceVersion("1")
	return recorder.warnings, err
}

// Update runs what the store runs before it writes a changed object, and
// returns the warnings that the client would see.
func Update(t *testing.T, strategy rest.RESTUpdateStrategy, object, old runtime.Object) (warnings []string, err error) {
	t.Helper()
	ctx, recorder := newContext(t)
	err = rest.BeforeUpdate(strategy, ctx, object, old)
	return recorder.warnings, err
}

// recorder keeps the warnings that a client would see.
type recorder struct {
	warnings []string
}

func (r *recorder) AddWarning(_, text string) { r.warnings = append(r.warnings, text) }

func newContext(t *testing.T) (context.Context, *recorder) {
	t.Helper()
	r := &recorder{}
	ctx := request.WithRequestInfo(request.WithNamespace(t.Context(), metav1.NamespaceNone), &request.RequestInfo{APIGroup: metacontroller.GroupName, APIVersion: "v1alpha1"})
	return warning.WithWarningRecorder(ctx, r), r
}

// Message returns the message of an error, or "".
func Message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
