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

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// hookCounts is how many hooks there are on a way, and admissionGoals how long initializers may take then, at most, measured by
// as many webhooks.
var (
	hookCounts     = []int{1, 3, 10}
	admissionGoals = []float64{2, 1, 0.5}
)

// ways are those that are compared: without hooks, with as many as hookCounts says.
type ways struct {
	plain                               *way
	initializers, unencrypted, webhooks []*way
	controllers                         []string // names of InitializerControllers
	configuration                       string   // of the webhooks
}

func (w *ways) all() []*way {
	return slices.Concat([]*way{w.plain}, w.initializers, w.unencrypted, w.webhooks)
}

// newWays defines all kinds and their hooks, and returns when each way works.
func (b *bench) newWays(ctx context.Context, namespace string) (*ways, error) {
	w := &ways{configuration: namespace}
	var err error
	if w.plain, err = b.newWay(ctx, namespace, 0); err != nil {
		return nil, err
	}
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: w.configuration}}
	for _, n := range hookCounts {
		for _, to := range []*[]*way{&w.initializers, &w.unencrypted, &w.webhooks} {
			added, err := b.newWay(ctx, namespace, n)
			if err != nil {
				return nil, err
			}
			*to = append(*to, added)
		}
		last := len(w.webhooks) - 1
		for i := range n {
			configuration.Webhooks = append(configuration.Webhooks, b.webhook(w.webhooks[last].kind, i))
			for _, way := range []*way{w.initializers[last], w.unencrypted[last]} {
				if err := b.initializer(ctx, w, way.kind, i, way == w.initializers[last]); err != nil {
					return nil, err
				}
			}
		}
	}
	if _, err := b.kubernetes.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(ctx, configuration, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	for _, way := range w.all() {
		probes := 0
		if err := eventually(ctx, func() error { probes++; return way.create(ctx, fmt.Sprintf("probe%d", probes)) }); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (b *bench) newWay(ctx context.Context, namespace string, hooks int) (*way, error) {
	k := newKind(b.newName("way"))
	return &way{kind: k, hooks: hooks, objects: b.dynamic.Resource(k.GroupVersionResource).Namespace(namespace)}, b.define(ctx, k)
}

// initializer creates the i-th initializer of a kind.
func (b *bench) initializer(ctx context.Context, w *ways, k kind, i int, secure bool) error {
	name := fmt.Sprintf("%s-%d", k.Resource, i)
	hook := b.hook.add(name, initialize(labelOf(i)))
	webhook := &v1alpha1.Webhook{URL: hook.url}
	if secure {
		authority := string(b.hook.authority)
		webhook = &v1alpha1.Webhook{URL: hook.secureURL, CABundle: &v1alpha1.CABundle{Inline: authority}}
	}
	_, err := b.controllers.MetacontrollerV1alpha1().InitializerControllers().Create(ctx, &v1alpha1.InitializerController{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.InitializerControllerSpec{
			InitializerName:        name + ".bench.hookplane.dev",
			UninitializedResources: []v1alpha1.InitializerResourceRule{{APIVersion: k.GroupVersion().String(), Resource: k.Resource}},
			Hooks:                  &v1alpha1.InitializerControllerHooks{Init: &v1alpha1.Hook{Webhook: webhook}},
		},
	}, metav1.CreateOptions{})
	w.controllers = append(w.controllers, name)
	return err
}

// webhook returns the i-th webhook of a kind.
func (b *bench) webhook(k kind, i int) admissionregistrationv1.MutatingWebhook {
	name := fmt.Sprintf("%s-%d", k.Resource, i)
	hook := b.hook.add(name, review(labelOf(i)))
	none := admissionregistrationv1.SideEffectClassNone
	return admissionregistrationv1.MutatingWebhook{
		Name: name + ".bench.hookplane.dev", SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
		ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &hook.secureURL, CABundle: b.hook.authority},
		Rules: []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{k.Group}, APIVersions: []string{k.Version}, Resources: []string{k.Resource}},
		}},
	}
}

// removeWays removes everything.
func (b *bench) removeWays(ctx context.Context, w *ways, namespace string) error {
	for _, name := range w.controllers {
		if err := b.controllers.MetacontrollerV1alpha1().InitializerControllers().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	if err := b.kubernetes.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(ctx, w.configuration, metav1.DeleteOptions{}); err != nil {
		return err
	}
	for _, way := range w.all()[1:] {
		if err := b.undefine(ctx, way.kind); err != nil {
			return err
		}
	}
	return b.clear(ctx, w.plain.kind, namespace)
}

// labelOf is the label that the i-th hook sets.
func labelOf(i int) string { return fmt.Sprintf("hook%d", i) }

// initialize returns a hook of an initializer, which sets a label.
func initialize(label string) func(body []byte) ([]byte, error) {
	return func(body []byte) ([]byte, error) {
		var in struct {
			Object map[string]any `json:"object"`
		}
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, err
		}
		metadata, _ := in.Object["metadata"].(map[string]any)
		labels, _ := metadata["labels"].(map[string]any)
		labels[label] = "done"
		return json.Marshal(map[string]any{"object": in.Object})
	}
}

// review returns a webhook of kube-apiserver, which sets a label.
func review(label string) func(body []byte) ([]byte, error) {
	patch, patchType := fmt.Appendf(nil, `[{"op":"add","path":"/metadata/labels/%s","value":"done"}]`, label), admissionv1.PatchTypeJSONPatch
	return func(body []byte) ([]byte, error) {
		var review admissionv1.AdmissionReview
		if err := json.Unmarshal(body, &review); err != nil {
			return nil, err
		}
		var object map[string]any
		if err := json.Unmarshal(review.Request.Object.Raw, &object); err != nil {
			return nil, err
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, Patch: patch, PatchType: &patchType}
		review.Request = nil
		return json.Marshal(review)
	}
}

// text is as many bytes.
func text(bytes int) string { return strings.Repeat("x", bytes) }
