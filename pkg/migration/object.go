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

package migration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/install"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/apis/metacontroller/validation"
	"github.com/hookplane/hookplane/pkg/manifests"
)

// Object is one object that Metacontroller has.
type Object struct {
	Kind, Resource string
	// Key is its name, with the namespace and a slash before it where it is in one.
	Key string
	// Stored is the object as Hookplane stores it: with its identity, and its spec in today's form. Nil: there is a Problem.
	Stored runtime.Object
	// Warnings are what kubectl would print if the object were applied.
	Warnings []string
	// Problem says why the object cannot be copied.
	Problem error

	read *unstructured.Unstructured
}

// String is how people call the object.
func (o *Object) String() string { return o.Kind + " " + o.Key }

// Objects reads all that the CustomResourceDefinitions have; these must serve the API.
func (c *Cluster) Objects(ctx context.Context) ([]Object, error) {
	state, err := c.State(ctx)
	if err != nil {
		return nil, err
	}
	converter := newConverter()
	var objects []Object
	for _, kind := range kinds {
		if !slices.Contains(state.Definitions, kind.resource) {
			continue
		}
		err := c.each(ctx, v1alpha1.SchemeGroupVersion.WithResource(kind.resource), func(read *unstructured.Unstructured) {
			object := Object{Kind: kind.kind, Resource: kind.resource, Key: path.Join(read.GetNamespace(), read.GetName()), read: read}
			object.Stored, object.Warnings, object.Problem = converter.convert(ctx, read)
			objects = append(objects, object)
		})
		if err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// converter judges objects as the API of Hookplane does.
type converter struct {
	reader  *manifests.Reader
	decoder runtime.Decoder
}

func newConverter() *converter {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return &converter{reader: manifests.NewReader(), decoder: serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder()}
}

func (c *converter) convert(ctx context.Context, read *unstructured.Unstructured) (runtime.Object, []string, error) {
	if err := immovable(read); err != nil {
		return nil, nil, err
	}
	manifest := read.DeepCopy()
	unstructured.RemoveNestedField(manifest.Object, "status") // Metacontroller writes none
	text, err := manifest.MarshalJSON()
	if err != nil {
		return nil, nil, err
	}
	stored, warnings, err := c.judge(ctx, read.GetKind(), text)
	if err != nil {
		return nil, nil, err
	}
	to, err := meta.Accessor(stored)
	if err != nil {
		return nil, nil, err
	}
	keepIdentity(read, to)
	return stored, warnings, nil
}

// immovable says why an object that Metacontroller serves well has to stay there: what holds it could not be taken off the custom
// resource once that is hidden, which would then outlive every attempt to remove its definition.
func immovable(read *unstructured.Unstructured) error {
	held := slices.DeleteFunc(slices.Clone(read.GetFinalizers()), func(f string) bool { return f == metacontroller.ParentFinalizers })
	switch {
	case read.GetDeletionTimestamp() != nil:
		return errors.New("it is being deleted: wait until it is gone")
	case len(held) > 0:
		return fmt.Errorf("it has the finalizer %s: have it taken off first, and put on again when the custom resources are gone", strings.Join(held, ", "))
	}
	return nil
}

func (c *converter) judge(ctx context.Context, kind string, text []byte) (runtime.Object, []string, error) {
	if kind != "ControllerRevision" {
		read, err := c.reader.Read(ctx, "as a manifest", bytes.NewReader(text))
		switch {
		case err != nil:
			return nil, nil, err
		case len(read) != 1:
			return nil, nil, fmt.Errorf("it reads as %d controllers", len(read))
		}
		return read[0].Object, read[0].Warnings, nil
	}
	object, err := runtime.Decode(c.decoder, text)
	if err != nil {
		return nil, nil, err
	}
	revision, isRevision := object.(*metacontroller.ControllerRevision)
	if !isRevision {
		return nil, nil, fmt.Errorf("it is a %T", object)
	}
	return revision, nil, validation.ValidateControllerRevision(revision).ToAggregate()
}

// keepIdentity gives an object all that the API server of custom resources knows of it. Others refer to it by its UID: what they
// own would be collected if that changed.
func keepIdentity(from, to metav1.Object) {
	to.SetUID(from.GetUID())
	to.SetCreationTimestamp(from.GetCreationTimestamp())
	to.SetGeneration(from.GetGeneration())
	to.SetLabels(from.GetLabels())
	to.SetAnnotations(from.GetAnnotations())
	to.SetOwnerReferences(from.GetOwnerReferences())
	to.SetFinalizers(from.GetFinalizers())
	to.SetManagedFields(from.GetManagedFields())
	to.SetResourceVersion("")
	release(to)
}
