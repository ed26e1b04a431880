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

package authz

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// host answers SubjectAccessReviews and remembers them.
type host struct {
	allows func(*authorizationv1.ResourceAttributes) bool
	err    error

	mu      sync.Mutex
	reviews []authorizationv1.SubjectAccessReviewSpec
	// running and most are how many reviews are and were under way at the same time.
	running, most int
}

// Create implements reviews.
func (h *host) Create(_ context.Context, review *authorizationv1.SubjectAccessReview, _ metav1.CreateOptions) (*authorizationv1.SubjectAccessReview, error) {
	h.mu.Lock()
	h.reviews = append(h.reviews, review.Spec)
	h.running++
	h.most = max(h.most, h.running)
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.running--
		h.mu.Unlock()
	}()
	if h.err != nil {
		return nil, h.err
	}
	review = review.DeepCopy()
	review.Status.Allowed = h.allows(review.Spec.ResourceAttributes)
	return review, nil
}

// allow returns what allows verb:resource, where verb may be *, and get:resource:namespace/name.
func allow(rights ...string) func(*authorizationv1.ResourceAttributes) bool {
	return func(a *authorizationv1.ResourceAttributes) bool {
		resource := a.Resource
		if a.Subresource != "" {
			resource += "/" + a.Subresource
		}
		if a.Name != "" {
			resource += ":" + a.Namespace + "/" + a.Name
		}
		for _, right := range rights {
			if right == a.Verb+":"+resource || right == "*:"+resource {
				return true
			}
		}
		return false
	}
}

var alice = &user.DefaultInfo{Name: "alice", UID: "a-1", Groups: []string{"shop"}, Extra: map[string][]string{"scopes": {"x", "y"}}}

// attributes of a request of who on compositecontrollers.
func attributes(who user.Info, object, old runtime.Object, subresource string) admission.Attributes {
	operation, options := admission.Create, runtime.Object(&metav1.CreateOptions{})
	if old != nil {
		operation, options = admission.Update, &metav1.UpdateOptions{}
	}
	gv := schema.GroupVersion{Group: metacontroller.GroupName, Version: "v1alpha1"}
	return admission.NewAttributesRecord(object, old, gv.WithKind("CompositeController"), "", "shop", gv.WithResource("compositecontrollers"), subresource, operation, options, false, who)
}

func (h *host) validate(t *testing.T, a admission.Attributes) error {
	t.Helper()
	p := &plugin{Handler: admission.NewHandler(admission.Create, admission.Update), reviews: h}
	return p.Validate(t.Context(), a, nil)
}

func TestPluginValidate(t *testing.T) {
	withToken := composite(func(s *metacontroller.CompositeControllerSpec) {
		s.Hooks.Sync.Webhook.Authorization = &metacontroller.Authorization{SecretRef: metacontroller.SecretKeyReference{Name: "token", Namespace: "shop", Key: "k"}}
	})
	for name, tc := range map[string]struct {
		allows  []string
		request admission.Attributes
		want    string // empty: admitted
	}{
		"HoldsEverything": {
			allows:  []string{"*:pods", "*:things", "*:things/status", "get:secrets:shop/token"},
			request: attributes(alice, withToken, nil, ""),
		},
		"MayEscalate": {
			allows:  []string{"escalate:compositecontrollers:/shop"},
			request: attributes(alice, withToken, nil, ""),
		},
		"HoldsNothing": {
			request: attributes(alice, withToken, nil, ""),
			want: `compositecontrollers.metacontroller.k8s.io "shop" is forbidden: user "alice" lacks rights that the controller would use:
  get,list,watch,create,update,patch,delete pods (core) cluster-wide
  get secret "shop/token"
  get,list,watch things (example.com) cluster-wide
  update,patch things/status (example.com) cluster-wide
ask a cluster admin for them, or for the verb escalate on compositecontrollers.metacontroller.k8s.io "shop", which lifts this check`,
		},
		"HoldsMost": {
			allows:  []string{"get:pods", "list:pods", "watch:pods", "update:pods", "patch:pods", "*:things", "*:things/status", "get:secrets:other/token"},
			request: attributes(alice, withToken, nil, ""),
			want: `compositecontrollers.metacontroller.k8s.io "shop" is forbidden: user "alice" lacks rights that the controller would use:
  create,delete pods (core) cluster-wide
  get secret "shop/token"
ask a cluster admin for them, or for the verb escalate on compositecontrollers.metacontroller.k8s.io "shop", which lifts this check`,
		},
		"UpdateChangesNothing": {request: attributes(alice, withToken, withToken, "")},
		"UpdateMovesHook": {
			allows:  []string{"*:pods", "*:things/status", "get:secrets:shop/token"},
			request: attributes(alice, withToken, composite(), ""),
			want: `compositecontrollers.metacontroller.k8s.io "shop" is forbidden: user "alice" lacks rights that the controller would use:
  get,list,watch things (example.com) cluster-wide
ask a cluster admin for them, or for the verb escalate on compositecontrollers.metacontroller.k8s.io "shop", which lifts this check`,
		},
		"TooMany": {
			request: attributes(alice, composite(func(s *metacontroller.CompositeControllerSpec) {
				for i := range 150 {
					s.ChildResources = append(s.ChildResources, metacontroller.ChildResourceRule{APIVersion: "example.com/v1", Resource: fmt.Sprintf("r%d", i)})
				}
			}), nil, ""),
			want: `compositecontrollers.metacontroller.k8s.io "shop" is forbidden: the controller needs 1062 rights, and at most 1000 can be checked: declare fewer resource types, or ask a cluster admin for the verb escalate on compositecontrollers.metacontroller.k8s.io "shop", which lifts this check`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&host{allows: allow(tc.allows...)}).validate(t, tc.request)
			got := ""
			if err != nil {
				got = err.Error()
				if !apierrors.IsForbidden(err) {
					t.Errorf("Validate gives %v, want Forbidden", apierrors.ReasonForError(err))
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Validate: -want, +got:\n%s", diff)
			}
		})
	}
}

