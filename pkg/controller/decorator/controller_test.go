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

package decorator

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	metadatafake "k8s.io/client-go/metadata/fake"
	"k8s.io/client-go/tools/record"
	"k8s.io/component-base/metrics"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/controller/tally"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// teller is a hook that answers what decide says, and counts its calls by the object's name and note.
type teller struct {
	decide func(name string, attachments int) string

	mu    sync.Mutex
	calls map[string]int
}

func (h *teller) Call(_ context.Context, request hook.Request) (hook.Response, error) {
	var in struct {
		Object struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
		} `json:"object"`
		Attachments map[string]map[string]object `json:"attachments"`
	}
	if err := json.Unmarshal(request.Body, &in); err != nil {
		return hook.Response{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[in.Object.Metadata.Name]++
	if note := in.Object.Metadata.Annotations["note"]; note != "" {
		h.calls[in.Object.Metadata.Name+" "+note]++
	}
	return hook.Response{Body: []byte(h.decide(in.Object.Metadata.Name, len(in.Attachments["Pod.v1"])))}, nil
}

func (h *teller) count(what string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls[what]
}

// run runs a decorator of Things that attaches Pods until the test ends.
func run(t *testing.T, w *world, sync, finalize *teller, rule v1alpha1.DecoratorResourceRule, mods ...func(*definition)) *controller {
	t.Helper()
	cache, applier := w.start(t)
	m, err := tally.New(metrics.NewKubeRegistry().Register)
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := newSelection(&rule)
	if err != nil {
		t.Fatal(err)
	}
	d := &definition{
		config: &Config{
			Objects: cache, Applier: applier, Live: metadatafake.NewSimpleMetadataClient(runtime.NewScheme()),
			Recorder: &record.FakeRecorder{}, Metrics: m, Clock: clock.RealClock{}, Workers: 2,
		},
		object: &v1alpha1.DecoratorController{ObjectMeta: metav1.ObjectMeta{Name: "d", Generation: 1}},
		resources: []objects.Resource{
			{GroupVersionResource: schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "things"}, Kind: "Thing", Namespaced: true, HasStatus: true},
			{GroupVersionResource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}, Kind: "Pod", Namespaced: true},
		},
		selections: [][]selection{{chosen}}, attachments: []int{1},
		rules:     []plan.Rule{{APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespaced: true, Method: plan.InPlace}},
		sync:      &supervise.Caller{Hook: sync},
		finalizer: finalizerPrefix + "d", manager: fieldManager("d"), raw: []byte("{}"),
	}
	if finalize != nil {
		d.finalize = &supervise.Caller{Hook: finalize}
	}
	for _, mod := range mods {
		mod(d)
	}
	c := d.New(t.Context()).(*controller)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(t.Context())
	}()
	t.Cleanup(func() { <-done })
	return c
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func thing() object { return object{"apiVersion": "example.com/v1", "kind": "Thing", "spec": object{}} }

func note(text string) object { return object{"metadata": object{"annotations": object{"note": text}}} }

// TestControllerCalls counts what one object costs: every write of a sync wakes it once, and what others do to it once.
func TestControllerCalls(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string
		create int
		writes int
	}{
		"Nothing":    {answer: `{}`, create: 1},
		"Label":      {answer: `{"labels":{"a":"1"}}`, create: 2, writes: 1},
		"Status":     {answer: `{"status":{"a":1}}`, create: 2, writes: 1},
		"Attachment": {answer: `{"attachments":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME"}}]}`, create: 2, writes: 1},
		"All": {answer: `{"labels":{"a":"1"},"annotations":{"b":"any text","c":null},"status":{"a":1},` +
			`"attachments":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME"}}]}`, create: 2, writes: 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			sync := &teller{calls: map[string]int{}, decide: func(name string, _ int) string { return strings.ReplaceAll(tc.answer, "NAME", name) }}
			c := run(t, w, sync, nil, v1alpha1.DecoratorResourceRule{})
			for i := range 5 {
				w.put("things", fmt.Sprintf("t%d", i), thing())
			}
			for i := range 5 {
				name := fmt.Sprintf("t%d", i)
				until(t, name+" was created", func() bool { return sync.count(name) >= tc.create })
			}
			for i := range 5 {
				name := fmt.Sprintf("t%d", i)
				w.put("things", name, note("seen"))
				until(t, name+" was touched", func() bool { return sync.count(name+" seen") == 1 })
				w.put("things", name, note("again"))
				until(t, name+" was touched again", func() bool { return sync.count(name+" again") == 1 })
			}
			for i := range 5 {
				name := fmt.Sprintf("t%d", i)
				if diff := cmp.Diff(tc.create+2, sync.count(name)); diff != "" {
					t.Errorf("calls for %s (-want +got):\n%s", name, diff)
				}
			}
			w.mu.Lock()
			writes := len(w.writes)
			w.mu.Unlock()
			if writes != 5*tc.writes {
				t.Errorf("%d writes, want %d", writes, 5*tc.writes)
			}
			health := c.Health()
			if health.Parents == nil || health.Parents.Total != 5 || health.Ready.Reason != supervise.ReasonRunning {
				t.Errorf("health = %+v", health)
			}
		})
	}
}

