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
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregatorfake "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"
	testclock "k8s.io/utils/clock/testing"

	"github.com/hookplane/hookplane/admission/registration"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// newCluster returns a cluster of custom resources and other objects that serves the API by its definitions.
func newCluster(t *testing.T, custom []string, core []runtime.Object, apiServices ...runtime.Object) *Cluster {
	t.Helper()
	lists := map[schema.GroupVersionResource]string{
		definitions: "CustomResourceDefinitionList",
		{Group: "example.com", Version: "v1", Resource: "shops"}: "ShopList",
		{Version: "v1", Resource: "pods"}:                        "PodList",
	}
	objects := make([]runtime.Object, 0, len(kinds)+len(custom))
	for _, kind := range kinds {
		lists[schema.GroupVersionResource{Group: "metacontroller.k8s.io", Version: "v1alpha1", Resource: kind.resource}] = kind.kind + "List"
		objects = append(objects, parsed(t, `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: `+definitionName(kind.resource)+
			`}, spec: {versions: [{name: v1alpha1, served: true}]}}`))
	}
	for _, text := range custom {
		objects = append(objects, parsed(t, text))
	}
	return &Cluster{
		core: fake.NewClientset(core...), dynamic: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, objects...),
		aggregator: aggregatorfake.NewClientset(apiServices...), clock: testclock.NewFakeClock(now),
	}
}

func TestState(t *testing.T) {
	c := newCluster(t, nil, nil)
	state, err := c.State(t.Context())
	if err != nil || !state.ByDefinitions() || len(state.Definitions) != len(kinds) {
		t.Errorf("State gives %+v, %v, want the definitions to serve", state, err)
	}
	c = newCluster(t, nil, nil, registered(apiService))
	state, err = c.State(t.Context())
	if err != nil || state.ByDefinitions() || state.Service.String() != "system/server" {
		t.Errorf("State gives %+v, %v, want the Service", state, err)
	}
}

func podOf(image string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}}
}

func TestActing(t *testing.T) {
	const image = "registry.example.com:5000/mirror/metacontroller:v4@sha256:0"
	meta := metav1.ObjectMeta{Namespace: "mc", Name: "m"}
	lease := func(renewed time.Time) *coordinationv1.Lease {
		return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "mc", Name: program}, Spec: coordinationv1.LeaseSpec{
			HolderIdentity: new("somebody"), LeaseDurationSeconds: new(int32(15)), RenewTime: &metav1.MicroTime{Time: renewed},
		}}
	}
	for name, tc := range map[string]struct {
		object runtime.Object
		want   string // part of the sentence; empty: nothing acts
	}{
		"StatefulSet":      {&appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Template: corev1.PodTemplateSpec{Spec: podOf(image)}}}, "kubectl -n mc scale statefulset m --replicas=0"},
		"StatefulSetAt0":   {&appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Replicas: new(int32(0)), Template: corev1.PodTemplateSpec{Spec: podOf(image)}}}, ""},
		"Deployment":       {&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: new(int32(1)), Template: corev1.PodTemplateSpec{Spec: podOf("metacontroller")}}}, "scale deployment m"},
		"OtherDeployment":  {&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: podOf("metacontroller/hook:v1")}}}, ""},
		"Pod":              {&corev1.Pod{ObjectMeta: meta, Spec: podOf(image)}, "the pod mc/m has not ended"},
		"PodEnded":         {&corev1.Pod{ObjectMeta: meta, Spec: podOf(image), Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}, ""},
		"Lease":            {lease(now.Add(-10 * time.Second)), "the lease mc/metacontroller is held by somebody"},
		"LeaseOutOfDate":   {lease(now.Add(-15 * time.Second)), ""},
		"LeaseOfSomething": {&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "mc", Name: program}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newCluster(t, nil, []runtime.Object{tc.object}).Acting(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == "" && len(got) > 0 || tc.want != "" && (len(got) != 1 || !strings.Contains(got[0], tc.want)) {
				t.Errorf("Acting gives %q, want %q", got, tc.want)
			}
		})
	}
}

