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
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// population is a kind, its controller, and parents in a namespace of their own.
type population struct {
	b         *bench
	kind      kind
	namespace string
	hook      *hook
	parents   int
}

// newPopulation makes a namespace and a hook. The kind and its controller come with define and control.
func (b *bench) newPopulation(ctx context.Context, answer func([]byte) ([]byte, error)) (*population, error) {
	name := b.newName("widget")
	p := &population{b: b, kind: newKind(name), namespace: name, hook: b.hook.add(name, answer), parents: b.size.parents}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := b.kubernetes.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	// kube-controller-manager puts a ConfigMap into each new namespace. It should not fall into a phase.
	return p, eventually(ctx, func() error {
		_, err := b.kubernetes.CoreV1().ConfigMaps(name).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		return err
	})
}

// subject is what phases look at.
func (p *population) subject() subject {
	return subject{hook: p.hook, resources: []string{p.kind.Resource, configMaps.Resource}}
}

// control creates the CompositeController; mods change it before.
func (p *population) control(ctx context.Context, mods ...func(*v1alpha1.CompositeControllerSpec)) error {
	generate := true
	controller := &v1alpha1.CompositeController{
		ObjectMeta: metav1.ObjectMeta{Name: p.kind.Resource},
		Spec: v1alpha1.CompositeControllerSpec{
			ParentResource: v1alpha1.ParentResourceRule{APIVersion: p.kind.GroupVersion().String(), Resource: p.kind.Resource},
			ChildResources: []v1alpha1.ChildResourceRule{{
				APIVersion: "v1", Resource: configMaps.Resource,
				UpdateStrategy: &v1alpha1.ChildUpdateStrategy{Method: v1alpha1.ChildUpdateInPlace},
			}},
			Hooks:            &v1alpha1.CompositeControllerHooks{Sync: &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: p.hook.url}}},
			GenerateSelector: &generate,
		},
	}
	for _, mod := range mods {
		mod(&controller.Spec)
	}
	_, err := p.b.controllers.MetacontrollerV1alpha1().CompositeControllers().Create(ctx, controller, metav1.CreateOptions{})
	return err
}

// running waits until the controller runs.
func (p *population) running(ctx context.Context) error {
	return eventually(ctx, func() error {
		controller, err := p.b.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(ctx, p.kind.Resource, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range controller.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == metav1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("the controller's conditions are %+v", controller.Status.Conditions)
	})
}

// begin defines the kind, and returns when its controller runs.
func (p *population) begin(ctx context.Context, mods ...func(*v1alpha1.CompositeControllerSpec)) error {
	if err := p.b.define(ctx, p.kind); err != nil {
		return err
	}
	if err := p.control(ctx, mods...); err != nil {
		return err
	}
	return p.running(ctx)
}

// phase does something that makes the hook be called calls times, and asserts that. It is done when the last call is answered.
func (p *population) phase(ctx context.Context, name string, calls int, do func(ctx context.Context) error) (Row, error) {
	before, _ := p.hook.count()
	row, err := p.b.phase(ctx, name, p.subject(), func(ctx context.Context) (time.Time, error) {
		if err := do(ctx); err != nil {
			return time.Now(), err
		}
		return p.b.settle(ctx, p.hook, before, calls)
	})
	if err == nil {
		p.b.count("hook calls of "+name, row.HookCalls, calls)
	}
	return row, err
}

// create creates a parent.
func (p *population) create(ctx context.Context, i int) error {
	_, err := p.b.dynamic.Resource(p.kind.GroupVersionResource).Namespace(p.namespace).
		Create(ctx, parentObject(p.kind, parentName(i), "1"), metav1.CreateOptions{})
	return err
}

// patch merges a change into a parent.
func (p *population) patch(ctx context.Context, i int, change map[string]any) error {
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	_, err = p.b.dynamic.Resource(p.kind.GroupVersionResource).Namespace(p.namespace).
		Patch(ctx, parentName(i), types.MergePatchType, body, metav1.PatchOptions{})
	return err
}

// annotation and value are changes for patch.
func annotation(text string) map[string]any {
	return map[string]any{"metadata": map[string]any{"annotations": map[string]any{"bench.hookplane.dev/touched": text}}}
}

func value(text string) map[string]any { return map[string]any{"spec": map[string]any{"value": text}} }

// remove removes everything, and returns when it is gone.
func (p *population) remove(ctx context.Context) error {
	err := p.b.controllers.MetacontrollerV1alpha1().CompositeControllers().Delete(ctx, p.kind.Resource, metav1.DeleteOptions{})
	if err != nil {
		return err
	}
	return p.b.clear(ctx, p.kind, p.namespace)
}

// clear removes what is in a namespace, and the kind.
func (b *bench) clear(ctx context.Context, k kind, namespace string) error {
	all := metav1.ListOptions{}
	if err := b.kubernetes.CoreV1().ConfigMaps(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, all); err != nil {
		return err
	}
	if err := b.undefine(ctx, k); err != nil {
		return err
	}
	if err := b.kubernetes.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return eventually(ctx, func() error { // until then kube-controller-manager writes into it
		_, err := b.kubernetes.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(fmt.Errorf("namespace %s is still there", namespace), err)
	})
}
