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
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// crew is a parent whose children are workers, of a kind of the test's own that has a status: {workers: [names], image: text}.
type crew struct {
	t            *testing.T
	kind, worker kind
	namespace    string // of the workers
	clusterScope bool   // of the parent
	uid          types.UID
}

// newCrew makes the kinds, named after the test, and the namespace.
func newCrew(t *testing.T, name string, mods ...func(crew, worker *unstructured.Unstructured)) *crew {
	t.Helper()
	c := &crew{t: t, namespace: newNamespace(t)}
	var parent, child *unstructured.Unstructured
	c.kind, parent = crd(name+"crew", true)
	c.worker, child = crd(name+"worker", true)
	for _, mod := range mods {
		mod(parent, child)
	}
	createCRD(t, c.kind, parent)
	createCRD(t, c.worker, child)
	c.clusterScope = nested[string](parent.Object, "spec", "scope") == "Cluster"
	return c
}

func clusterScopedCrew(crew, _ *unstructured.Unstructured) {
	crew.Object["spec"].(map[string]any)["scope"] = "Cluster"
}

// rolling makes workers the children of a controller, with an update method and the check that they are ready.
func (c *crew) rolling(method v1alpha1.ChildUpdateMethod, fieldPaths ...string) func(*v1alpha1.CompositeController) {
	ready := "True"
	return func(cc *v1alpha1.CompositeController) {
		cc.Spec.ParentResource.RevisionHistory = &v1alpha1.RevisionHistory{FieldPaths: fieldPaths}
		cc.Spec.ChildResources = append(cc.Spec.ChildResources, v1alpha1.ChildResourceRule{
			APIVersion: c.worker.GroupVersion().String(), Resource: c.worker.Resource,
			UpdateStrategy: &v1alpha1.ChildUpdateStrategy{Method: method, StatusChecks: &v1alpha1.ChildUpdateStatusChecks{
				Conditions: []v1alpha1.StatusConditionCheck{{Type: "Ready", Status: &ready}},
			}},
		})
	}
}

// answer is what the hook of a crew answers.
func (c *crew) answer(in request) response {
	answer := response{Status: object{"phase": "Synced"}}
	for _, name := range nested[[]any](in.Parent, "spec", "workers") {
		answer.Children = append(answer.Children, c.desired(name, nested[string](in.Parent, "spec", "image")))
	}
	return answer
}

func (c *crew) desired(name any, image string) object {
	metadata := object{"name": name}
	if c.clusterScope {
		metadata["namespace"] = c.namespace
	}
	return object{
		"apiVersion": c.worker.GroupVersion().String(), "kind": c.worker.Kind, "metadata": metadata, "spec": object{"image": image},
	}
}

func (c *crew) parentNamespace() string {
	if c.clusterScope {
		return ""
	}
	return c.namespace
}

func (c *crew) revisionNamespace() string {
	if c.clusterScope {
		return "hookplane-system"
	}
	return c.namespace
}

// create creates the parent, named crew, and waits for its children.
func (c *crew) create(image string, workers ...string) {
	c.t.Helper()
	parent := newParent(c.t, c.kind, c.parentNamespace(), "crew", object{"image": image, "workers": anySlice(workers)})
	c.uid = parent.GetUID()
	for _, name := range workers {
		c.eventuallyImage(name, image)
		c.report(name, "True")
	}
	c.eventuallyUpdated("True", "OnLatestRevision", "")
}

func anySlice(texts []string) []any {
	values := []any{}
	for _, text := range texts {
		values = append(values, text)
	}
	return values
}

func (c *crew) patch(patch string) {
	c.t.Helper()
	patchParent(c.t, c.kind, c.parentNamespace(), "crew", patch)
}

func (c *crew) eventuallyImage(name, image string) {
	c.t.Helper()
	eventuallyHas(c.t, c.worker.GroupVersionResource, c.namespace, name, image, "spec", "image")
}

// report plays whoever runs workers: the worker is ready or not, and its generation observed.
func (c *crew) report(name, ready string) {
	c.t.Helper()
	worker, err := get(c.t.Context(), c.worker.GroupVersionResource, c.namespace, name)
	if err != nil {
		c.t.Fatal(err)
	}
	c.reportGeneration(name, ready, worker.GetGeneration())
}

