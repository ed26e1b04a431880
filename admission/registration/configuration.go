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

package registration

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/initialization"
)

const (
	// Name is the configuration's name, and the end of the names of its webhooks.
	Name = "initializers.metacontroller.k8s.io"

	// Path is the endpoint. admission/initializer serves it.
	Path = "/apis/admission.metacontroller.k8s.io/v1alpha1/initializations"

	descriptionAnnotation = "kubernetes.io/description"
	description           = "Kept by hookplane: new objects of these kinds are completed by the InitializerControllers of this cluster (kubectl get initializercontrollers). " +
		"Without an InitializerController it goes by itself, and so it does with the APIService v1alpha1.admission.metacontroller.k8s.io. " +
		"If hookplane is gone and creates of these kinds fail, remove it: kubectl delete mutatingwebhookconfiguration " + Name

	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = "hookplane"

	// nameLabel is on every namespace; the API server puts it there.
	nameLabel = "kubernetes.io/metadata.name"

	// answerTime is granted on top of the hooks' own timeouts, so that a failing hook is heard of.
	answerTime = time.Second
	// maxTimeoutSeconds is what the API allows.
	maxTimeoutSeconds = 30
)

// Configuration returns what kube-apiserver should be told, nil when that is nothing. It is complete, so that it equals what
// the cluster stores. The owner is the APIService of the endpoint: with it goes the configuration.
//
// Each resource type is one webhook, however many initializers ask for it, so that an object is sent once. What they do not
// agree on is left to the endpoint: it looks again at everything that selects.
func Configuration(snapshot *initialization.Snapshot, ownNamespace string, owner metav1.OwnerReference) *admissionregistrationv1.MutatingWebhookConfiguration {
	concerned := map[schema.GroupVersionResource][]*initialization.Initializer{}
	for _, i := range snapshot.Initializers {
		for _, resource := range i.Resources {
			concerned[resource] = append(concerned[resource], i)
		}
	}
	if len(concerned) == 0 {
		return nil
	}
	resources := slices.SortedFunc(maps.Keys(concerned), func(a, b schema.GroupVersionResource) int {
		return cmp.Compare(webhookName(a), webhookName(b))
	})
	excluded := snapshot.ExcludedNamespaces(ownNamespace)
	webhooks := make([]admissionregistrationv1.MutatingWebhook, 0, len(resources))
	for _, resource := range resources {
		webhooks = append(webhooks, webhook(resource, concerned[resource], excluded))
	}
	return &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{
			Name: Name, Labels: map[string]string{managedByLabel: managedBy},
			Annotations:     map[string]string{descriptionAnnotation: description},
			OwnerReferences: []metav1.OwnerReference{owner},
		},
		Webhooks: webhooks,
	}
}

// webhookName is what users read when a create is refused: pods.v1.initializers.metacontroller.k8s.io.
func webhookName(resource schema.GroupVersionResource) string {
	name := resource.Resource + "." + resource.Version
	if resource.Group != "" {
		name += "." + resource.Group
	}
	return name + "." + Name
}

func webhook(resource schema.GroupVersionResource, initializers []*initialization.Initializer, excluded []string) admissionregistrationv1.MutatingWebhook {
	namespaceSelector, objectSelector := selectors(initializers)
	namespaceSelector.MatchExpressions = append(namespaceSelector.MatchExpressions, metav1.LabelSelectorRequirement{
		Key: nameLabel, Operator: metav1.LabelSelectorOpNotIn, Values: excluded,
	})
	path := Path
	return admissionregistrationv1.MutatingWebhook{
		Name: webhookName(resource),
		ClientConfig: admissionregistrationv1.WebhookClientConfig{
			// kube-apiserver recognises this Service as itself, and calls without TLS or a token of its own.
			Service: &admissionregistrationv1.ServiceReference{Namespace: metav1.NamespaceDefault, Name: "kubernetes", Path: &path, Port: new(int32(443))},
		},
		Rules: []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule: admissionregistrationv1.Rule{
				APIGroups: []string{resource.Group}, APIVersions: []string{resource.Version}, Resources: []string{resource.Resource},
				Scope: new(admissionregistrationv1.AllScopes),
			},
		}},
		FailurePolicy:           new(failurePolicy(initializers)),
		MatchPolicy:             new(admissionregistrationv1.Equivalent),
		NamespaceSelector:       &namespaceSelector,
		ObjectSelector:          &objectSelector,
		SideEffects:             new(admissionregistrationv1.SideEffectClassNoneOnDryRun),
		TimeoutSeconds:          new(timeoutSeconds(initializers)),
		AdmissionReviewVersions: []string{"v1"},
		ReinvocationPolicy:      new(reinvocationPolicy(initializers)),
		MatchConditions:         matchConditions(initializers),
	}
}

// failurePolicy is what happens while this server does not answer. Only when all initializers are to be ignored then, may the
// object go on without them: a deferred one would never be completed, because nobody writes down that it waits.
func failurePolicy(initializers []*initialization.Initializer) admissionregistrationv1.FailurePolicyType {
	for _, i := range initializers {
		if i.Policy() != v1alpha1.InitializerIgnore {
			return admissionregistrationv1.Fail
		}
	}
	return admissionregistrationv1.Ignore
}

// reinvocationPolicy is that of the most demanding: a review does not tell whether it is the first.
func reinvocationPolicy(initializers []*initialization.Initializer) admissionregistrationv1.ReinvocationPolicyType {
	for _, i := range initializers {
		if i.Object.Spec.ReinvocationPolicy == v1alpha1.InitializerReinvokeIfNeeded {
			return admissionregistrationv1.IfNeededReinvocationPolicy
		}
	}
	return admissionregistrationv1.NeverReinvocationPolicy
}

// timeoutSeconds is time enough for all hooks, one after the other, as far as the API allows.
func timeoutSeconds(initializers []*initialization.Initializer) int32 {
	total := answerTime
	for _, i := range initializers {
		if total += i.Timeout; total > maxTimeoutSeconds*time.Second || total < 0 {
			return maxTimeoutSeconds
		}
	}
	return int32(math.Ceil(total.Seconds()))
}

// selectors are those that all initializers have; selectors that select everything when they differ.
func selectors(initializers []*initialization.Initializer) (namespaces, objects metav1.LabelSelector) {
	first := initializers[0].Object.Spec
	sameNamespaces, sameObjects := true, true
	for _, i := range initializers {
		spec := i.Object.Spec
		sameNamespaces = sameNamespaces && i.Problem == nil && apiequality.Semantic.DeepEqual(spec.NamespaceSelector, first.NamespaceSelector)
		sameObjects = sameObjects && i.Problem == nil && apiequality.Semantic.DeepEqual(spec.ObjectSelector, first.ObjectSelector)
	}
	if sameNamespaces && first.NamespaceSelector != nil {
		namespaces = *first.NamespaceSelector.DeepCopy()
	}
	if sameObjects && first.ObjectSelector != nil {
		objects = *first.ObjectSelector.DeepCopy()
	}
	return namespaces, objects
}

// matchConditions are those of the only initializer: conditions of several cannot be told apart by name.
func matchConditions(initializers []*initialization.Initializer) []admissionregistrationv1.MatchCondition {
	if len(initializers) != 1 {
		return nil
	}
	var conditions []admissionregistrationv1.MatchCondition
	for _, condition := range initializers[0].Object.Spec.MatchConditions {
		conditions = append(conditions, admissionregistrationv1.MatchCondition{Name: condition.Name, Expression: condition.Expression})
	}
	return conditions
}
