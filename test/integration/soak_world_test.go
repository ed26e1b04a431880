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
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// discrepancyError says what is not as the hooks of a parent want it.
type discrepancyError struct {
	parent string
	text   string
}

// Error implements error.
func (e *discrepancyError) Error() string { return e.parent + ": " + e.text }

func discrepancy(parent, format string, args ...any) error {
	return &discrepancyError{parent: parent, text: fmt.Sprintf(format, args...)}
}

func (s *soak) parentNamespace(k *soakKind, n int) string {
	if k.cluster {
		return ""
	}
	return s.namespaces[n%len(s.namespaces)]
}

// childNamespace returns one of the namespaces in which a parent has children.
func (s *soak) childNamespace(parentNamespace string) string {
	if parentNamespace == "" {
		return s.namespaces[0]
	}
	return parentNamespace
}

// createParent creates a parent as it is at its beginning.
func (s *soak) createParent(ctx context.Context, k *soakKind, n int) error {
	name := k.parentName(n)
	_, err := env.dynamic.Resource(k.GroupVersionResource).Namespace(s.parentNamespace(k, n)).Create(ctx, &unstructured.Unstructured{Object: object{
		"apiVersion": k.GroupVersion().String(), "kind": k.Kind, "metadata": object{"name": name},
		"spec": object{"value": "first", "count": "2", "selector": object{"matchLabels": object{"soak": name}}},
	}}, metav1.CreateOptions{})
	return err
}

// within waits for a condition with the soak's patience.
func (s *soak) within(what string, check func() error) {
	s.t.Helper()
	var err error
	for end := time.Now().Add(soakPatience); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	s.fail("waited in vain until "+what, err)
}

