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

// Command serviceperpod is a hook that gives every Pod of a labelled StatefulSet a Service of its own.
//
// The whole of its logic is the function sync; serve.go puts it on the network. See README.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/hook"
)

// portsAnnotation has the Services' ports, as in their spec.ports.
const portsAnnotation = "examples.hookplane.dev/service-per-pod"

// sync answers one Service for each Pod that the StatefulSet should have. A StatefulSet that is scaled down, or not selected any
// more, keeps none of the others.
func sync(observed *hook.DecoratorRequest) (*hook.DecoratorResponse, error) {
	if observed.Object == nil {
		return nil, errors.New("the request has no object")
	}
	response := &hook.DecoratorResponse{}
	if observed.Finalizing {
		response.Finalized = len(observed.Attachments.OfType("v1", "Service")) == 0
		return response, nil
	}
	var set appsv1.StatefulSet
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(observed.Object.Object, &set); err != nil {
		return nil, err
	}
	var ports []corev1.ServicePort
	if err := json.Unmarshal([]byte(set.Annotations[portsAnnotation]), &ports); err != nil {
		return nil, fmt.Errorf("annotation %s is not a list of ports, such as [{\"port\":80}]: %w", portsAnnotation, err)
	}
	for index := range ptr.Deref(set.Spec.Replicas, 1) {
		name := fmt.Sprintf("%s-%d", set.Name, index)
		if err := response.AddAttachment(&corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       corev1.ServiceSpec{Selector: map[string]string{appsv1.StatefulSetPodNameLabel: name}, Ports: ports},
		}); err != nil {
			return nil, err
		}
	}
	response.SetAnnotation(portsAnnotation+"-count", fmt.Sprint(len(response.Attachments)))
	return response, nil
}