func (c *crew) reportGeneration(name, ready string, generation int64) {
	c.t.Helper()
	patch, err := json.Marshal(object{"status": object{
		"observedGeneration": generation, "conditions": []any{object{"type": "Ready", "status": ready}},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = env.dynamic.Resource(c.worker.GroupVersionResource).Namespace(c.namespace).Patch(
		c.t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil {
		c.t.Fatal(err)
	}
}

// eventuallyUpdated waits for a state of the condition Updated whose message has the text.
func (c *crew) eventuallyUpdated(status, reason, text string) {
	c.t.Helper()
	eventually(c.t, fmt.Sprintf("crew has Updated=%s/%s with %q", status, reason, text), func() error {
		parent, err := get(c.t.Context(), c.kind.GroupVersionResource, c.parentNamespace(), "crew")
		if err != nil {
			return err
		}
		for _, condition := range nested[[]any](parent.Object, "status", "conditions") {
			updated, _ := condition.(object)
			if updated["type"] == "Updated" && updated["status"] == status && updated["reason"] == reason &&
				strings.Contains(fmt.Sprint(updated["message"]), text) {
				return nil
			}
		}
		return fmt.Errorf("its status is %v", parent.Object["status"])
	})
}

// images returns the images of all workers by name.
func (c *crew) images() map[string]string {
	c.t.Helper()
	list, err := env.dynamic.Resource(c.worker.GroupVersionResource).Namespace(c.namespace).List(c.t.Context(), metav1.ListOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	images := map[string]string{}
	for _, item := range list.Items {
		images[item.GetName()] = nested[string](item.Object, "spec", "image")
	}
	return images
}

// stays sees that nothing happens: the images are these, now and for a while.
func (c *crew) stays(images map[string]string) {
	c.t.Helper()
	never(c.t, "a worker changes", func() error {
		if diff := cmp.Diff(images, c.images()); diff != "" {
			return fmt.Errorf("images (-want +got):\n%s", diff)
		}
		return nil
	})
}

// revisions returns the parent's revisions: by image, the names of workers.
func (c *crew) revisions() map[string][]string {
	c.t.Helper()
	revisions := map[string][]string{}
	for _, revision := range c.listRevisions() {
		var patch struct {
			Spec struct {
				Image string `json:"image"`
			} `json:"spec"`
		}
		if err := json.Unmarshal(revision.ParentPatch.Raw, &patch); err != nil {
			c.t.Fatal(err)
		}
		names := []string{}
		for _, children := range revision.Children {
			names = append(names, children.Names...)
		}
		revisions[patch.Spec.Image] = names
	}
	return revisions
}

func (c *crew) listRevisions() []v1alpha1.ControllerRevision {
	c.t.Helper()
	list, err := env.controllers.MetacontrollerV1alpha1().ControllerRevisions(c.revisionNamespace()).List(c.t.Context(), metav1.ListOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return slices.DeleteFunc(list.Items, func(r v1alpha1.ControllerRevision) bool {
		owner := metav1.GetControllerOf(&r)
		return owner == nil || owner.UID != c.uid
	})
}

func (c *crew) eventuallyRevisions(want map[string][]string) {
	c.t.Helper()
	eventually(c.t, fmt.Sprintf("the revisions are %v", want), func() error {
		if diff := cmp.Diff(want, c.revisions()); diff != "" {
			return fmt.Errorf("-want +got:\n%s", diff)
		}
		return nil
	})
}

func TestRolloutChildByChild(t *testing.T) {
	c := newCrew(t, "orderly")
	newController(t, c.kind, newHook(t, c.answer), c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
	c.create("one", "c", "a", "b")

	revisions := c.listRevisions()
	if len(revisions) != 1 {
		t.Fatalf("want one revision, got %v", revisions)
	}
	revision := revisions[0]
	if !strings.HasPrefix(revision.Name, c.kind.Resource+"."+c.kind.Group+"-") {
		t.Errorf("the revision is named %s, want %s.%s-<hash>", revision.Name, c.kind.Resource, c.kind.Group)
	}
	labels := map[string]string{
		"controller-uid": string(c.uid), "metacontroller.k8s.io/apiGroup": c.kind.Group, "metacontroller.k8s.io/resource": c.kind.Resource,
	}
	if diff := cmp.Diff(labels, revision.Labels); diff != "" {
		t.Errorf("the revision's labels (-want +got):\n%s", diff)
	}
	if got := string(revision.ParentPatch.Raw); got != `{"spec":{"image":"one"}}` {
		t.Errorf("parentPatch is %s", got)
	}
	children := []v1alpha1.ControllerRevisionChildren{{APIGroup: c.worker.Group, Kind: c.worker.Kind, Names: []string{"a", "b", "c"}}}
	if diff := cmp.Diff(children, revision.Children); diff != "" {
		t.Errorf("the revision's children (-want +got):\n%s", diff)
	}

	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyImage("c", "two") // the first of the answer
	c.eventuallyUpdated("False", "RolloutWaiting", `"`+c.namespace+`/c": its generation 2 is not observed yet`)
	c.eventuallyRevisions(map[string][]string{"one": {"a", "b"}, "two": {"c"}})
	c.report("c", "False")
	c.eventuallyUpdated("False", "RolloutWaiting", `its condition Ready is "False", want "True"`)
	c.stays(map[string]string{"a": "one", "b": "one", "c": "two"})
	c.report("c", "True")
	c.eventuallyImage("a", "two")
	c.stays(map[string]string{"a": "two", "b": "one", "c": "two"})
	c.report("a", "True")
	c.eventuallyImage("b", "two")
	c.eventuallyUpdated("True", "OnLatestRevision", "latest ControllerRevision: "+c.kind.Resource)
	c.eventuallyRevisions(map[string][]string{"two": {"a", "b", "c"}})
	output := mustKubectl(t, "", "get", "mcrev", "-n", c.namespace)
	if !strings.Contains(output, c.kind.Resource) {
		t.Errorf("kubectl get mcrev prints:\n%s", output)
	}
}

func TestRolloutRecreate(t *testing.T) {
	c := newCrew(t, "renewed")
	newController(t, c.kind, newHook(t, c.answer), c.rolling(v1alpha1.ChildUpdateRollingRecreate, "spec.image"))
	c.create("one", "a", "b")
	uids := map[string]types.UID{}
	for _, name := range []string{"a", "b"} {
		worker, err := get(t.Context(), c.worker.GroupVersionResource, c.namespace, name)
		if err != nil {
			t.Fatal(err)
		}
		uids[name] = worker.GetUID()
	}
	c.patch(`{"spec":{"image":"two"}}`)
	for i, name := range []string{"a", "b"} {
		c.eventuallyImage(name, "two")
		if i == 0 {
			c.eventuallyUpdated("False", "RolloutWaiting", "it has no condition Ready")
			c.stays(map[string]string{"a": "two", "b": "one"})
		}
		worker, err := get(t.Context(), c.worker.GroupVersionResource, c.namespace, name)
		if err != nil {
			t.Fatal(err)
		}
		if worker.GetUID() == uids[name] {
			t.Errorf("worker %s was updated, want it recreated", name)
		}
		c.report(name, "True")
	}
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.eventuallyRevisions(map[string][]string{"two": {"a", "b"}})
}

// TestRolloutCalls counts hook calls of a rollout, docs/protocol.md §9: one for each live revision in each step.
func TestRolloutCalls(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "counted")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook, withMethod(v1alpha1.ChildUpdateRollingInPlace))
	expected := 0
	expect := func(phase string, calls int) {
		t.Helper()
		expected += calls
		settled(t, hook, func(i int) string { return fmt.Sprintf("p%d", i) }, expected, phase)
	}
	for i := range parentsCounted {
		newParent(t, kind, namespace, fmt.Sprintf("p%d", i), object{"value": "1"})
	}
	expect("creation", 2)
	for i := range parentsCounted {
		patchParent(t, kind, namespace, fmt.Sprintf("p%d", i), `{"metadata":{"annotations":{"touched":"1"}}}`)
	}
	expect("touch", 1)
	for i := range parentsCounted {
		patchParent(t, kind, namespace, fmt.Sprintf("p%d", i), `{"spec":{"value":"2"}}`)
	}
	expect("three steps with two revisions, and one call that changes nothing", 3*2+1)
	for i := range parentsCounted {
		for child := range 3 {
			eventuallyHas(t, configMaps, namespace, fmt.Sprintf("p%d-%d", i, child), "2", "data", "value")
		}
	}
	before := versions(t.Context(), t, kind, namespace)
	revisions := revisionVersions(t, namespace)
	if len(revisions) != parentsCounted {
		t.Errorf("want one revision for each parent, got %v", revisions)
	}
	restart(t)
	expect("restart", 1)
	if diff := cmp.Diff(before, versions(t.Context(), t, kind, namespace)); diff != "" {
		t.Errorf("a restart wrote something (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(revisions, revisionVersions(t, namespace)); diff != "" {
		t.Errorf("a restart wrote a revision (-before +after):\n%s", diff)
	}
}

func revisionVersions(t *testing.T, namespace string) map[string]string {
	t.Helper()
	list, err := env.controllers.MetacontrollerV1alpha1().ControllerRevisions(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, revision := range list.Items {
		found[revision.Name] = revision.ResourceVersion
	}
	return found
}

// TestRolloutChangeOfMind changes the parent in the middle: to a third revision, and back to the second.
func TestRolloutChangeOfMind(t *testing.T) {
	c := newCrew(t, "fickle")
	newController(t, c.kind, newHook(t, c.answer), c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
	c.create("one", "a", "b", "c")
	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyImage("a", "two")
	c.report("a", "True")
	c.eventuallyImage("b", "two")
	c.report("b", "False")

	c.patch(`{"spec":{"image":"three"}}`)
	c.eventuallyImage("a", "three")
	c.eventuallyRevisions(map[string][]string{"one": {"c"}, "two": {"b"}, "three": {"a"}})
	c.stays(map[string]string{"a": "three", "b": "two", "c": "one"})

	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyUpdated("False", "RolloutWaiting", c.namespace+"/b") // which is in the latest revision again
	c.stays(map[string]string{"a": "three", "b": "two", "c": "one"})
	c.report("b", "True")
	c.eventuallyImage("a", "two")
	c.eventuallyRevisions(map[string][]string{"one": {"c"}, "two": {"a", "b"}})
	c.stays(map[string]string{"a": "two", "b": "two", "c": "one"})
	c.report("a", "True")
	c.eventuallyImage("c", "two")
	c.eventuallyUpdated("True", "OnLatestRevision", "")

	c.patch(`{"spec":{"image":"one"}}`)
	for _, name := range []string{"a", "b", "c"} {
		c.reportWhen(name, "one")
	}
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.eventuallyRevisions(map[string][]string{"one": {"a", "b", "c"}})
}

// reportWhen waits for a worker's image and makes it ready.
func (c *crew) reportWhen(name, image string) {
	c.t.Helper()
	c.eventuallyImage(name, image)
	c.report(name, "True")
}

// TestRolloutScaling scales in the middle, where the number of workers is a part of the revision.
func TestRolloutScaling(t *testing.T) {
	c := newCrew(t, "elastic")
	newController(t, c.kind, newHook(t, c.answer), c.rolling(v1alpha1.ChildUpdateRollingInPlace)) // the whole spec
	c.create("one", "a", "b", "c")
	c.patch(`{"spec":{"image":"two"}}`)
	c.reportWhen("a", "two")
	c.eventuallyImage("b", "two")

	c.patch(`{"spec":{"workers":["a","b","c","d"]}}`)
	c.eventuallyImage("d", "two") // new, and at once in the latest revision
	c.report("b", "True")
	c.eventuallyUpdated("False", "RolloutWaiting", c.namespace+"/d")
	c.stays(map[string]string{"a": "two", "b": "two", "c": "one", "d": "two"})

	c.patch(`{"spec":{"workers":["a","c"]}}`)
	c.eventuallyImage("c", "two")
	eventuallyGone(t, c.worker.GroupVersionResource, c.namespace, "b")
	eventuallyGone(t, c.worker.GroupVersionResource, c.namespace, "d")
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.eventuallyRevisions(map[string][]string{"two": {"a", "c"}})

	c.patch(`{"spec":{"workers":["a","c","e"]}}`)
	c.eventuallyImage("e", "two")
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.eventuallyRevisions(map[string][]string{"two": {"a", "c", "e"}})
}

// TestRolloutParentDeleted deletes the parent in the middle: all goes, and nothing comes back.
func TestRolloutParentDeleted(t *testing.T) {
	for name, policy := range map[string]metav1.DeletionPropagation{"doomed": metav1.DeletePropagationBackground, "damned": metav1.DeletePropagationForeground} {
		t.Run(string(policy), func(t *testing.T) {
			c := newCrew(t, name)
			newController(t, c.kind, newHook(t, c.answer), c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
			c.create("one", "a", "b")
			c.patch(`{"spec":{"image":"two"}}`)
			c.eventuallyImage("a", "two")
			err := env.dynamic.Resource(c.kind.GroupVersionResource).Namespace(c.namespace).Delete(t.Context(), "crew", metav1.DeleteOptions{PropagationPolicy: &policy})
			if err != nil {
				t.Fatal(err)
			}
			gone := func() error {
				if left := len(c.images()) + len(c.listRevisions()); left > 0 {
					return fmt.Errorf("workers %v, revisions %v", c.images(), c.revisions())
				}
				_, err := get(t.Context(), c.kind.GroupVersionResource, c.namespace, "crew")
				if !apierrors.IsNotFound(err) {
					return fmt.Errorf("the parent is there: %w", err)
				}
				return nil
			}
			eventually(t, "parent, workers and revisions are gone", gone)
			never(t, "something comes back", gone)
		})
	}
}

// TestRolloutParentFinalized deletes a parent with a finalize hook in the middle: what the hook keeps stays as it is, until it lets
// go.
func TestRolloutParentFinalized(t *testing.T) {
	c := newCrew(t, "stubborn")
	hook := newHook(t, c.answer)
	newController(t, c.kind, hook, c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"), func(cc *v1alpha1.CompositeController) {
		cc.Spec.Hooks.Finalize = &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: hook.URL()}}
	})
	c.create("one", "a", "b")
	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyImage("a", "two")
	if err := env.dynamic.Resource(c.kind.GroupVersionResource).Namespace(c.namespace).Delete(t.Context(), "crew", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	c.report("a", "True")
	c.stays(map[string]string{"a": "two", "b": "one"})
	hook.answer(func(in request) response {
		return response{Finalized: in.Finalizing && len(in.Children[c.worker.Kind+"."+c.worker.GroupVersion().String()]) == 0}
	})
	mergePatch(t, c.kind.GroupVersionResource, c.namespace, "crew", `{"metadata":{"annotations":{"touched":"1"}}}`)
	eventuallyGone(t, c.worker.GroupVersionResource, c.namespace, "b")
	eventuallyGone(t, c.kind.GroupVersionResource, c.namespace, "crew")
	eventually(t, "the revisions are gone", func() error {
		if left := c.listRevisions(); len(left) > 0 {
			return fmt.Errorf("%v", c.revisions())
		}
		return nil
	})
}

func TestRolloutClusterScopedParent(t *testing.T) {
	c := newCrew(t, "global", clusterScopedCrew)
	newController(t, c.kind, newHook(t, c.answer), c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
	c.create("one", "a", "b")
	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyImage("a", "two")
	c.eventuallyRevisions(map[string][]string{"one": {c.namespace + "/b"}, "two": {c.namespace + "/a"}})
	c.stays(map[string]string{"a": "two", "b": "one"})
	c.report("a", "True")
	c.reportWhen("b", "two")
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.eventuallyRevisions(map[string][]string{"two": {c.namespace + "/a", c.namespace + "/b"}})
	if err := env.dynamic.Resource(c.kind.GroupVersionResource).Delete(t.Context(), "crew", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	c.eventuallyRevisions(map[string][]string{})
	eventuallyGone(t, c.worker.GroupVersionResource, c.namespace, "a")
}

// TestRolloutKilled kills the server in every step of a rollout, while it works: each child changes in its turn all the same.
func TestRolloutKilled(t *testing.T) {
	c := newCrew(t, "robust")
	hook := newHook(t, c.answer)
	newController(t, c.kind, hook, c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
	workers := []string{"a", "b", "c", "d"}
	c.create("one", workers...)
	c.patch(`{"spec":{"image":"two"}}`)
	for i, name := range workers {
		calls := hook.count("crew")
		if i > 0 {
			c.report(workers[i-1], "True") // the next one's turn
		}
		eventually(t, "the server has begun the step", func() error {
			if _, err := get(t.Context(), c.worker.GroupVersionResource, c.namespace, name); err != nil {
				return err
			}
			if hook.count("crew") == calls && c.images()[name] != "two" {
				return fmt.Errorf("%d calls", calls)
			}
			return nil
		})
		if err := env.server.Kill(); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for j, other := range workers {
			want[other] = "one"
			if j <= i {
				want[other] = "two"
			}
		}
		startAgain(t)
		c.eventuallyImage(name, "two")
		if diff := cmp.Diff(want, c.images()); diff != "" {
			t.Errorf("after step %d (-want +got):\n%s", i, diff)
		}
	}
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.eventuallyRevisions(map[string][]string{"two": workers})
}

// TestRolloutBesideOtherRules has ConfigMaps of another rule follow the latest revision at once.
func TestRolloutBesideOtherRules(t *testing.T) {
	c := newCrew(t, "mixed")
	newController(t, c.kind, newHook(t, func(in request) response {
		answer := c.answer(in)
		answer.Children = append(answer.Children, configMap("settings", object{"image": nested[string](in.Parent, "spec", "image")}))
		return answer
	}), c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
	c.create("one", "a", "b")
	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyImage("a", "two")
	eventuallyHas(t, configMaps, c.namespace, "settings", "two", "data", "image")
	c.stays(map[string]string{"a": "two", "b": "one"})
	eventuallyHas(t, configMaps, c.namespace, "settings", "two", "data", "image")
}

// TestRolloutRevisionDeleted deletes the older ControllerRevision: its children wait for their turn as they are.
func TestRolloutRevisionDeleted(t *testing.T) {
	c := newCrew(t, "careless")
	newController(t, c.kind, newHook(t, c.answer), c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
	c.create("one", "a", "b", "c")
	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyImage("a", "two")
	c.eventuallyRevisions(map[string][]string{"one": {"b", "c"}, "two": {"a"}})
	for _, revision := range c.listRevisions() {
		if err := env.controllers.MetacontrollerV1alpha1().ControllerRevisions(c.namespace).Delete(t.Context(), revision.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	c.eventuallyRevisions(map[string][]string{"two": {"a"}}) // the latest is recorded anew
	c.stays(map[string]string{"a": "two", "b": "one", "c": "one"})
	c.report("a", "True")
	c.reportWhen("b", "two")
	c.reportWhen("c", "two")
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.eventuallyRevisions(map[string][]string{"two": {"a", "b", "c"}})
}

// TestRolloutOfPlainHook has a hook that answers no status, for parents with a selector of their own and no labels anywhere
// that a revision could be found by; a hook that drops a child from its answer for the older revision; and a lost child.
func TestRolloutOfPlainHook(t *testing.T) {
	c := newCrew(t, "plain")
	hook := newHook(t, func(in request) response {
		answer := c.answer(in)
		answer.Status = nil
		for _, child := range answer.Children {
			child["metadata"].(object)["labels"] = object{"crew": "x"}
		}
		if nested[string](in.Parent, "spec", "image") == "one" && nested[string](in.Parent, "spec", "drop") != "" {
			answer.Children = slices.DeleteFunc(answer.Children, func(child object) bool {
				return nested[string](child, "metadata", "name") == nested[string](in.Parent, "spec", "drop")
			})
		}
		return answer
	})
	newController(t, c.kind, hook, withOwnSelector, c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
	parent := newParent(t, c.kind, c.namespace, "crew", object{
		"image": "one", "workers": []any{"a", "b", "c"}, "selector": object{"matchLabels": object{"crew": "x"}},
	})
	c.uid = parent.GetUID()
	for _, name := range []string{"a", "b", "c"} {
		c.reportWhen(name, "one")
	}
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyImage("a", "two")
	c.patch(`{"spec":{"drop":"b"}}`)
	if err := env.dynamic.Resource(c.worker.GroupVersionResource).Namespace(c.namespace).Delete(t.Context(), "c", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	c.reportWhen("c", "one") // comes back as it was
	c.stays(map[string]string{"a": "two", "b": "one", "c": "one"})
	c.report("a", "True")
	c.reportWhen("b", "two")
	c.eventuallyImage("c", "two")
	c.eventuallyUpdated("True", "OnLatestRevision", "")
	c.eventuallyRevisions(map[string][]string{"two": {"a", "b", "c"}})
}

// TestRolloutOfOldHookFails has the hook fail for an older revision: the parent tells which, and goes on without it when told to.
func TestRolloutOfOldHookFails(t *testing.T) {
	c := newCrew(t, "stuck")
	hook := newHook(t, c.answer)
	newController(t, c.kind, hook, c.rolling(v1alpha1.ChildUpdateRollingInPlace, "spec.image"))
	c.create("one", "a", "b")
	c.patch(`{"spec":{"image":"two"}}`)
	c.eventuallyImage("a", "two")
	c.eventuallyRevisions(map[string][]string{"one": {"b"}, "two": {"a"}})
	hook.answer(func(in request) response {
		answer := c.answer(in)
		if nested[string](in.Parent, "spec", "image") == "one" {
			answer.Children[0]["kind"] = "Unknown"
		}
		return answer
	})
	c.report("a", "True")
	var older string
	for _, revision := range c.listRevisions() {
		if strings.Contains(string(revision.ParentPatch.Raw), "one") {
			older = revision.Name
		}
	}
	eventuallyEvent(t, c.namespace, "crew", "SyncError", older)
	c.stays(map[string]string{"a": "two", "b": "one"})
	if err := env.controllers.MetacontrollerV1alpha1().ControllerRevisions(c.namespace).Delete(t.Context(), older, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	c.eventuallyImage("b", "two")
	c.eventuallyUpdated("True", "OnLatestRevision", "")
}

// TestRolloutOfNormalisedChildren has Deployments whose server rewrites what it is sent. A restart in the middle forgets that it
// does; the rollout goes on.
func TestRolloutOfNormalisedChildren(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "fleet")
	hook := newHook(t, func(in request) response {
		var answer response
		for _, name := range []string{"a", "b", "c"} {
			labels := object{"app": name, "controller-uid": nested[string](in.Parent, "metadata", "uid")}
			answer.Children = append(answer.Children, object{
				"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"name": name},
				"spec": object{"replicas": 0, "selector": object{"matchLabels": labels}, "template": object{
					"metadata": object{"labels": labels},
					"spec": object{"containers": []any{object{
						"name": "main", "image": nested[string](in.Parent, "spec", "image"), "resources": object{"limits": object{"cpu": "1000m"}},
					}}},
				}},
			})
		}
		return answer
	})
	newController(t, kind, hook, func(cc *v1alpha1.CompositeController) {
		cc.Spec.ChildResources = []v1alpha1.ChildResourceRule{{
			APIVersion: "apps/v1", Resource: "deployments",
			UpdateStrategy: &v1alpha1.ChildUpdateStrategy{Method: v1alpha1.ChildUpdateRollingInPlace, StatusChecks: &v1alpha1.ChildUpdateStatusChecks{
				Conditions: []v1alpha1.StatusConditionCheck{{Type: "Go"}},
			}},
		}}
	})
	newParent(t, kind, namespace, "p", object{"image": "one"})
	image := func(name, want string) {
		t.Helper()
		eventually(t, "Deployment "+name+" has image "+want, func() error {
			deployment, err := env.kubernetes.AppsV1().Deployments(namespace).Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if got := deployment.Spec.Template.Spec.Containers[0].Image; got != want {
				return fmt.Errorf("it is %s", got)
			}
			return nil
		})
	}
	// goAhead passes a Deployment while no server is there to see it.
	goAhead := func(name string) {
		t.Helper()
		if err := env.server.Stop(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "Deployment "+name+" has observed its generation and goes ahead", func() error {
			deployment, err := env.kubernetes.AppsV1().Deployments(namespace).Get(t.Context(), name, metav1.GetOptions{})
			if err != nil || deployment.Status.ObservedGeneration < deployment.Generation {
				return fmt.Errorf("%v, %w", deployment.Status, err)
			}
			deployment.Status.Conditions = append(deployment.Status.Conditions, appsv1.DeploymentCondition{Type: "Go", Status: "True"})
			_, err = env.kubernetes.AppsV1().Deployments(namespace).UpdateStatus(t.Context(), deployment, metav1.UpdateOptions{})
			return err
		})
		startAgain(t)
	}
	image("c", "one")
	patchParent(t, kind, namespace, "p", `{"spec":{"image":"two"}}`)
	image("a", "two")
	goAhead("a")
	image("b", "two")
	goAhead("b")
	image("c", "two")
	eventually(t, "the rollout has ended", func() error {
		parent, err := get(t.Context(), kind.GroupVersionResource, namespace, "p")
		if err != nil || !strings.Contains(fmt.Sprint(parent.Object["status"]), "OnLatestRevision") {
			return fmt.Errorf("%v, %w", parent, err)
		}
		return nil
	})
}