// TestPluginAsksNothing has requests about which the host cluster has nothing to say.
func TestPluginAsksNothing(t *testing.T) {
	for name, request := range map[string]admission.Attributes{
		"Loopback":   attributes(&user.DefaultInfo{Name: user.APIServerUser, Groups: []string{user.AllAuthenticated, user.SystemPrivilegedGroup}}, composite(), nil, ""),
		"Status":     attributes(alice, composite(), decorator(), "status"),
		"Unchanged":  attributes(alice, composite(), composite(), ""),
		"OtherKinds": attributes(alice, &metacontroller.ControllerRevision{}, nil, ""),
	} {
		t.Run(name, func(t *testing.T) {
			h := &host{allows: allow()}
			if err := h.validate(t, request); err != nil {
				t.Errorf("Validate gives %v", err)
			}
			if len(h.reviews) > 0 {
				t.Errorf("the host was asked %+v", h.reviews)
			}
		})
	}
}

func TestPluginSaysWhoAsks(t *testing.T) {
	h := &host{allows: allow("escalate:compositecontrollers:/shop")}
	if err := h.validate(t, attributes(alice, composite(), nil, "")); err != nil {
		t.Fatal(err)
	}
	want := []authorizationv1.SubjectAccessReviewSpec{{
		User: "alice", UID: "a-1", Groups: []string{"shop"}, Extra: map[string]authorizationv1.ExtraValue{"scopes": {"x", "y"}},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: "escalate", Group: "metacontroller.k8s.io", Version: "*", Resource: "compositecontrollers", Name: "shop",
		},
	}}
	if diff := cmp.Diff(want, h.reviews); diff != "" {
		t.Errorf("the reviews: -want, +got:\n%s", diff)
	}
}

func TestPluginBoundsReviews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		h := &host{allows: func(a *authorizationv1.ResourceAttributes) bool {
			if a.Verb != escalate { // which is asked alone
				<-gate
			}
			return false
		}}
		result := make(chan error)
		go func() { result <- h.validate(t, attributes(alice, composite(), nil, "")) }()
		synctest.Wait() // until all that can be asked at once is being asked
		if h.most != maxReviews {
			t.Errorf("%d reviews are under way at the same time, want %d", h.most, maxReviews)
		}
		close(gate)
		if err := <-result; !apierrors.IsForbidden(err) {
			t.Errorf("Validate gives %v, want Forbidden", err)
		}
		if want := 1 + 7 + 3 + 2; len(h.reviews) != want {
			t.Errorf("the host was asked %d times, want %d", len(h.reviews), want)
		}
	})
}

func TestPluginCannotAsk(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: "authorization.k8s.io", Resource: "subjectaccessreviews"}, "", errors.New("no"))
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"HostDown":  {errors.New("connection refused"), `cannot find out which rights user "alice" holds, try again: connection refused`},
		"Forbidden": {forbidden, "the ClusterRole system:auth-delegator"},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&host{err: tc.err}).validate(t, attributes(alice, composite(), nil, ""))
			var status apierrors.APIStatus
			if !errors.As(err, &status) || status.Status().Code != http.StatusInternalServerError || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Validate gives %v, want an InternalError with %q", err, tc.want)
			}
		})
	}
}

// TestPluginCannotAskLater fails after the first question was answered.
func TestPluginCannotAskLater(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h := &host{allows: func(*authorizationv1.ResourceAttributes) bool {
		cancel()
		return false
	}}
	p := &plugin{reviews: h}
	err := p.Validate(ctx, attributes(alice, composite(), nil, ""), nil)
	if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("Validate gives %v, want an InternalError because the request was cancelled", err)
	}
	if len(h.reviews) != 1 {
		t.Errorf("the host was asked %d times after the request was cancelled", len(h.reviews)-1)
	}
}

func TestRegister(t *testing.T) {
	plugins := admission.NewPlugins()
	Register(plugins)
	registered, err := plugins.InitPlugin(PluginName, nil, admission.PluginInitializers{})
	if err == nil {
		t.Errorf("the plugin %v works without a client", registered)
	}
	registered, err = plugins.InitPlugin(PluginName, nil, clientInitializer{})
	if err != nil {
		t.Fatal(err)
	}
	for operation, want := range map[admission.Operation]bool{admission.Create: true, admission.Update: true, admission.Delete: false, admission.Connect: false} {
		if got := registered.Handles(operation); got != want {
			t.Errorf("Handles(%s) = %t, want %t", operation, got, want)
		}
	}
}

// clientInitializer gives plugins a client.
type clientInitializer struct{}

// Initialize implements admission.PluginInitializer.
func (clientInitializer) Initialize(p admission.Interface) {
	p.(*plugin).SetExternalKubeClientSet(fake.NewClientset())
}
