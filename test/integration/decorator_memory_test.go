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
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// cached returns what the server says that it keeps of a kind: hookplane_cached_<metric>.
func cached(t *testing.T, metric string, k kind) (int, error) {
	t.Helper()
	prefix := "hookplane_cached_" + metric + "{"
	series := scrapeSeries(t, func(series string) bool {
		return strings.HasPrefix(series, prefix) && strings.Contains(series, fmt.Sprintf("resource=%q", k.Resource))
	})
	for _, value := range series {
		count, err := strconv.ParseFloat(value, 64)
		return int(count), err
	}
	return 0, errors.New("there is no such series")
}

func eventuallyCached(t *testing.T, k kind, want int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d %s are kept in memory", want, k.Resource), func() error {
		got, err := cached(t, "objects", k)
		if err == nil && got != want {
			err = fmt.Errorf("there are %d", got)
		}
		return err
	})
}

// TestDecoratorMemory has many objects of which few are selected, by labels, annotations, either, and with a finalize hook.
func TestDecoratorMemory(t *testing.T) {
	const all, every = 60, 20
	const chosen, other = `{"metadata":{"labels":{"tier":"web"},"annotations":{"example.com/on":"yes"}}}`, `{"metadata":{"labels":{"tier":"db"},"annotations":{"example.com/on":"no"}}}`
	web := func(rule *v1alpha1.DecoratorResourceRule) {
		rule.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "web"}}
	}
	on := func(rule *v1alpha1.DecoratorResourceRule) {
		rule.AnnotationSelector = &v1alpha1.AnnotationSelector{MatchAnnotations: map[string]string{"example.com/on": "yes"}}
	}
	namespace := newNamespace(t)
	sync := newDecoratorHook(t, func(decoratorRequest) decoratorResponse { return decoratorResponse{Labels: object{"decorated": "yes"}} })
	finalize := newDecoratorHook(t, func(decoratorRequest) decoratorResponse {
		return decoratorResponse{Labels: object{"decorated": nil}, Finalized: true}
	})
	kinds := map[string]kind{}
	for name, selections := range map[string][]func(*v1alpha1.DecoratorResourceRule){
		"sparselabel": {web}, "sparsenote": {on}, "sparseboth": {web, on}, "sparseheld": {web},
	} {
		k := newKind(t, name)
		kinds[name] = k
		for i := range all {
			newParent(t, k, namespace, fmt.Sprintf("p%d", i), object{})
			if i%every == 0 {
				patchParent(t, k, namespace, fmt.Sprintf("p%d", i), chosen)
			}
		}
		var mods []func(*v1alpha1.DecoratorController)
		for _, selection := range selections {
			rule := decorate(k.GroupVersionResource)
			selection(&rule)
			mods = append(mods, of(rule))
		}
		if name == "sparseheld" {
			mods = append(mods, finalizedBy(finalize))
		}
		newDecorator(t, name, sync, mods...)
	}
	decorated := func(k kind, name, want string) {
		t.Helper()
		eventuallyHas(t, k.GroupVersionResource, namespace, name, want, "metadata", "labels", "decorated")
	}
	finalized := func(name string) {
		t.Helper()
		decorated(kinds["sparseheld"], name, "<nil>")
		eventuallyFinalizers(t, kinds["sparseheld"], namespace, name)
	}
	for _, k := range kinds {
		decorated(k, "p0", "yes")
		decorated(k, "p40", "yes")
		eventuallyCached(t, k, all/every)
		// What leaves is forgotten, or finalized first; what enters is decorated.
		patchParent(t, k, namespace, "p0", other)
		patchParent(t, k, namespace, "p1", chosen)
		decorated(k, "p1", "yes")
		patchParent(t, k, namespace, "p20", other)
		eventuallyCached(t, k, all/every-1)
	}
	finalized("p0")
	finalized("p20")

	// So is what leaves and enters while nobody watches.
	if err := env.server.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		patchParent(t, k, namespace, "p40", other)
		patchParent(t, k, namespace, "p2", chosen)
	}
	startAgain(t)
	for _, k := range kinds {
		decorated(k, "p2", "yes")
		eventuallyCached(t, k, all/every-1)
	}
	finalized("p40")
	patchParent(t, kinds["sparseheld"], namespace, "p40", chosen)
	decorated(kinds["sparseheld"], "p40", "yes")
}

// TestDecoratorMemoryOfAttachments has many large objects that are nobody's attachments, of which one has a name that is wanted.
func TestDecoratorMemoryOfAttachments(t *testing.T) {
	const others, size = 20, 10_000
	namespace, kind, attached := newNamespace(t), newKind(t, "sparseowner"), newKind(t, "sparseattached")
	for i := range others {
		newParent(t, attached, namespace, fmt.Sprintf("other%d", i), object{"value": strings.Repeat("x", size)})
	}
	hook := newDecoratorHook(t, func(decoratorRequest) decoratorResponse {
		attachment := func(name string) object {
			return object{"apiVersion": attached.GroupVersion().String(), "kind": attached.Kind, "metadata": object{"name": name}, "spec": object{"value": "ours"}}
		}
		return decoratorResponse{Attachments: []object{attachment("mine"), attachment("other7")}}
	})
	newParent(t, kind, namespace, "p", object{})
	createDecorator(t, kind.Resource, hook, of(decorate(kind.GroupVersionResource)), func(c *v1alpha1.DecoratorController) {
		c.Spec.Attachments = []v1alpha1.DecoratorAttachmentRule{{APIVersion: attached.GroupVersion().String(), Resource: attached.Resource}}
	})
	eventuallyHas(t, attached.GroupVersionResource, namespace, "mine", "ours", "spec", "value")
	eventuallyEvent(t, namespace, "p", "SyncError", "is controlled by nobody, and decorators adopt nothing")
	eventuallyCached(t, attached, others+1)
	bytes, err := cached(t, "object_bytes", attached)
	if err != nil || bytes > others*size/10 {
		t.Errorf("%d bytes are kept of %d objects of %d bytes: %v", bytes, others, size, err)
	}
	deleteParent(t, attached, namespace, "other7", metav1.DeletePropagationBackground)
	eventuallyHas(t, attached.GroupVersionResource, namespace, "other7", "ours", "spec", "value")
}
