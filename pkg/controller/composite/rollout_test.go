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

package composite

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/generated/clientset/versioned/fake"
	"github.com/hookplane/hookplane/generated/informers/externalversions"
	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// recordingApplier notes the writes of children.
type recordingApplier struct {
	applierStub
	children func([]plan.Write)
}

func (a recordingApplier) Children(_ context.Context, _ []plan.Rule, writes []plan.Write) []apply.Outcome {
	a.children(writes)
	return make([]apply.Outcome, len(writes))
}

// newRollingController returns a controller of Things that rolls its Pods, and records their revisions with a client.
func newRollingController(t *testing.T, client *fake.Clientset, sync hookFunc, applier Applier) *controller {
	t.Helper()
	api := newListWatchAPI([]json.RawMessage{thing("t", "10", "b")}, nil)
	c := newThingController(t, runCache(t, api), sync, applier)
	c.rules[0].Method = plan.RollingInPlace
	paths, err := revision.ParsePaths([]string{"spec"})
	if err != nil {
		t.Fatal(err)
	}
	c.revisions = &revision.Scheme{Parents: c.parent.GroupResource(), Paths: paths}
	factory := externalversions.NewSharedInformerFactory(client, 0)
	if c.config.Revisions, err = revision.NewStore(factory.Metacontroller().V1alpha1().ControllerRevisions(), client.MetacontrollerV1alpha1()); err != nil {
		t.Fatal(err)
	}
	factory.StartWithContext(t.Context())
	t.Cleanup(factory.Shutdown)
	return c
}

func onePod(context.Context, hook.Request) (hook.Response, error) {
	return hook.Response{Body: []byte(`{"children":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"app":"b"}}}]}`)}, nil
}

func TestControllerRecordsRevisionBeforeChildren(t *testing.T) {
	client := fake.NewClientset()
	recorded := make(chan []string, 100)
	applier := recordingApplier{applierStub{statusVersion: "10"}, func([]plan.Write) {
		list, err := client.MetacontrollerV1alpha1().ControllerRevisions("n").List(context.Background(), metav1.ListOptions{})
		var names []string
		for _, r := range list.Items {
			names = append(names, r.Children[0].Names...)
		}
		if err != nil {
			names = append(names, err.Error())
		}
		recorded <- names
	}}
	start(t.Context(), t, newRollingController(t, client, onePod, applier))
	if diff := cmp.Diff([]string{"p"}, receive(t, "children were written", recorded)); diff != "" {
		t.Errorf("recorded when children were written (-want +got):\n%s", diff)
	}
}

func TestControllerWritesNoChildrenWithoutRecord(t *testing.T) {
	applier := recordingApplier{applierStub{statusVersion: "10"}, func([]plan.Write) { t.Error("children were written") }}
	client := fake.NewClientset()
	tries := make(chan struct{}, 100)
	client.PrependReactor("create", "controllerrevisions", func(clienttesting.Action) (bool, runtime.Object, error) {
		select {
		case tries <- struct{}{}:
		default:
		}
		return true, nil, errors.New("no room")
	})
	start(t.Context(), t, newRollingController(t, client, onePod, applier))
	for range 3 {
		receive(t, "the record was tried again", tries)
	}
}

// TestControllerAsksForEachRevision has a parent with an older revision, and looks at what its hook is shown.
func TestControllerAsksForEachRevision(t *testing.T) {
	isController := true
	older := &v1alpha1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "n", Name: "older", Annotations: map[string]string{"metacontroller.k8s.io/field-paths": "spec.image"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Thing", Name: "t", UID: "uid-t", Controller: &isController}},
		},
		ParentPatch: runtime.RawExtension{Raw: []byte(`{"spec":{"image":"old"}}`)},
		Children:    []v1alpha1.ControllerRevisionChildren{{Kind: "Pod", Names: []string{"p"}}},
	}
	var mu sync.Mutex
	asked := map[types.UID]bool{}
	both := make(chan struct{})
	see := sync.OnceFunc(func() { close(both) })
	answer := func(ctx context.Context, request hook.Request) (hook.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		asked[request.ParentUID] = strings.Contains(string(request.Body), `"image":"old"`)
		if len(asked) == 2 {
			see()
		}
		return onePod(ctx, request)
	}
	start(t.Context(), t, newRollingController(t, fake.NewClientset(older), answer, applierStub{statusVersion: "10"}))
	receive(t, "the hook was asked twice", both)
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(map[types.UID]bool{"uid-t": false, "uid-t/older": true}, asked); diff != "" {
		t.Errorf("asked for, with the old image (-want +got):\n%s", diff)
	}
}