// settle lets the hooks work and waits until the world is what they want and nothing is called any more; from then on
// nothing must be called or written.
func (s *soak) settle(when string) {
	s.t.Helper()
	s.hooks.misbehave(false)
	var calls int
	var before map[string]string
	s.within("the world is what the hooks want, "+when, func() error {
		calls = s.hooks.count()
		var err error
		if before, err = s.compare(s.t.Context()); err != nil {
			return err
		}
		time.Sleep(3 * time.Second) // for what is still on its way
		if more := s.hooks.count() - calls; more != 0 {
			return fmt.Errorf("%d calls within three seconds", more)
		}
		return nil
	})
	for range 3 {
		never(s.t, "a hook is called while nothing changes, "+when, func() error {
			if more := s.hooks.count() - calls; more != 0 {
				return fmt.Errorf("%d calls", more)
			}
			return nil
		})
	}
	after, err := s.compare(s.t.Context())
	if err != nil {
		s.fail("the world does not stay as it is, "+when, err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		s.t.Fatalf("something was written while nothing changed, %s (-before +after):\n%s", when, diff)
	}
	s.t.Logf("%s: %d objects are as they should be after %d calls", when, len(after), calls)
}

// world is what there is, by kind, namespace and name.
type world map[string]*unstructured.Unstructured

func worldKey(o *unstructured.Unstructured) string {
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// children reads the children of all parents, and the objects that they share.
func (s *soak) children(ctx context.Context) (children, shared world, err error) {
	children, shared = world{}, world{}
	for _, namespace := range s.namespaces {
		for _, resource := range []schema.GroupVersionResource{configMaps, secrets} {
			list, err := env.dynamic.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, nil, err
			}
			for i := range list.Items {
				switch o := &list.Items[i]; o.GetName() {
				case "kube-root-ca.crt": // every namespace has it
				case soakShared:
					shared[namespace] = o
				default:
					children[worldKey(o)] = o
				}
			}
		}
	}
	return children, shared, nil
}

// compare compares the world with what the hooks want, and returns the resourceVersions of all that it looked at.
func (s *soak) compare(ctx context.Context) (map[string]string, error) {
	children, shared, err := s.children(ctx)
	if err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for key, child := range children {
		versions[key] = child.GetResourceVersion()
	}
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	for i := range s.kinds {
		k := &s.kinds[i]
		for n := range s.parents {
			parent, err := get(ctx, k.GroupVersionResource, s.parentNamespace(k, n), k.parentName(n))
			if err != nil {
				if apierrors.IsNotFound(err) {
					err = errors.Join(discrepancy(k.parentName(n), "it was gone"), s.createParent(ctx, k, n))
				}
				note(err)
				continue
			}
			versions[worldKey(parent)] = parent.GetResourceVersion()
			note(s.compareParent(ctx, k, parent, children, shared))
		}
		note(s.compareCounts(ctx, k))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("%d discrepancies, the first of which is %w", len(errs), errs[0])
	}
	for key, child := range children {
		parent := ""
		if owner := metav1.GetControllerOf(child); owner != nil {
			parent = owner.Name
		}
		return nil, discrepancy(parent, "%s is wanted by no parent; its owners are %v", key, child.GetOwnerReferences())
	}
	return versions, nil
}

// compareParent compares a parent and its children with what its hooks want, and takes these children out of the world.
func (s *soak) compareParent(ctx context.Context, k *soakKind, parent *unstructured.Unstructured, children, shared world) error {
	name := parent.GetName()
	var finalizers []string
	if k.finalizes {
		finalizers = []string{finalizerOf(k.kind)}
	}
	if parent.GetDeletionTimestamp() != nil || !slices.Equal(finalizers, parent.GetFinalizers()) {
		return discrepancy(name, "its deletionTimestamp is %v and its finalizers are %q", parent.GetDeletionTimestamp(), parent.GetFinalizers())
	}
	related := shared[s.childNamespace(parent.GetNamespace())]
	wanted := k.desired(parent.Object, s.namespaces, nested[string](related.Object, "data", "value"))
	var stale error
	for _, want := range wanted {
		key := worldKey(&unstructured.Unstructured{Object: want})
		child := children[key]
		if child == nil {
			return discrepancy(name, "%s does not exist", key)
		}
		delete(children, key)
		if controllerOf(child) != string(parent.GetUID()) {
			return discrepancy(name, "%s belongs to %v, not to %s", key, child.GetOwnerReferences(), parent.GetUID())
		}
		diff := cmp.Diff(want["data"], child.Object["data"])
		if diff == "" {
			continue
		}
		stale = discrepancy(name, "%s (-want +got):\n%s", key, diff)
		if k.method != v1alpha1.ChildUpdateOnDelete {
			return stale
		}
		// Whoever wants the new one must do this.
		resource := map[string]schema.GroupVersionResource{"ConfigMap": configMaps, "Secret": secrets}[child.GetKind()]
		if err := env.dynamic.Resource(resource).Namespace(child.GetNamespace()).Delete(ctx, child.GetName(), metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	if stale != nil {
		return stale
	}
	want := object{"value": nested[string](parent.Object, "spec", "value"), "children": int64(len(wanted)), "observedGeneration": parent.GetGeneration()}
	if diff := cmp.Diff(want, parent.Object["status"]); diff != "" {
		return discrepancy(name, "status (-want +got):\n%s", diff)
	}
	return nil
}

// compareCounts looks whether the controller itself takes all parents for synced, so that no retry is to come.
func (s *soak) compareCounts(ctx context.Context, k *soakKind) error {
	controller, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Get(ctx, k.Resource, metav1.GetOptions{})
	if err != nil {
		return err
	}
	want := &v1alpha1.ParentsStatus{Total: int32(s.parents), Synced: int32(s.parents)}
	if diff := cmp.Diff(want, controller.Status.Parents); diff != "" {
		return discrepancy(k.Resource, "status.parents of the controller (-want +got):\n%s", diff)
	}
	return nil
}

// end takes everything away: finalizers with their controller, children with their parents.
func (s *soak) end() {
	s.t.Helper()
	for i := range s.kinds {
		k := &s.kinds[i]
		if !k.finalizes || k.cluster { // those end by their hook
			continue
		}
		if err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Delete(s.t.Context(), k.Resource, metav1.DeleteOptions{}); err != nil {
			s.t.Fatal(err)
		}
		s.within("no finalizer of a controller that is gone is left", func() error {
			list, err := env.dynamic.Resource(k.GroupVersionResource).List(s.t.Context(), metav1.ListOptions{})
			if err != nil {
				return err
			}
			for _, parent := range list.Items {
				if len(parent.GetFinalizers()) > 0 {
					return discrepancy(parent.GetName(), "its finalizers are %q", parent.GetFinalizers())
				}
			}
			return nil
		})
	}
	for i := range s.kinds {
		k := &s.kinds[i]
		for n := range s.parents {
			if err := env.dynamic.Resource(k.GroupVersionResource).Namespace(s.parentNamespace(k, n)).Delete(s.t.Context(), k.parentName(n), metav1.DeleteOptions{}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	s.within("parents and children are gone", func() error {
		for i := range s.kinds {
			list, err := env.dynamic.Resource(s.kinds[i].GroupVersionResource).List(s.t.Context(), metav1.ListOptions{})
			if err != nil {
				return err
			}
			for _, parent := range list.Items {
				return discrepancy(parent.GetName(), "it is still there; its finalizers are %q", parent.GetFinalizers())
			}
		}
		children, _, err := s.children(s.t.Context())
		for key := range children {
			return fmt.Errorf("%s is still there", key)
		}
		return err
	})
}
