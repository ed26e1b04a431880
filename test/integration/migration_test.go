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
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestFromMetacontroller takes over from an installation of Metacontroller, gives back, takes over again and removes what is left,
// while nothing happens to children but the rollout that was under way.
func TestFromMetacontroller(t *testing.T) {
	m, restore := newMetacontrollerCluster(t)
	defer restore()
	namespace := newNamespace(t)
	shop, roll := newKind(t, "migrantshop"), newKind(t, "migrantroll")
	t.Cleanup(func() { freeParents(t, namespace, shop, roll) })
	shopHook, rollHook := newHook(t, shopOf), newHook(t, rollOf)
	mustKubectl(t, ofMetacontroller(shop, shopHook, "InPlace", deployments, services, configMaps)+"\n"+
		ofMetacontroller(roll, rollHook, "RollingInPlace", configMaps), "apply", "-f", "-")
	controller, err := get(t.Context(), compositeControllers, "", shop.Resource)
	if err != nil {
		t.Fatal(err)
	}
	newDependent(t, namespace, controller)
	recorded := newShop(t, shop, namespace, "recorded", byDynamicApply)
	rolling := newParent(t, roll, namespace, "rolling", object{"version": "2"})
	setFinalizer(t, roll, rolling)
	for i, version := range []string{"2", "1", "1"} {
		byDynamicApply(t, configMaps, rolling, configMap(fmt.Sprintf("roll-%d", i), object{"version": version}))
	}
	newRevision(t, roll, rolling, "2", "roll-0")
	newRevision(t, roll, rolling, "1", "roll-1", "roll-2")

	// Before.
	m.refusesToStart(t, "hookplane migrate copy", "is not stored")
	scale := runMetacontroller(t, namespace)
	wantPlan(t, "CompositeController "+shop.Resource, "1 deployments.apps (1 of dynamic-apply, 0 of server-side-apply)",
		"1 parents have children in older revisions", "--apply-strategy=dynamic-apply: 6 of 6",
		"the statefulset "+namespace+"/metacontroller is not scaled to zero", "127.0.0.1 is called only with --hook-allowed-cidrs",
		"2 controllers and 2 revisions")
	if output, err := migrate(t, "copy"); err == nil || !strings.Contains(output, "scale statefulset metacontroller --replicas=0") {
		t.Errorf("copying while Metacontroller runs gives %v:\n%s", err, output)
	}
	scale(0)
	if output := mustMigrate(t, "copy"); !strings.Contains(output, "4 copied, 0 there already") {
		t.Errorf("copying says %q", output)
	}
	mustKubectl(t, "", "label", "cc", shop.Resource, "changed=since")
	m.refusesToStart(t, shop.Resource+" is stored in another form")
	if output, err := migrate(t, "copy"); err == nil || !strings.Contains(output, "is stored in another form") {
		t.Errorf("copying something else than what is stored gives %v:\n%s", err, output)
	}
	if output := mustMigrate(t, "copy", "--replace"); !strings.Contains(output, "1 copied, 3 there already") {
		t.Errorf("copying says %q", output)
	}

	// The take-over.
	m.start(t, dynamicApply)
	eventuallySynced(t, shop, controller.GetUID(), 1)
	finished := object{"configmaps/roll-0": "2", "configmaps/roll-1": "2", "configmaps/roll-2": "2"}
	eventually(t, "the rollout ends", func() error { return rolled(t, namespace, finished) })
	recorded.unchanged(t)
	if output := mustKubectl(t, ofMetacontroller(shop, shopHook, "InPlace", deployments, services, configMaps), "apply", "-f", "-"); !strings.Contains(output, "unchanged") {
		t.Errorf("applying what was applied says %s", output)
	}
	mustKubectl(t, "", "patch", "cc", shop.Resource, "--type=merge", "-p", `{"spec":{"resyncPeriodSeconds":3600}}`)
	eventually(t, "the rollout has left one revision", func() error { return recordedRevisions(t, namespace, 1, 3) })

	// And back.
	if output, err := migrate(t, "rollback"); err == nil || !strings.Contains(output, "stop it first") {
		t.Errorf("giving back what is served gives %v:\n%s", err, output)
	}
	m.stop(t)
	output := mustMigrate(t, "rollback")
	for _, want := range []string{"CompositeController " + shop.Resource + ": updated", ": removed, no child is in it any more", "Now scale Metacontroller up."} {
		if !strings.Contains(output, want) {
			t.Errorf("giving back does not say %q:\n%s", want, output)
		}
	}
	if err := recordedRevisions(t, namespace, 1, 3); err != nil {
		t.Errorf("the rollout was not given back: %v", err)
	}
	returned := eventuallyHas(t, compositeControllers, "", shop.Resource, "3600", "spec", "resyncPeriodSeconds")
	if returned.GetUID() != controller.GetUID() || len(returned.GetFinalizers()) > 0 {
		t.Errorf("the controller comes back with the UID %s, had %s, and the finalizers %q", returned.GetUID(), controller.GetUID(), returned.GetFinalizers())
	}
	eventuallyHas(t, apiServices, "", "v1alpha1.metacontroller.k8s.io", "<nil>", "spec", "service")

	// Again, with children of the other form.
	applied := newShop(t, shop, namespace, "applied", byServerSideApply)
	wantPlan(t, "2 services (1 of dynamic-apply, 1 of server-side-apply)")
	if output := mustMigrate(t, "copy"); !strings.Contains(output, "0 copied, 3 there already") {
		t.Errorf("copying says %q", output)
	}
	m.start(t, serverSideApply)
	eventuallySynced(t, shop, controller.GetUID(), 2)
	applied.unchanged(t)

	// The end of Metacontroller.
	if output := mustMigrate(t, "finish"); strings.Count(output, "removed the CustomResourceDefinition") != 3 {
		t.Errorf("finishing says %q", output)
	}
	for _, resource := range []string{"compositecontrollers", "decoratorcontrollers", "controllerrevisions"} {
		if _, err := get(t.Context(), crds, "", resource+".metacontroller.k8s.io"); !apierrors.IsNotFound(err) {
			t.Errorf("the definition of %s is there: %v", resource, err)
		}
	}
	applied.unchanged(t)
	never(t, "what a controller owns goes", func() error {
		_, err := get(t.Context(), configMaps, namespace, "dependent")
		return err
	})
	patchParent(t, shop, namespace, "applied", `{"spec":{"more":"1"}}`)
	eventuallyHas(t, configMaps, namespace, "applied", "1", "data", "more")
	for _, name := range []string{"recorded", "applied"} {
		deleteParent(t, shop, namespace, name, metav1.DeletePropagationBackground)
		eventuallyGone(t, shop.GroupVersionResource, namespace, name) // so the finalize hook was called
	}
	mustKubectl(t, "", "delete", "cc", shop.Resource, roll.Resource)
	eventuallyFinalizers(t, roll, namespace, "rolling")
	m.stop(t)
}

