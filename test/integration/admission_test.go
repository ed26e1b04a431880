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
	"cmp"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// reverser is an admission webhook that reverses the lists spec.items and status.items of objects, and counts the requests that it sees.
type reverser struct {
	mu    sync.Mutex
	calls map[string]int // by resource and subresource
}

// newReverser makes kube-apiserver ask a reverser about these kinds.
func newReverser(t *testing.T, kinds ...kind) *reverser {
	t.Helper()
	r := &reverser{calls: map[string]int{}}
	server := httptest.NewTLSServer(r)
	t.Cleanup(server.Close)
	var rules []admissionregistrationv1.RuleWithOperations
	for _, k := range kinds {
		rules = append(rules, admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{k.Group}, APIVersions: []string{"*"}, Resources: []string{k.Resource, k.Resource + "/status"}},
		})
	}
	configurations := env.kubernetes.AdmissionregistrationV1().MutatingWebhookConfigurations()
	created, err := configurations.Create(t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "reverser-"},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "reverser.example.com", Rules: rules, AdmissionReviewVersions: []string{"v1"},
			SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone), FailurePolicy: ptr.To(admissionregistrationv1.Fail),
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL: new(server.URL), CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = configurations.Delete(context.WithoutCancel(t.Context()), created.Name, metav1.DeleteOptions{})
	})
	return r
}

// ServeHTTP sorts the lists in descending order: however often it is asked.
func (r *reverser) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(request.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.calls[review.Request.Resource.Resource+"/"+review.Request.SubResource]++
	r.mu.Unlock()
	var content object
	_ = json.Unmarshal(review.Request.Object.Raw, &content)
	var patch []object
	for _, field := range []string{"spec", "status"} {
		items := nested[[]any](content, field, "items")
		slices.SortFunc(items, func(a, b any) int { return cmp.Compare(fmt.Sprint(b), fmt.Sprint(a)) })
		if len(items) > 0 {
			patch = append(patch, object{"op": "replace", "path": "/" + field + "/items", "value": items})
		}
	}
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	if len(patch) > 0 {
		review.Response.Patch, _ = json.Marshal(patch)
		review.Response.PatchType = ptr.To(admissionv1.PatchTypeJSONPatch)
	}
	review.Request = nil
	_ = json.NewEncoder(w).Encode(review) // the caller may be gone
}

// seen returns how many requests there were about a resource.
func (r *reverser) seen(resource, subresource string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[resource+"/"+subresource]
}

// TestListsReorderedByAdmission has an admission webhook reorder a list of a child and of the parent's status: the hook wants them otherwise,
// and nothing is written for that.
func TestListsReorderedByAdmission(t *testing.T) {
	namespace, parents, children := newNamespace(t), newKind(t, "orderly"), newKind(t, "item")
	admission := newReverser(t, parents, children)
	items := []any{"a", "b", "c"}
	hook := newHook(t, func(in request) response {
		return response{
			Children: []object{{
				"apiVersion": children.GroupVersion().String(), "kind": children.Kind,
				"metadata": object{"name": "c"}, "spec": object{"items": items, "value": nested[string](in.Parent, "spec", "value")},
			}},
			Status: object{"items": items},
		}
	})
	newController(t, parents, hook, func(c *v1alpha1.CompositeController) {
		c.Spec.ChildResources = []v1alpha1.ChildResourceRule{{
			APIVersion: children.GroupVersion().String(), Resource: children.Resource,
			UpdateStrategy: &v1alpha1.ChildUpdateStrategy{Method: v1alpha1.ChildUpdateInPlace},
		}}
	})
	newParent(t, parents, namespace, "p", object{"value": "1"})
	child := eventuallyHas(t, children.GroupVersionResource, namespace, "c", "[c b a]", "spec", "items")
	parent := eventuallyHas(t, parents.GroupVersionResource, namespace, "p", "[c b a]", "status", "items")
	quiet := func(what string) (ofChild, ofStatus int) {
		t.Helper()
		ofChild, ofStatus = -1, -1
		eventually(t, what+" has settled", func() error {
			child, status := admission.seen(children.Resource, ""), admission.seen(parents.Resource, "status")
			if child == ofChild && status == ofStatus {
				return nil
			}
			ofChild, ofStatus = child, status
			calls := hook.count("p")
			patchParent(t, parents, namespace, "p", fmt.Sprintf(`{"metadata":{"annotations":{"touched":"%s %d"}}}`, what, calls))
			eventually(t, "the hook is called", func() error {
				if hook.count("p") == calls {
					return fmt.Errorf("%d calls", calls)
				}
				return nil
			})
			eventuallyHas(t, compositeControllers, "", parents.Resource, "1", "status", "parents", "synced")
			return fmt.Errorf("%d requests about the child, %d about the status", child, status)
		})
		return ofChild, ofStatus
	}
	created, reported := quiet("creation")
	// kube-apiserver asks once more about a patch during which the object changes: the touch of the annotation may do that.
	if created > 2 || reported > 3 {
		t.Errorf("%d requests about the child and %d about the status after creation, want 2 and 3 at most: one that writes, one that finds nothing to change", created, reported)
	}
	restart(t)
	eventuallyReady(t, parents.Resource, metav1.ConditionTrue, "Running")
	after, afterStatus := quiet("restart")
	if after > created+1 || afterStatus > reported+2 {
		t.Errorf("%d requests about the child and %d about the status after a restart, want 1 and 2 at most", after-created, afterStatus-reported)
	}
	if now := eventuallyHas(t, children.GroupVersionResource, namespace, "c", "[c b a]", "spec", "items"); now.GetResourceVersion() != child.GetResourceVersion() {
		t.Errorf("the child was written: it was at %s and is at %s", child.GetResourceVersion(), now.GetResourceVersion())
	}
	if now := eventuallyHas(t, parents.GroupVersionResource, namespace, "p", "[c b a]", "status", "items"); now.GetGeneration() != parent.GetGeneration() {
		t.Errorf("the parent was written: it was at %d and is at %d", parent.GetGeneration(), now.GetGeneration())
	}

	patchParent(t, parents, namespace, "p", `{"spec":{"value":"2"}}`)
	eventuallyHas(t, children.GroupVersionResource, namespace, "c", "2", "spec", "value")
}