// TestControllerForgets has an object that a rule selects no more, and one that is selected again.
func TestControllerForgets(t *testing.T) {
	w := newWorld()
	sync := &teller{calls: map[string]int{}, decide: func(string, int) string { return `{"annotations":{"decorated":"yes"}}` }}
	finalize := &teller{calls: map[string]int{}, decide: func(string, int) string { return `{"annotations":{"decorated":null},"finalized":true}` }}
	c := run(t, w, sync, finalize, v1alpha1.DecoratorResourceRule{
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"on": "yes"}},
	})
	selected := func(value any) object { return object{"metadata": object{"labels": object{"on": value}}} }
	state := func() (decorated bool, finalizers int) {
		metadata := w.get("things", "t")["metadata"].(object)
		annotations, _ := metadata["annotations"].(object)
		list, _ := metadata["finalizers"].([]any)
		return annotations["decorated"] == "yes", len(list)
	}
	w.put("things", "t", thing())
	for range 2 {
		w.put("things", "t", selected("yes"))
		until(t, "the object is decorated", func() bool { decorated, finalizers := state(); return decorated && finalizers == 1 })
		w.put("things", "t", selected(nil))
		until(t, "the object is finalized", func() bool { decorated, finalizers := state(); return !decorated && finalizers == 0 })
		until(t, "the object is forgotten", func() bool { return c.Health().Parents.Total == 0 })
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.memory)+len(c.byUID)+len(c.contested) > 0 {
		t.Errorf("%v, %v and %v are kept of an object that is no target any more", c.memory, c.byUID, c.contested)
	}
}

// TestControllerContends has an attachment whose name is taken, until it is not.
func TestControllerContends(t *testing.T) {
	w := newWorld()
	sync := &teller{calls: map[string]int{}, decide: func(string, int) string {
		return `{"labels":{"a":"1"},"attachments":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"taken"},"spec":{"ours":true}}]}`
	}}
	w.put("pods", "taken", object{"apiVersion": "v1", "kind": "Pod", "spec": object{}})
	run(t, w, sync, nil, v1alpha1.DecoratorResourceRule{})
	w.put("things", "t", thing())
	until(t, "the object is decorated all the same", func() bool {
		labels, _ := w.get("things", "t")["metadata"].(object)["labels"].(object)
		return labels["a"] == "1"
	})
	if spec := w.get("pods", "taken")["spec"].(object); len(spec) > 0 {
		t.Errorf("the Pod of somebody else was changed: %v", spec)
	}
	w.mu.Lock()
	gone := w.objects["pods"]["taken"]
	delete(w.objects["pods"], "taken")
	w.version++
	w.tell("pods", "DELETED", mergeObjects(gone, object{"metadata": object{"resourceVersion": fmt.Sprint(w.version)}}))
	w.mu.Unlock()
	until(t, "the attachment is created", func() bool {
		pod := w.get("pods", "taken")
		return pod != nil && pod["spec"].(object)["ours"] == true
	})
}

// TestControllerNeverSettles has a hook that answers something new each time, until it does not.
func TestControllerNeverSettles(t *testing.T) {
	w := newWorld()
	n, settles := 0, false
	sync := &teller{calls: map[string]int{}}
	sync.decide = func(string, int) string { // which holds the teller's lock
		if !settles {
			n++
		}
		return fmt.Sprintf(`{"annotations":{"count":"%d"}}`, n)
	}
	c := run(t, w, sync, nil, v1alpha1.DecoratorResourceRule{})
	w.put("things", "t", thing())
	until(t, "the hook is reported", func() bool {
		return strings.HasPrefix(c.Health().NotConverging, "object n/t: ") &&
			strings.Contains(c.Health().NotConverging, "(metadata.annotations[count] differs)")
	})
	sync.mu.Lock()
	settles = true
	sync.mu.Unlock()
	w.put("things", "t", note("changed")) // which does not wait
	until(t, "the hook is not reported any more", func() bool { return c.Health().NotConverging == "" })
}

