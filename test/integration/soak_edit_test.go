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

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// edit changes something at random until the storm is over. What fails because a server is down or an object is not there has
// not been edited; on a slow machine, where that takes most of the time, the storm has its edits all the same.
func (s *soak) edit(over <-chan struct{}, dice *rand.Rand) {
	ctx, cancel := context.WithTimeout(s.t.Context(), *soakDuration+soakPatience)
	defer cancel()
	done, failed := 0, 0
	for ctx.Err() == nil && (done < soakEdits || !closed(over)) {
		time.Sleep(soakPause)
		err := s.editOne(ctx, dice, &s.kinds[dice.IntN(len(s.kinds))], dice.IntN(s.parents))
		switch {
		case err == nil:
			done++
		case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
			s.t.Errorf("an edit is refused: %v", err)
			return
		default:
			failed++
		}
	}
	s.t.Logf("%d edits, %d more did not succeed", done, failed)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// editOne makes one edit, at or around one parent.
func (s *soak) editOne(ctx context.Context, dice *rand.Rand, k *soakKind, n int) error {
	namespace, name := s.parentNamespace(k, n), k.parentName(n)
	value := strconv.FormatUint(dice.Uint64(), 36)
	parents := env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace)
	switch roll := dice.IntN(100); {
	case roll < 40:
		spec := object{"value": value, "count": strconv.Itoa(dice.IntN(soakChildren + 1)), "extra": nil}
		if dice.IntN(2) == 0 {
			spec["extra"] = value
		}
		return soakPatch(ctx, k.GroupVersionResource, namespace, name, object{"spec": spec})
	case roll < 48:
		return soakPatch(ctx, k.GroupVersionResource, namespace, name, object{"metadata": object{"annotations": object{"touched": value}}})
	case roll < 56:
		return s.editSelection(ctx, dice, k, namespace, name)
	case roll < 76:
		child, childName := s.someChild(dice, k, name)
		return editChild(ctx, dice, child, s.childNamespace(namespace), childName, value)
	case roll < 86:
		propagation := metav1.DeletePropagationBackground
		if dice.IntN(3) == 0 {
			propagation = metav1.DeletePropagationForeground
		}
		return parents.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &propagation})
	case roll < 98:
		return s.createParent(ctx, k, n)
	default:
		return soakPatch(ctx, configMaps, s.namespaces[dice.IntN(len(s.namespaces))], soakShared, object{"data": object{"value": value}})
	}
}

func soakPatch(ctx context.Context, resource schema.GroupVersionResource, namespace, name string, patch object, subresources ...string) error {
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	_, err = env.dynamic.Resource(resource).Namespace(namespace).Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{}, subresources...)
	return err
}

// editSelection has a decorator of the kind select an object, or not.
func (s *soak) editSelection(ctx context.Context, dice *rand.Rand, k *soakKind, namespace, name string) error {
	decorators := slices.Collect(s.decoratorsOf(k))
	if len(decorators) == 0 {
		return nil
	}
	var value any
	if dice.IntN(2) == 0 {
		value = "yes"
	}
	metadata := decorators[dice.IntN(len(decorators))].selecting(value)
	return soakPatch(ctx, k.GroupVersionResource, namespace, name, object{"metadata": metadata})
}

// someChild picks something that a controller has made, perhaps, of the kind that a parent counts.
func (s *soak) someChild(dice *rand.Rand, k *soakKind, parent string) (kind, string) {
	number := dice.IntN(soakChildren)
	if !k.plain {
		return k.child, fmt.Sprintf("%s-%d", parent, number)
	}
	decorators := slices.Collect(s.decoratorsOf(k))
	return soakConfigMap, fmt.Sprintf("%s-%s-%d", parent, decorators[dice.IntN(len(decorators))].name, number)
}

// editChild deletes a child, changes what its hook decides about, or has a worker fail.
func editChild(ctx context.Context, dice *rand.Rand, child kind, namespace, name, value string) error {
	switch roll := dice.IntN(3); {
	case roll == 0:
		return env.dynamic.Resource(child.GroupVersionResource).Namespace(namespace).Delete(ctx, name, metav1.DeleteOptions{})
	case roll == 1 && child != soakConfigMap:
		return soakPatch(ctx, child.GroupVersionResource, namespace, name, workerStatus(0, "False"), "status")
	default:
		return soakPatch(ctx, child.GroupVersionResource, namespace, name, object{contentField(child.Kind): object{"value": "foreign-" + value}})
	}
}

// createParent creates a parent as it is at its beginning. All decorators select it.
func (s *soak) createParent(ctx context.Context, k *soakKind, n int) error {
	name := k.parentName(n)
	labels, annotations := object{}, object{}
	for d := range s.decoratorsOf(k) {
		labels[d.selectingLabel()], annotations[d.selectingAnnotation()] = "yes", "yes"
	}
	_, err := env.dynamic.Resource(k.GroupVersionResource).Namespace(s.parentNamespace(k, n)).Create(ctx, &unstructured.Unstructured{Object: object{
		"apiVersion": k.GroupVersion().String(), "kind": k.Kind, "metadata": object{"name": name, "labels": labels, "annotations": annotations},
		"spec": object{"value": "first", "count": "2", "selector": object{"matchLabels": object{"soak": name}}},
	}}, metav1.CreateOptions{})
	return err
}
