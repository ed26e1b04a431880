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

// Command tenant is a hook that gives a Tenant its namespaces, each with a quota.
//
// The whole of its logic is the function sync; serve.go puts it on the network. See README.md.
package main

import (
	"errors"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/hook"
)

// tenant is what a Tenant says.
type tenant struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Namespaces []string            `json:"namespaces"`
		Quota      corev1.ResourceList `json:"quota"`
	} `json:"spec"`
}

// status is what a Tenant is told.
type status struct {
	// Ready are the namespaces that have their quota.
	Ready int `json:"ready"`
	// Desired is how many there should be.
	Desired int `json:"desired"`
}

// sync answers the tenant's namespaces, and for each one that exists its quota.
func sync(observed *hook.CompositeRequest) (*hook.CompositeResponse, error) {
	if observed.Parent == nil {
		return nil, errors.New("the request has no parent")
	}
	var t tenant
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(observed.Parent.Object, &t); err != nil {
		return nil, err
	}
	response := &hook.CompositeResponse{}
	now := status{Desired: len(t.Spec.Namespaces)}
	for _, short := range t.Spec.Namespaces {
		name := t.Metadata.Name + "-" + short
		if err := response.AddChild(&corev1.Namespace{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"tenant": t.Metadata.Name}},
		}); err != nil {
			return nil, err
		}
		namespace := observed.Children.OfType("v1", "Namespace")[name]
		if namespace == nil || namespace.GetDeletionTimestamp() != nil {
			continue // nothing can be created in it
		}
		if err := response.AddChild(&corev1.ResourceQuota{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ResourceQuota"},
			ObjectMeta: metav1.ObjectMeta{Name: "tenant", Namespace: name},
			Spec:       corev1.ResourceQuotaSpec{Hard: t.Spec.Quota},
		}); err != nil {
			return nil, err
		}
		if observed.Children.OfType("v1", "ResourceQuota")[name+"/tenant"] != nil {
			now.Ready++
		}
	}
	return response, response.SetStatus(now)
}
