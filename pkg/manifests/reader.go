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

// Package manifests reads controllers from files and judges them as the API does, without an API server: the same
// defaults, folding of the 2018 form, validation and warnings.
//
// It must not know a cluster or what is done with the controllers.
package manifests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
	"github.com/hookplane/hookplane/registry/metacontroller/compositecontroller"
	"github.com/hookplane/hookplane/registry/metacontroller/decoratorcontroller"
	"github.com/hookplane/hookplane/registry/metacontroller/initializercontroller"
)

// sniffed is how many bytes of a stream tell JSON from YAML.
const sniffed = 4096

// Manifest is one controller as the API would store it.
type Manifest struct {
	// Object is of one of the kinds of controllers, in the hub version.
	Object runtime.Object
	// Warnings are what kubectl would print.
	Warnings []string
}

// Reader judges manifests. It is not safe for concurrent use.
type Reader struct {
	decoder    runtime.Decoder
	strategies map[string]rest.RESTCreateStrategy
}

// NewReader returns a Reader.
func NewReader() *Reader {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return &Reader{
		decoder: serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(),
		strategies: map[string]rest.RESTCreateStrategy{
			"CompositeController":   compositecontroller.NewCreateStrategy(scheme),
			"DecoratorController":   decoratorcontroller.NewCreateStrategy(scheme),
			"InitializerController": initializercontroller.NewCreateStrategy(scheme),
		},
	}
}

// Read returns the controllers in a stream of YAML or JSON documents, which may be Lists, in their order. Documents of other
// kinds are passed over. The error has all that is wrong in all documents, one line each that begins with the name of the stream.
func (r *Reader) Read(ctx context.Context, name string, stream io.Reader) ([]Manifest, error) {
	documents := utilyaml.NewYAMLOrJSONDecoder(stream, sniffed)
	var (
		manifests []Manifest
		problems  []error
	)
	for {
		var document runtime.RawExtension
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return manifests, errors.Join(problems...)
		}
		if err != nil { // the documents after it cannot be told apart
			return nil, errors.Join(append(problems, fmt.Errorf("%s: %w", name, err))...)
		}
		found, err := r.read(ctx, name, bytes.TrimSpace(document.Raw))
		if err != nil {
			problems = append(problems, err)
		}
		manifests = append(manifests, found...)
	}
}

// list is what the items of a List are in.
type list struct {
	metav1.TypeMeta
	Items []runtime.RawExtension `json:"items"`
}

// read returns the controllers of one document.
func (r *Reader) read(ctx context.Context, name string, document []byte) ([]Manifest, error) {
	if len(document) == 0 || bytes.Equal(document, []byte("null")) {
		return nil, nil
	}
	var header list
	if err := utilyaml.Unmarshal(document, &header); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if header.Kind == "List" && header.APIVersion == "v1" {
		var (
			manifests []Manifest
			problems  []error
		)
		for _, item := range header.Items {
			found, err := r.read(ctx, name, item.Raw)
			if err != nil {
				problems = append(problems, err)
			}
			manifests = append(manifests, found...)
		}
		return manifests, errors.Join(problems...)
	}
	strategy := r.strategies[header.Kind]
	if strategy == nil || header.GroupVersionKind().Group != metacontroller.GroupName {
		return nil, nil
	}
	manifest, err := r.judge(ctx, strategy, document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []Manifest{manifest}, nil
}

// judge does with a new object what the store does before it writes it.
func (r *Reader) judge(ctx context.Context, strategy rest.RESTCreateStrategy, document []byte) (Manifest, error) {
	object, err := runtime.Decode(r.decoder, document)
	if err != nil {
		return Manifest{}, err
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return Manifest{}, err
	}
	rest.FillObjectMetaSystemFields(accessor)
	seen := &recorder{}
	ctx = request.WithRequestInfo(request.WithNamespace(ctx, metav1.NamespaceNone),
		&request.RequestInfo{APIGroup: metacontroller.GroupName, APIVersion: "v1alpha1"})
	if err := rest.BeforeCreate(strategy, warning.WithWarningRecorder(ctx, seen), object); err != nil {
		return Manifest{}, err
	}
	return Manifest{Object: object, Warnings: seen.warnings}, nil
}

// recorder keeps the warnings that a client would see.
type recorder struct{ warnings []string }

// AddWarning implements warning.Recorder.
func (r *recorder) AddWarning(_, text string) { r.warnings = append(r.warnings, text) }