func wantPlan(t *testing.T, wants ...string) {
	t.Helper()
	plan := mustMigrate(t, "plan")
	t.Log("\n" + plan)
	for _, want := range wants {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan does not say %q", want)
		}
	}
}

// shopOf answers children of several types.
func shopOf(in request) response {
	name := nested[string](in.Parent, "metadata", "name")
	data := object{"a": "1"}
	if more := nested[string](in.Parent, "spec", "more"); more != "" {
		data["more"] = more
	}
	return response{
		Children: []object{workload(name, object{"tier": "front"}), service(name), configMap(name, data)},
		Status:   object{"seen": "yes"}, Finalized: in.Finalizing,
	}
}

// rollOf answers three children that carry the parent's version.
func rollOf(in request) response {
	answer := response{Finalized: in.Finalizing}
	for i := range 3 {
		answer.Children = append(answer.Children, configMap(fmt.Sprintf("roll-%d", i), object{"version": nested[string](in.Parent, "spec", "version")}))
	}
	return answer
}

// rolled compares the versions of the children of a rollout.
func rolled(t *testing.T, namespace string, want object) error {
	t.Helper()
	got := object{}
	for i := range 3 {
		child, err := get(t.Context(), configMaps, namespace, fmt.Sprintf("roll-%d", i))
		if err != nil {
			return err
		}
		got["configmaps/"+child.GetName()] = nested[string](child.Object, "data", "version")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("-want +got:\n%s", diff)
	}
	return nil
}

// recordedRevisions compares how many revisions there are, and how many children are in the first.
func recordedRevisions(t *testing.T, namespace string, count, children int) error {
	t.Helper()
	list, err := env.dynamic.Resource(controllerRevisions).Namespace(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(list.Items) != count {
		return fmt.Errorf("%d revisions, want %d", len(list.Items), count)
	}
	groups := nested[[]any](list.Items[0].Object, "children")
	if len(groups) != 1 || len(nested[[]any](groups[0].(object), "names")) != children {
		return fmt.Errorf("the children are %v, want %d", groups, children)
	}
	return nil
}

// typesOf are the types of a shop, and what of each there is.
func typesOf(k kind) []schema.GroupVersionResource {
	return []schema.GroupVersionResource{deployments, services, configMaps, k.GroupVersionResource}
}
