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

package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// writesPerFamily is how many writes createFamily makes: the parent, its children, and its status before and after them.
const writesPerFamily = 1 + children + 2

// plainWriter writes with a dynamic client, one request after the other.
type plainWriter struct {
	client    dynamic.Interface
	kind      kind
	namespace string
}

// plainWriter makes a kind that nobody controls, and a namespace of the same name. clear removes them.
func (b *bench) plainWriter(ctx context.Context) (plainWriter, error) {
	name := b.newName("bare")
	w := plainWriter{client: b.dynamic, kind: newKind(name), namespace: name}
	if err := b.define(ctx, w.kind); err != nil {
		return w, err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := b.kubernetes.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return w, err
	}
	return w, eventually(ctx, func() error {
		_, err := b.dynamic.Resource(w.kind.GroupVersionResource).List(ctx, metav1.ListOptions{})
		return err
	})
}

// createFamily creates a parent and its children.
func (w plainWriter) createFamily(ctx context.Context, i int) error {
	name := parentName(i)
	parent, err := w.client.Resource(w.kind.GroupVersionResource).Namespace(w.namespace).
		Create(ctx, parentObject(w.kind, name, "1"), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := w.status(ctx, name, 0); err != nil {
		return err
	}
	if err := w.applyChildren(ctx, parent, "1"); err != nil {
		return err
	}
	return w.status(ctx, name, children)
}

// changeFamily changes a parent, and its children to fit.
func (w plainWriter) changeFamily(ctx context.Context, i int, value string) error {
	change := fmt.Sprintf(`{"spec":{"value":%q}}`, value)
	parent, err := w.client.Resource(w.kind.GroupVersionResource).Namespace(w.namespace).
		Patch(ctx, parentName(i), types.MergePatchType, []byte(change), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	return w.applyChildren(ctx, parent, value)
}

// applyChildren creates or updates the children by server-side apply, as hookplane does.
func (w plainWriter) applyChildren(ctx context.Context, parent *unstructured.Unstructured, value string) error {
	for i := range children {
		object := &unstructured.Unstructured{Object: childObject(parent.GetName(), i, value, childBytes)}
		object.SetLabels(map[string]string{"controller-uid": string(parent.GetUID())})
		object.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(parent, parent.GroupVersionKind())})
		_, err := w.client.Resource(configMaps).Namespace(w.namespace).
			Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: "bare", Force: true})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w plainWriter) status(ctx context.Context, name string, seen int) error {
	body := fmt.Sprintf(`{"status":{"children":%d,"observedGeneration":1}}`, seen)
	_, err := w.client.Resource(w.kind.GroupVersionResource).Namespace(w.namespace).
		Patch(ctx, name, types.MergePatchType, []byte(body), metav1.PatchOptions{}, "status")
	return err
}
