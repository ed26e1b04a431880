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
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

var webhookConfigurations = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"}

const (
	configurationName = "initializers.metacontroller.k8s.io"
	pendingAnnotation = "initializers.metacontroller.k8s.io/pending"
)

// initRequest is what an init hook is sent, as far as tests look at it.
type initRequest struct {
	Controller object `json:"controller"`
	Object     object `json:"object"`
	Request    struct {
		Operation string `json:"operation"`
		Namespace string `json:"namespace"`
		DryRun    bool   `json:"dryRun"`
		UserInfo  object `json:"userInfo"`
	} `json:"request"`
}

// initResponse is what it answers.
type initResponse struct {
	Object object `json:"object,omitempty"`
	Result object `json:"result,omitempty"`
}

// newInitHook starts a hook that answers what initialize returns. Its calls are counted by the object's namespace.
func newInitHook(t *testing.T, initialize func(initRequest) initResponse) *hookServer {
	t.Helper()
	h := newHook(t, nil)
	h.answerInit(initialize)
	return h
}

// answerInit changes what an init hook answers.
func (h *hookServer) answerInit(initialize func(initRequest) initResponse) {
	h.handle(func(w http.ResponseWriter, r *http.Request) {
		var in initRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.mu.Lock()
		h.calls[in.Request.Namespace]++
		h.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(initialize(in)) // the caller may be gone
	})
}

// addLabel returns a hook that labels objects.
func addLabel(key, value string) func(initRequest) initResponse {
	return func(in initRequest) initResponse { return initResponse{Object: withLabel(in.Object, key, value)} }
}

// withLabel labels an object.
func withLabel(o object, key, value string) object {
	metadata := o["metadata"].(object)
	labels, _ := metadata["labels"].(object)
	if labels == nil {
		labels = object{}
	}
	labels[key] = value
	metadata["labels"] = labels
	return o
}

// newInitializer creates an InitializerController of ConfigMaps in a namespace and waits until kube-apiserver asks for it.
func newInitializer(t *testing.T, namespace, name string, hook *hookServer, mods ...func(*v1alpha1.InitializerController)) *v1alpha1.InitializerController {
	t.Helper()
	controller := &v1alpha1.InitializerController{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.InitializerControllerSpec{
			InitializerName:        name + ".example.com",
			UninitializedResources: []v1alpha1.InitializerResourceRule{{APIVersion: "v1", Resource: "configmaps"}},
			Hooks:                  &v1alpha1.InitializerControllerHooks{Init: &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: hook.URL()}}},
			NamespaceSelector:      &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
		},
	}
	for _, mod := range mods {
		mod(controller)
	}
	created, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Create(t.Context(), controller, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { deleteInitializer(t, created.Name) })
	eventuallyInitializing(t, created.Name, metav1.ConditionTrue, "Running")
	return created
}

// newWebhook makes kube-apiserver ask a webhook, which answers the patch for all new ConfigMaps of a namespace.
func newWebhook(t *testing.T, namespace, patch string) {
	t.Helper()
	pair := newKeyPair(t, "webhook")
	server := newTLSHook(t, &tls.Config{Certificates: []tls.Certificate{pair.Certificate}}, nil)
	server.handle(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		patchType := admissionv1.PatchTypeJSONPatch
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, PatchType: &patchType, Patch: []byte(patch)}
		review.Request = nil
		_ = json.NewEncoder(w).Encode(review) // the caller may be gone
	})
	none, url := admissionregistrationv1.SideEffectClassNone, server.URL()
	_, err := env.kubernetes.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "webhook.example.com", SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:      admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: []byte(pair.certificate)},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = env.kubernetes.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(context.WithoutCancel(t.Context()), namespace, metav1.DeleteOptions{})
	})
}

// connections returns as many clients, each with a connection of its own: there may be a hundred requests on one.
func connections(t *testing.T, n int) []dynamic.Interface {
	t.Helper()
	clients := make([]dynamic.Interface, 0, n)
	for range n {
		config := rest.CopyConfig(env.config)
		config.Dial = (&net.Dialer{}).DialContext
		config.WarningHandler = rest.NoWarnings{}
		client, err := dynamic.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, client)
	}
	return clients
}

// deleteInitializer deletes an InitializerController and waits until kube-apiserver does not ask for it any more.
func deleteInitializer(t *testing.T, name string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Error(err)
	}
	eventually(t, "the configuration is gone with the last initializer", func() error {
		left, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().List(ctx, metav1.ListOptions{})
		if err != nil || len(left.Items) > 0 {
			return err
		}
		_, err = env.dynamic.Resource(webhookConfigurations).Get(ctx, configurationName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there: %w", err)
	})
}

func policy(p v1alpha1.InitializerFailurePolicy) func(*v1alpha1.InitializerController) {
	return func(c *v1alpha1.InitializerController) { c.Spec.FailurePolicy = p }
}

func resource(apiVersion, plural string) func(*v1alpha1.InitializerController) {
	return func(c *v1alpha1.InitializerController) {
		c.Spec.UninitializedResources = []v1alpha1.InitializerResourceRule{{APIVersion: apiVersion, Resource: plural}}
	}
}

// eventuallyInitializing waits for a status of the condition Ready with a reason.
func eventuallyInitializing(t *testing.T, controller string, status metav1.ConditionStatus, reason string) {
	t.Helper()
	eventually(t, fmt.Sprintf("initializer %s has Ready=%s/%s", controller, status, reason), func() error {
		found, err := env.controllers.MetacontrollerV1alpha1().InitializerControllers().Get(t.Context(), controller, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range found.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == status && condition.Reason == reason && condition.ObservedGeneration == found.Generation {
				return nil
			}
		}
		return fmt.Errorf("its conditions are %+v", found.Status.Conditions)
	})
}

// newConfigMap creates a ConfigMap.
func newConfigMap(ctx context.Context, namespace, name string, options metav1.CreateOptions) (*unstructured.Unstructured, error) {
	return env.dynamic.Resource(configMaps).Namespace(namespace).Create(ctx, &unstructured.Unstructured{Object: configMap(name, object{"key": "value"})}, options)
}

// eventuallyLabelled creates ConfigMaps until one has a label: kube-apiserver takes a moment to hear of its configuration.
func eventuallyLabelled(t *testing.T, namespace, key, value string) *unstructured.Unstructured {
	t.Helper()
	var created *unstructured.Unstructured
	n := 0
	eventually(t, fmt.Sprintf("new ConfigMaps have the label %s=%s", key, value), func() error {
		n++
		var err error
		if created, err = newConfigMap(t.Context(), namespace, fmt.Sprintf("labelled-%d", n), metav1.CreateOptions{}); err != nil {
			return err
		}
		if got := created.GetLabels()[key]; got != value {
			return fmt.Errorf("it is %q", got)
		}
		return nil
	})
	return created
}

// pod is a Pod that no kubelet will ever see.
func pod(name string, annotations map[string]string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "nginx", Image: "nginx"}}},
	}
}