// TestControllerResyncs has a hook that asks for another call, and a controller that calls of itself.
func TestControllerResyncs(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string
		period time.Duration
	}{
		"After":  {answer: `{"resyncAfterSeconds":0.02}`},
		"Period": {answer: `{}`, period: 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			sync := &teller{calls: map[string]int{}, decide: func(string, int) string { return tc.answer }}
			run(t, w, sync, nil, v1alpha1.DecoratorResourceRule{}, func(d *definition) { d.resyncPeriod = tc.period })
			w.put("things", "t", thing())
			until(t, "the hook was called without a change", func() bool { return sync.count("t") >= 4 })
		})
	}
}

// TestControllerDropsOutdatedAnswers has an object that is selected no more when the answer about it comes.
func TestControllerDropsOutdatedAnswers(t *testing.T) {
	w := newWorld()
	called, answer := make(chan struct{}), make(chan string)
	sync := &teller{calls: map[string]int{}, decide: func(string, int) string {
		called <- struct{}{}
		return <-answer
	}}
	rule := v1alpha1.DecoratorResourceRule{LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"on": "yes"}}}
	c := run(t, w, sync, nil, rule, func(d *definition) { d.config.Workers = 1 })
	selected := func(value any) object { return object{"metadata": object{"labels": object{"on": value}}} }
	w.put("things", "t", thing())
	w.put("things", "t", selected("yes"))
	<-called
	w.put("things", "t", selected(nil))
	until(t, "the object is forgotten", func() bool { return c.Health().Parents.Total == 0 })
	answer <- `{"labels":{"late":"1"},"status":{"late":true},"attachments":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"late"}}]}`
	w.put("things", "next", thing())
	w.put("things", "next", selected("yes"))
	<-called // by the only worker, which is done with the first answer
	answer <- `{}`
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.writes) > 0 {
		t.Errorf("an answer about what was selected earlier wrote %v", w.writes)
	}
}

// TestControllerSeesNoAttachmentsElsewhere has an object of another namespace that claims to be an attachment.
func TestControllerSeesNoAttachmentsElsewhere(t *testing.T) {
	w := newWorld()
	w.put("pods", "far", object{"apiVersion": "v1", "kind": "Pod", "metadata": object{
		"namespace": "m", "annotations": object{plan.DecoratorAnnotation: "d"},
		"ownerReferences": []any{object{"apiVersion": "example.com/v1", "kind": "Thing", "name": "t", "uid": "uid-things-t", "controller": true}},
	}})
	sync := &teller{calls: map[string]int{}, decide: func(_ string, attachments int) string {
		return fmt.Sprintf(`{"labels":{"attachments":"%d"}}`, attachments)
	}}
	run(t, w, sync, nil, v1alpha1.DecoratorResourceRule{})
	w.put("things", "t", thing())
	until(t, "the object is decorated", func() bool { return sync.count("t") == 2 })
	if labels := w.get("things", "t")["metadata"].(object)["labels"].(object); labels["attachments"] != "0" {
		t.Errorf("the hook was shown %v attachments, want none", labels["attachments"])
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if diff := cmp.Diff([]string{"PATCH things t"}, w.writes); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func TestUpdateMethod(t *testing.T) {
	for name, tc := range map[string]struct {
		strategy *v1alpha1.DecoratorAttachmentUpdateStrategy
		want     plan.Method
	}{
		"Absent": {want: plan.OnDelete},
		"Empty":  {strategy: &v1alpha1.DecoratorAttachmentUpdateStrategy{}, want: plan.OnDelete},
		"Set":    {strategy: &v1alpha1.DecoratorAttachmentUpdateStrategy{Method: v1alpha1.AttachmentUpdateRecreate}, want: plan.Recreate},
	} {
		if got := updateMethod(tc.strategy); got != tc.want {
			t.Errorf("%s: updateMethod() = %q, want %q", name, got, tc.want)
		}
	}
}
