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

// Command isolation is a hook that closes every annotated Namespace to the others with a NetworkPolicy.
//
// The whole of its logic is the function sync; serve.go puts it on the network. See README.md.
package main

import (
	"errors"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/hook"
)

// isolateAnnotation selects Namespaces. Its value names those that may connect all the same, with commas between them.
const isolateAnnotation = "examples.hookplane.dev/isolate"

// nameLabel is what every Namespace is labelled with by its API server.
const nameLabel = "kubernetes.io/metadata.name"

// sync answers the NetworkPolicy of a Namespace, and a label that says that the Namespace has it.
func sync(observed *hook.DecoratorRequest) (*hook.DecoratorResponse, error) {
	if observed.Object == nil {
		return nil, errors.New("the request has no object")
	}
	namespace := observed.Object.GetName()
	welcome := []string{namespace}
	for friend := range strings.SplitSeq(observed.Object.GetAnnotations()[isolateAnnotation], ",") {
		if friend = strings.TrimSpace(friend); friend != "" {
			welcome = append(welcome, friend)
		}
	}
	response := &hook.DecoratorResponse{}
	if observed.Attachments.OfType("networking.k8s.io/v1", "NetworkPolicy")[namespace+"/isolation"] != nil {
		response.SetLabel("examples.hookplane.dev/isolated", "true")
	}
	return response, response.AddAttachment(&networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: "isolation", Namespace: namespace},
		Spec: networkingv1.NetworkPolicySpec{
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{
				NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
					{Key: nameLabel, Operator: metav1.LabelSelectorOpIn, Values: welcome},
				}},
			}}}},
		},
	})
}