func TestInspect(t *testing.T) {
	const pod = `{apiVersion: v1, kind: Pod, metadata: {name: NAME, namespace: ns, labels: {controller-uid: LABEL}, annotations: {RECORD: x},
  managedFields: [{manager: metacontroller, operation: OPERATION, time: "2026-01-01T00:00:00Z"}],
  ownerReferences: [{apiVersion: example.com/v1, kind: Shop, name: s, uid: s, controller: true}]}}`
	with := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(pod) }
	const record = "metacontroller.k8s.io/last-applied-configuration"
	c := newCluster(t, []string{
		shops, revision,
		strings.NewReplacer("name: r,", "name: q,", "uid: u2", "uid: u3").Replace(revision),
		`{apiVersion: example.com/v1, kind: Shop, metadata: {name: s, namespace: ns, uid: s, finalizers: [metacontroller.io/compositecontroller-shops, metacontroller.io/compositecontroller-gone]}}`,
		with("NAME", "recorded", "LABEL", "s", "RECORD", record, "OPERATION", "Update"),
		with("NAME", "applied", "LABEL", "s", "RECORD", "other", "OPERATION", "Apply"),
		with("NAME", "stray", "LABEL", "other", "RECORD", "other", "OPERATION", "Update"),
		strings.ReplaceAll(with("NAME", "foreign", "LABEL", "s"), "uid: s", "uid: t"),
	}, nil)
	objects, err := c.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := Problems(objects); err != nil {
		t.Fatal(err)
	}
	controller := slices.IndexFunc(objects, func(o Object) bool { return o.Kind == "CompositeController" })
	got, err := c.NewInspector(objects).Inspect(t.Context(), &objects[controller])
	if err != nil {
		t.Fatal(err)
	}
	want := &Inspection{
		Parents:  []Count{{Resource: schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "shops"}, Total: 1}},
		Children: []Count{{Resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}, Total: 3, Recorded: 1, Applied: 1}},
		Rollouts: 1,
		Remarks: []string{
			"Shop ns/s has the finalizer metacontroller.io/compositecontroller-gone of a controller that does not exist: it can be deleted when you take that off",
			"Pod ns/stray does not match the selector of its Shop s, and would be released, as Metacontroller would do",
		},
		LastWrite: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	got.LastWrite = got.LastWrite.UTC()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Inspect (-want +got):\n%s", diff)
	}
}

func TestInspectDecorator(t *testing.T) {
	const attachment = `{apiVersion: v1, kind: Pod, metadata: {name: NAME, namespace: ns, annotations: {metacontroller.k8s.io/decorator-controller: DECORATOR},
  ownerReferences: [{apiVersion: example.com/v1, kind: Shop, name: s, uid: OWNER, controller: true}]}}`
	with := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(attachment) }
	c := newCluster(t, []string{
		`{apiVersion: metacontroller.k8s.io/v1alpha1, kind: DecoratorController, metadata: {name: deco}, spec: {
  resources: [{apiVersion: example.com/v1, resource: shops, labelSelector: {matchLabels: {a: b}}, annotationSelector: {matchAnnotations: {c: d}}}],
  attachments: [{apiVersion: v1, resource: pods}], hooks: {sync: {webhook: {url: "http://hooks.example.com/sync"}}}}}`,
		`{apiVersion: example.com/v1, kind: Shop, metadata: {name: s, namespace: ns, uid: s, labels: {a: b}, annotations: {c: d}}}`,
		`{apiVersion: example.com/v1, kind: Shop, metadata: {name: label, namespace: ns, uid: l, annotations: {c: d}}}`,
		`{apiVersion: example.com/v1, kind: Shop, metadata: {name: annotation, namespace: ns, uid: a, labels: {a: b}}}`,
		with("NAME", "ours", "DECORATOR", "deco", "OWNER", "s"),
		with("NAME", "of-another", "DECORATOR", "other", "OWNER", "s"),
		with("NAME", "elsewhere", "DECORATOR", "deco", "OWNER", "a"),
	}, nil)
	objects, err := c.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.NewInspector(objects).Inspect(t.Context(), &objects[0])
	if err != nil {
		t.Fatal(err)
	}
	want := &Inspection{
		Parents:  []Count{{Resource: schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "shops"}, Total: 1}},
		Children: []Count{{Resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}, Total: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Inspect (-want +got):\n%s", diff)
	}
}

func TestWriteBack(t *testing.T) {
	left := strings.NewReplacer("name: r,", "name: left,", "uid: u2", "uid: u3").Replace(revision)
	c := newCluster(t, []string{shops, revision, left, strings.NewReplacer("name: shops", "name: gone", "uid: u1", "uid: u4").Replace(shops)}, nil)
	stores := newStores()
	changed := strings.Replace(shops, "generateSelector: true", "generateSelector: true, resyncPeriodSeconds: 60", 1)
	added := strings.NewReplacer("name: shops", "name: added", "uid: u1", "uid: u5", "resourceVersion: \"5\", ", "").Replace(shops)
	if _, err := Copy(t.Context(), objectsOf(t, changed, revision, added), stores, false); err != nil {
		t.Fatal(err)
	}
	got, err := c.WriteBack(t.Context(), stores)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"ControllerRevision ns/left: removed, no child is in it any more",
		"CompositeController added: created, it is new",
		"CompositeController shops: updated, it has changed",
		"CompositeController gone: is not stored, and stays a custom resource: delete it if it was deleted since the copy",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("WriteBack (-want +got):\n%s", diff)
	}
	objects, err := c.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Copy(t.Context(), slices.DeleteFunc(objects, func(o Object) bool { return o.Key == "gone" || o.Key == "added" }), stores, false); err == nil {
		t.Errorf("the added controller has another UID as a custom resource; copying gives %d", got)
	}
}

