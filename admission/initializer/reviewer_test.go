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

package initializer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/client-go/tools/record"
	"k8s.io/component-base/metrics"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/initialization/initializationtest"
)

type (
	controller = v1alpha1.InitializerController
	spec       = v1alpha1.InitializerControllerSpec
	hooks      = map[string]initializationtest.Hook
)

var initializer = initializationtest.Initializer

// namespaces are labels by namespace.
type namespaces map[string]labels.Set

func (n namespaces) Labels(_ context.Context, name string) (labels.Set, error) {
	if found, ok := n[name]; ok {
		return found, nil
	}
	return nil, errors.New("the cluster does not answer")
}

type fixture struct {
	*Reviewer
	events *record.FakeRecorder
}

func newFixture(t testing.TB, hooks hooks, controllers ...*controller) *fixture {
	t.Helper()
	registry, _, err := initializationtest.NewRegistry(t.Context(), hooks, controllers...)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := NewMetrics(func(metrics.Registerable) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	events := record.NewFakeRecorder(100)
	var allow authorizer.UnconditionalAuthorizer = authorizerfactory.NewAlwaysAllowAuthorizer()
	return &fixture{events: events, Reviewer: NewReviewer(Config{
		Registry: registry, Namespaces: namespaces{"shop": {"team": "shop"}, "bank": {"team": "bank"}}, OwnNamespace: "hookplane-system",
		Authorizer: allow, Recorder: events, Metrics: metrics, Clock: clock.RealClock{},
	})}
}

const aPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","managedFields":[{"manager":"kubectl"}]},"spec":{"containers":[{"name":"a"}]}}`

func create(object string) *admissionv1.AdmissionRequest {
	return &admissionv1.AdmissionRequest{
		UID: "review", Operation: admissionv1.Create, Namespace: "shop", Name: "web",
		Kind:     metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
		Object:   runtime.RawExtension{Raw: []byte(object)},
	}
}

// review returns the answer, with everything that clients are shown.
func (f *fixture) review(t *testing.T, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	t.Helper()
	response, err := f.Review(t.Context(), request)
	if err != nil {
		t.Fatalf("Review: %v", err)
	}
	return response
}

// answering returns a hook that changes the object.
func answering(change func(object, metadata map[string]any)) initializationtest.Hook {
	return func(_ context.Context, request hook.Request) (hook.Response, error) {
		var in struct {
			Object map[string]any `json:"object"`
		}
		if err := json.Unmarshal(request.Body, &in); err != nil {
			return hook.Response{}, err
		}
		change(in.Object, in.Object["metadata"].(map[string]any))
		body, err := json.Marshal(map[string]any{"object": in.Object})
		return hook.Response{Body: body}, err
	}
}

func raw(body string) initializationtest.Hook {
	return func(context.Context, hook.Request) (hook.Response, error) {
		return hook.Response{Body: []byte(body)}, nil
	}
}

// labelling returns a hook that appends to the label order.
func labelling(text string) initializationtest.Hook {
	return answering(func(_, metadata map[string]any) {
		labels, _ := metadata["labels"].(map[string]any)
		if labels == nil {
			labels = map[string]any{}
		}
		before, _ := labels["order"].(string)
		labels["order"] = before + text
		metadata["labels"] = labels
	})
}

func down(context.Context, hook.Request) (hook.Response, error) {
	return hook.Response{}, &hook.CallError{URL: "https://hooks.example.com", Err: errors.New("connection refused")}
}

func failurePolicy(policy v1alpha1.InitializerFailurePolicy) func(*spec) {
	return func(s *spec) { s.FailurePolicy = policy }
}

const (
	fail   = v1alpha1.InitializerFail
	ignore = v1alpha1.InitializerIgnore
	later  = v1alpha1.InitializerDefer
)

func TestReviewerReview(t *testing.T) {
	for name, tc := range map[string]struct {
		reason      string
		hooks       hooks
		controllers []*controller
		object      string // default: aPod
		change      func(*admissionv1.AdmissionRequest)
		patch       string
		refused     string // part of the message
		code        int32
		warning     string
		events      int
	}{
		"InOrder": {
			hooks: hooks{"a": labelling("a"), "b": labelling("b"), "c": labelling("c")}, controllers: []*controller{initializer("c"), initializer("a"), initializer("b")},
			patch: `[{"op":"add","path":"/metadata/labels","value":{"order":"abc"}}]`,
		},
		"NothingToDo":    {hooks: hooks{"a": answering(func(_, _ map[string]any) {})}, controllers: []*controller{initializer("a")}},
		"OtherResource":  {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a")}, change: func(r *admissionv1.AdmissionRequest) { r.Resource.Resource = "services" }},
		"Update":         {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a")}, change: func(r *admissionv1.AdmissionRequest) { r.Operation = admissionv1.Update }},
		"KubeSystem":     {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a")}, change: func(r *admissionv1.AdmissionRequest) { r.Namespace = "kube-system" }},
		"OwnNamespace":   {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a")}, change: func(r *admissionv1.AdmissionRequest) { r.Namespace = "hookplane-system" }},
		"HooksNamespace": {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a"), initializer("z", func(s *spec) { s.Hooks.Init.Webhook.URL = "https://hook.shop.svc/init" })}},
		"Refused": {
			hooks:       hooks{"a": raw(`{"result":{"status":"Failure","message":"no quota left","reason":"Forbidden","code":403}}`)},
			controllers: []*controller{initializer("a", failurePolicy(ignore))}, refused: "no quota left", code: 403,
		},
		"RefusedWithStrangeCode": {hooks: hooks{"a": raw(`{"result":{"status":"Failure","code":5000}}`)}, controllers: []*controller{initializer("a")}, refused: "no reason", code: 400},
		"Down":                   {hooks: hooks{"a": down}, controllers: []*controller{initializer("a")}, refused: `initializer a.example.com of InitializerController "a": hook https://hooks.example.com: connection refused`, code: 500, events: 1},
		"DownIgnored": {
			hooks: hooks{"a": down, "b": labelling("b")}, controllers: []*controller{initializer("a", failurePolicy(ignore)), initializer("b")},
			patch: `[{"op":"add","path":"/metadata/labels","value":{"order":"b"}}]`, warning: "created without initializer a.example.com", events: 1,
		},
		"DownDeferred": {
			reason: "those that come later wait too, unless they cannot be deferred",
			hooks:  hooks{"a": down, "b": labelling("b"), "c": labelling("c")}, controllers: []*controller{initializer("a", failurePolicy(later)), initializer("b"), initializer("c", failurePolicy(later))},
			patch: `[{"op":"add","path":"/metadata/annotations","value":{"initializers.metacontroller.k8s.io/pending":"a.example.com,c.example.com"}},` +
				`{"op":"add","path":"/metadata/labels","value":{"order":"b"}},` +
				`{"op":"add","path":"/spec/schedulingGates","value":[{"name":"initializers.metacontroller.k8s.io/pending"}]}]`,
			warning: "completed later by initializer a.example.com", events: 1,
		},
		"Annotated": {
			hooks: hooks{"a": down}, controllers: []*controller{initializer("a", failurePolicy(later), func(s *spec) { s.Deferral = v1alpha1.InitializerDeferAnnotate })},
			patch: `[{"op":"add","path":"/metadata/annotations","value":{"initializers.metacontroller.k8s.io/pending":"a.example.com"}}]`, warning: "completed later", events: 1,
		},
		"MarksOfUsers": {
			reason: "a user cannot make an object wait",
			object: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","annotations":{"initializers.metacontroller.k8s.io/pending":"x"}},"spec":{}}`,
			hooks:  hooks{"a": answering(func(_, _ map[string]any) {})}, controllers: []*controller{initializer("a")},
			patch: `[{"op":"remove","path":"/metadata/annotations"}]`,
		},
		"Renamed":     {hooks: hooks{"a": answering(func(_, m map[string]any) { m["name"] = "other" })}, controllers: []*controller{initializer("a")}, refused: `changed metadata.name from "web" to "other"`, code: 500, events: 1},
		"Moved":       {hooks: hooks{"a": answering(func(_, m map[string]any) { m["namespace"] = "kube-system" })}, controllers: []*controller{initializer("a")}, refused: "changed metadata.namespace", code: 500, events: 1},
		"OtherKind":   {hooks: hooks{"a": answering(func(o, _ map[string]any) { o["kind"] = "Secret" })}, controllers: []*controller{initializer("a", failurePolicy(ignore))}, warning: "changed kind", events: 1},
		"Garbage":     {hooks: hooks{"a": raw("<html>")}, controllers: []*controller{initializer("a")}, refused: "cannot decode the hook's answer", code: 500, events: 1},
		"NoObject":    {hooks: hooks{"a": raw("{}")}, controllers: []*controller{initializer("a")}, refused: "object: is missing", code: 500, events: 1},
		"NoMetadata":  {hooks: hooks{"a": raw(`{"object":{"apiVersion":"v1","kind":"Pod"}}`)}, controllers: []*controller{initializer("a")}, refused: "has no metadata", code: 500, events: 1},
		"TwoMetadata": {hooks: hooks{"a": raw(`{"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"metadata":{"name":"web"}}}`)}, controllers: []*controller{initializer("a")}, refused: `duplicate field "metadata"`, code: 500, events: 1},
		"TwoNames":    {hooks: hooks{"a": raw(`{"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","name":"other","namespace":"shop"}}}`)}, controllers: []*controller{initializer("a", failurePolicy(ignore))}, warning: `duplicate field "name"`, events: 1},
		"OddLabels":   {hooks: hooks{"a": raw(`{"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","labels":{"a":1}}}}`)}, controllers: []*controller{initializer("a")}, refused: "metadata:", code: 500, events: 1},
		"OtherCase":   {hooks: hooks{"a": raw(`{"object":{"apiVersion":"v1","Kind":"Pod","metadata":{"name":"web","namespace":"shop"}}}`)}, controllers: []*controller{initializer("a")}, refused: "changed kind", code: 500, events: 1},
		"ManagedFields": {
			reason: "they are the API server's",
			hooks:  hooks{"a": answering(func(_, m map[string]any) { m["managedFields"] = []any{} })}, controllers: []*controller{initializer("a")},
		},
		"MarksOfHooks": {
			reason: "a hook cannot make an object wait",
			hooks: hooks{"a": answering(func(_, m map[string]any) {
				m["annotations"] = map[string]any{"initializers.metacontroller.k8s.io/pending": "x"}
			})}, controllers: []*controller{initializer("a")},
		},
		"Huge":        {hooks: hooks{"a": raw(`{"object":{"x":"` + strings.Repeat("x", hook.MaxObjectBytes) + `"}}`)}, controllers: []*controller{initializer("a")}, refused: "at most 3145728", code: 500, events: 1},
		"Uncallable":  {controllers: []*controller{initializer("a")}, refused: "cannot be used: no hook at", code: 500, events: 1},
		"OtherTeam":   {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a", inNamespaces("bank"))}},
		"SameTeam":    {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a", inNamespaces("shop"))}, patch: `[{"op":"add","path":"/metadata/labels","value":{"order":"a"}}]`},
		"UnknownTeam": {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a", inNamespaces("shop"))}, change: func(r *admissionv1.AdmissionRequest) { r.Namespace = "unreadable" }, refused: "cannot read the labels of namespace unreadable", code: 500, events: 1},
		"OtherLabels": {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a", func(s *spec) { s.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"x": "y"}} })}},
		"LabelledBefore": {
			reason:      "an initializer sees the object as the one before left it, and so does its selector",
			hooks:       hooks{"a": labelling("a"), "b": labelling("b")},
			controllers: []*controller{initializer("a"), initializer("b", func(s *spec) { s.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"order": "a"}} })},
			patch:       `[{"op":"add","path":"/metadata/labels","value":{"order":"ab"}}]`,
		},
		"ConditionFalse": {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a", condition("object.metadata.name == 'other'"))}},
		"ConditionTrue":  {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a", condition("object.spec.containers.size() == 1 && request.namespace == 'shop'"))}, patch: `[{"op":"add","path":"/metadata/labels","value":{"order":"a"}}]`},
		"ConditionFails": {hooks: hooks{"a": labelling("a")}, controllers: []*controller{initializer("a", condition("object.spec.nothing == 'x'"), failurePolicy(later))}, refused: "spec.matchConditions cannot be evaluated", code: 500, events: 1},
		"DryRun":         {hooks: hooks{"a": down}, controllers: []*controller{initializer("a")}, change: func(r *admissionv1.AdmissionRequest) { r.DryRun = new(true) }, refused: "connection refused", code: 500},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, tc.hooks, tc.controllers...)
			object := aPod
			if tc.object != "" {
				object = tc.object
			}
			request := create(object)
			if tc.change != nil {
				tc.change(request)
			}
			response := f.review(t, request)
			if got, want := response.Allowed, tc.refused == ""; got != want {
				t.Fatalf("allowed is %v, want %v: %v", got, want, response.Result)
			}
			if diff := cmp.Diff(tc.patch, string(response.Patch)); diff != "" {
				t.Errorf("the patch differs (%s): -want, +got:\n%s", tc.reason, diff)
			}
			if tc.refused != "" && (!strings.Contains(response.Result.Message, tc.refused) || response.Result.Code != tc.code) {
				t.Errorf("it is refused with %d %q, want %d %q", response.Result.Code, response.Result.Message, tc.code, tc.refused)
			}
			if got := strings.Join(response.Warnings, "\n"); !strings.Contains(got, tc.warning) || (tc.warning == "") != (got == "") {
				t.Errorf("it warns %q, want %q", got, tc.warning)
			}
			if got := len(f.events.Events); got != tc.events {
				t.Errorf("it makes %d events, want %d", got, tc.events)
			}
		})
	}
}

func inNamespaces(team string) func(*spec) {
	return func(s *spec) {
		s.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": team}}
	}
}

func condition(expression string) func(*spec) {
	return func(s *spec) { s.MatchConditions = []v1alpha1.MatchCondition{{Name: "only", Expression: expression}} }
}

// TestReviewerSharesTheTime has three hooks: each may take its share of what is left, so that those that come later have no
// less than those before.
func TestReviewerSharesTheTime(t *testing.T) {
	var deadlines []time.Time
	slow := func(ctx context.Context, _ hook.Request) (hook.Response, error) {
		deadline, _ := ctx.Deadline()
		deadlines = append(deadlines, deadline)
		return down(ctx, hook.Request{})
	}
	f := newFixture(t, hooks{"a": slow, "b": slow, "c": slow},
		initializer("a", failurePolicy(ignore)), initializer("b", failurePolicy(ignore)), initializer("c", failurePolicy(ignore)))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	start := time.Now()
	if _, err := f.Review(ctx, create(aPod)); err != nil {
		t.Fatal(err)
	}
	if len(deadlines) != 3 || !slices.IsSortedFunc(deadlines, time.Time.Compare) {
		t.Fatalf("the deadlines are %v, want three, each after the one before", deadlines)
	}
	if first := deadlines[0].Sub(start); first > 10*time.Second/3 {
		t.Errorf("the first of three has %s of 10s", first)
	}
	end, _ := ctx.Deadline()
	if !deadlines[2].Before(end.Add(-answerTime / 2)) {
		t.Errorf("the last leaves %s to answer", end.Sub(deadlines[2]))
	}
}

// TestReviewerOverloaded has no room: the failure policy decides, and no hook is called.
func TestReviewerOverloaded(t *testing.T) {
	for name, tc := range map[string]struct {
		policy  v1alpha1.InitializerFailurePolicy
		allowed bool
	}{
		"Fail":   {policy: fail},
		"Ignore": {policy: ignore, allowed: true},
		"Defer":  {policy: later, allowed: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, hooks{"a": labelling("a")}, initializer("a", failurePolicy(tc.policy)))
			for range maxCallsOfOne {
				if _, err := f.limiter.enter(t.Context(), "a.example.com", 0); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			response, err := f.Review(ctx, create(aPod))
			if err != nil {
				t.Fatal(err)
			}
			if response.Allowed != tc.allowed || strings.Contains(string(response.Patch), "order") {
				t.Errorf("allowed is %v with patch %s, want %v", response.Allowed, response.Patch, tc.allowed)
			}
			if !tc.allowed && response.Result.Code != 429 {
				t.Errorf("the code is %d, want 429", response.Result.Code)
			}
		})
	}
}

func TestReviewerLimitsInitializers(t *testing.T) {
	var controllers []*controller
	all := hooks{}
	for i := range maxInitializers + 1 {
		name := fmt.Sprintf("i%d", i)
		controllers, all[name] = append(controllers, initializer(name)), labelling("x")
	}
	response := newFixture(t, all, controllers...).review(t, create(aPod))
	if response.Allowed || !strings.Contains(response.Result.Message, "65 initializers match") {
		t.Errorf("the answer is %+v, want a refusal", response)
	}
}

func TestReviewerAudits(t *testing.T) {
	f := newFixture(t, hooks{"a": labelling("a"), "b": down}, initializer("a"), initializer("b", failurePolicy(ignore)))
	got := f.review(t, create(aPod)).AuditAnnotations["initializers"]
	if !strings.HasPrefix(got, "a.example.com completed in ") || !strings.Contains(got, ", b.example.com ignored in ") {
		t.Errorf("the audit annotation is %q", got)
	}
}

// FuzzReview has a hook that answers anything, and an object that may be anything.
func FuzzReview(f *testing.F) {
	f.Add([]byte(aPod), []byte(`{"object":`+aPod+`}`))
	f.Add([]byte(aPod), []byte(`{"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","annotations":[]},"spec":{"schedulingGates":{}}}}`))
	f.Add([]byte(`{"metadata":[]}`), []byte(`{"result":{"status":"Failure"}}`))
	var body []byte
	anything := func(context.Context, hook.Request) (hook.Response, error) { return hook.Response{Body: body}, nil }
	fixture := newFixture(f, hooks{"a": anything, "b": down}, initializer("a", failurePolicy(ignore)), initializer("b", failurePolicy(later)))
	fixture.Recorder = &record.FakeRecorder{} // drops events
	f.Fuzz(func(t *testing.T, object, answer []byte) {
		body = answer
		response, err := fixture.Review(t.Context(), create(string(object)))
		if err == nil && response.Patch != nil && !json.Valid(response.Patch) {
			t.Errorf("the patch is not JSON: %s", response.Patch)
		}
	})
}