func TestControllerCallTellsWhichRevisionFailed(t *testing.T) {
	c := newRollingController(t, fake.NewClientset(), func(_ context.Context, request hook.Request) (hook.Response, error) {
		if request.ParentUID == "uid-t/b" {
			return hook.Response{}, errors.New("no")
		}
		return hook.Response{Body: []byte("{}")}, nil
	}, applierStub{})
	t.Cleanup(c.closeStores)
	x := &exchange{
		observation: &observation{parent: &objects.Object{UID: "uid-t", Raw: []byte("{}")}, owned: make([][]*objects.Object, 1)},
		revisions: &revision.Set{Older: []revision.Older{
			{ControllerRevision: &v1alpha1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, Parent: []byte("{}")},
			{ControllerRevision: &v1alpha1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: "b"}}, Parent: []byte("{}")},
		}},
	}
	if err := c.call(t.Context(), x); err == nil || err.Error() != `for ControllerRevision "b": no` {
		t.Errorf("want an error that names the revision, got %v", err)
	}
}

func TestExchangeStalls(t *testing.T) {
	for name, tc := range map[string]struct {
		x    exchange
		want bool
	}{
		"NoRollout": {x: exchange{unchanged: true}},
		"Done":      {x: exchange{unchanged: true, plan: plan.Result{Progress: &plan.Progress{Done: true}}}},
		"Changed":   {x: exchange{plan: plan.Result{Progress: &plan.Progress{}}}},
		"Unchanged": {x: exchange{unchanged: true, plan: plan.Result{Progress: &plan.Progress{}}}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.x.stalls(); got != tc.want {
				t.Errorf("stalls() = %t, want %t", got, tc.want)
			}
		})
	}
}

func TestExchangeFinalizedForAllRevisions(t *testing.T) {
	x := exchange{
		observation: &observation{phase: finalizing}, answer: &hookapi.CompositeResponse{Finalized: true},
		older: []*hookapi.CompositeResponse{{Finalized: true}, {Finalized: false}},
	}
	if x.finalized() {
		t.Error("finalized although the hook is not done with one revision")
	}
	x.older[1].Finalized = true
	if !x.finalized() {
		t.Error("not finalized although the hook is done with all revisions")
	}
}

func TestNewScheme(t *testing.T) {
	rolling := []v1alpha1.ChildResourceRule{{}, {UpdateStrategy: &v1alpha1.ChildUpdateStrategy{Method: v1alpha1.ChildUpdateRollingRecreate}}}
	tests := map[string]struct {
		rules   []v1alpha1.ChildResourceRule
		history *v1alpha1.RevisionHistory
		want    string
		err     string
	}{
		"NotRolling": {rules: rolling[:1]},
		"Default":    {rules: rolling, want: "spec"},
		"Empty":      {rules: rolling, history: &v1alpha1.RevisionHistory{}, want: "spec"},
		"Paths":      {rules: rolling, history: &v1alpha1.RevisionHistory{FieldPaths: []string{"spec.template"}}, want: "spec.template"},
		"Status":     {rules: rolling, history: &v1alpha1.RevisionHistory{FieldPaths: []string{"status"}}, err: `spec.parentResource.revisionHistory.fieldPaths: "status": a revision is about what the parent should be`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := &definition{object: &v1alpha1.CompositeController{}, parent: things()}
			d.object.Spec.ChildResources, d.object.Spec.ParentResource.RevisionHistory = tc.rules, tc.history
			scheme, err := d.newScheme("own")
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("want error %q, got %v", tc.err, err)
			}
			got := ""
			if scheme != nil {
				got = scheme.Paths.String()
			}
			if got != tc.want {
				t.Errorf("paths: want %q, got %q", tc.want, got)
			}
		})
	}
}

// TestScheduleResyncOfRevisions takes the shortest time that the hook asked for, whichever revision it answered for.
func TestScheduleResyncOfRevisions(t *testing.T) {
	c := newRollingController(t, fake.NewClientset(), onePod, applierStub{})
	t.Cleanup(c.closeStores)
	t.Cleanup(c.queue.ShutDown)
	key := objects.Key{Namespace: "n", Name: "t"}
	for _, seconds := range [][]float64{{0, 30, 600}, {600, 0, 30}, {30, 600, 0}} {
		c.memory = map[objects.Key]*memory{key: {}}
		x := &exchange{observation: &observation{parent: &objects.Object{Namespace: "n", Name: "t"}}, answer: &hookapi.CompositeResponse{ResyncAfterSeconds: seconds[0]}}
		for _, s := range seconds[1:] {
			x.older = append(x.older, &hookapi.CompositeResponse{ResyncAfterSeconds: s})
		}
		if in, _ := c.nextSync(key, x); in <= 0 || in > 30*time.Second {
			t.Errorf("%v: wakes in %v, want 30 seconds", slices.Clone(seconds), in)
		}
	}
}