// registered is the APIService of a Hookplane.
func registered(name string) *apiregistrationv1.APIService {
	return &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       apiregistrationv1.APIServiceSpec{Service: &apiregistrationv1.ServiceReference{Namespace: "system", Name: "server"}},
	}
}

var errNobody = errors.New("nobody answers")

func nobody(context.Context) error { return errNobody }

func somebody(context.Context) error { return nil }

func withoutDefinitions(t *testing.T, c *Cluster) {
	t.Helper()
	for _, kind := range kinds {
		if err := c.dynamic.Resource(definitions).Delete(t.Context(), definitionName(kind.resource), metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFinish(t *testing.T) {
	c := newCluster(t, nil, nil, registered(apiService))
	c.answers = somebody
	removed, ended := []string(nil), make(chan error, 1)
	go func() {
		var err error
		removed, err = c.Finish(t.Context())
		ended <- err
	}()
	fake := c.clock.(*testclock.FakeClock)
	for !fake.HasWaiters() {
		time.Sleep(time.Millisecond)
	}
	for _, kind := range kinds { // until old watches have ended
		definition, err := c.definition(t.Context(), kind.resource)
		if err != nil || definition == nil || definition.Object["spec"].(map[string]any)["versions"].([]any)[0].(map[string]any)["served"] != false {
			t.Errorf("the definition of %s is %v, %v, want it not to serve", kind.resource, definition, err)
		}
	}
	fake.Step(settleTime)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"decoratorcontrollers", "compositecontrollers", "controllerrevisions"}, removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if again, err := c.Finish(t.Context()); err != nil || len(again) > 0 {
		t.Errorf("finishing again gives %q, %v, want nothing to do", again, err)
	}
}

func TestFinishRefuses(t *testing.T) {
	c := newCluster(t, nil, nil)
	if _, err := c.Finish(t.Context()); err == nil || !strings.Contains(err.Error(), "start hookplane first") {
		t.Errorf("Finish gives %v, want a refusal: the definitions serve the API", err)
	}
	c = newCluster(t, nil, nil, registered(apiService))
	c.answers = nobody
	if _, err := c.Finish(t.Context()); !errors.Is(err, errNobody) {
		t.Errorf("Finish gives %v, want a refusal: hookplane may not come up again", err)
	}
}

func TestHandBack(t *testing.T) {
	webhooks := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: registration.Name}}
	c := newCluster(t, nil, []runtime.Object{webhooks}, registered(apiService), registered(admissionAPIService))
	if err := c.setServed(t.Context(), "compositecontrollers", false); err != nil { // a Finish that was interrupted
		t.Fatal(err)
	}
	c.answers = nobody
	if err := c.HandBack(t.Context()); err != nil {
		t.Fatal(err)
	}
	apiServices, err := c.aggregator.ApiregistrationV1().APIServices().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(apiServices.Items) > 0 {
		t.Errorf("the APIServices are %v, %v, want none: kube-apiserver makes its own", apiServices, err)
	}
	configurations, err := c.core.AdmissionregistrationV1().MutatingWebhookConfigurations().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(configurations.Items) > 0 {
		t.Errorf("the webhook configurations are %v, %v, want none", configurations, err)
	}
	definition, err := c.definition(t.Context(), "compositecontrollers")
	if err != nil || definition.Object["spec"].(map[string]any)["versions"].([]any)[0].(map[string]any)["served"] != true {
		t.Errorf("the definition is %v, %v, want it to serve", definition, err)
	}
}

func TestHandBackRefuses(t *testing.T) {
	c := newCluster(t, nil, nil)
	withoutDefinitions(t, c)
	if err := c.HandBack(t.Context()); err == nil || !strings.Contains(err.Error(), "are gone") {
		t.Errorf("HandBack gives %v, want a refusal: there is nothing to give back to", err)
	}
	c = newCluster(t, nil, nil, registered(apiService))
	c.answers = somebody
	if err := c.HandBack(t.Context()); err == nil || !strings.Contains(err.Error(), "stop it first; its Service is system/server") {
		t.Errorf("HandBack gives %v, want a refusal: hookplane would register again", err)
	}
}

func TestSetServed(t *testing.T) {
	c := newCluster(t, nil, nil)
	for _, served := range []bool{false, true} {
		if err := c.setServed(t.Context(), "compositecontrollers", served); err != nil {
			t.Fatal(err)
		}
		definition, err := c.definition(t.Context(), "compositecontrollers")
		if err != nil {
			t.Fatal(err)
		}
		want := []any{map[string]any{"name": "v1alpha1", "served": served}}
		if diff := cmp.Diff(want, definition.Object["spec"].(map[string]any)["versions"]); diff != "" {
			t.Errorf("the versions (-want +got):\n%s", diff)
		}
	}
}
