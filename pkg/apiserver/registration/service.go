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
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ServiceError says that the Service to be kept as an ExternalName is in use for something else.
type ServiceError struct {
	// Service is its name, Type what it is.
	Service types.NamespacedName
	Type    corev1.ServiceType
}

// Error implements error.
func (e *ServiceError) Error() string {
	return fmt.Sprintf("the Service %s exists and is of type %s, so it cannot be made to point to --apiservice-external-name; choose another name with --apiservice-service",
		e.Service, e.Type)
}

func (r *Registrar) checkService(ctx context.Context) error {
	existing, err := r.core.CoreV1().Services(r.Service.Namespace).Get(ctx, r.Service.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the Service %s: %w", r.Service, err)
	}
	if existing.Spec.Type != corev1.ServiceTypeExternalName {
		return &ServiceError{Service: r.Service, Type: existing.Spec.Type}
	}
	if r.TakeOver || r.leadsHere(existing) {
		return nil
	}
	if answers := r.probe(ctx) == nil; answers { // else it was left behind by a server that is gone
		return &TakenError{GroupVersion: r.GroupVersions[0].String(), By: fmt.Sprintf("another hookplane (the Service %s leads to %s)", r.Service, existing.Spec.ExternalName)}
	}
	return nil
}

func (r *Registrar) ensureService(ctx context.Context) error {
	client := r.core.CoreV1().Services(r.Service.Namespace)
	existing, err := client.Get(ctx, r.Service.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return r.createService(ctx)
	}
	if err != nil {
		return fmt.Errorf("cannot read the Service %s: %w", r.Service, err)
	}
	if existing.Spec.Type != corev1.ServiceTypeExternalName {
		return &ServiceError{Service: r.Service, Type: existing.Spec.Type}
	}
	if r.leadsHere(existing) {
		return nil
	}
	updated := existing.DeepCopy()
	updated.Spec.ExternalName = r.ExternalName
	updated.Spec.Ports = r.servicePorts()
	_, err = client.Update(ctx, updated, metav1.UpdateOptions{})
	return wrap(err, "cannot update the Service %s", r.Service)
}

func (r *Registrar) createService(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: r.Service.Namespace, Labels: map[string]string{managedByLabel: managedBy},
	}}
	_, err := r.core.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("cannot create the namespace %s: %w", r.Service.Namespace, err)
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: r.Service.Namespace, Name: r.Service.Name, Labels: map[string]string{managedByLabel: managedBy},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeExternalName, ExternalName: r.ExternalName, Ports: r.servicePorts(),
		},
	}
	_, err = r.core.CoreV1().Services(r.Service.Namespace).Create(ctx, service, metav1.CreateOptions{})
	return wrap(err, "cannot create the Service %s", r.Service)
}

func (r *Registrar) leadsHere(s *corev1.Service) bool {
	return s.Spec.Type == corev1.ServiceTypeExternalName && s.Spec.ExternalName == r.ExternalName &&
		equality.Semantic.DeepEqual(s.Spec.Ports, r.servicePorts())
}

// servicePorts is complete, so that it equals what the cluster stores.
func (r *Registrar) servicePorts() []corev1.ServicePort {
	return []corev1.ServicePort{{
		Name: "https", Protocol: corev1.ProtocolTCP, Port: r.Port, TargetPort: intstr.FromInt32(r.Port),
	}}
}

// removeService deletes the Service if a registrar created it and it leads to this server.
func (r *Registrar) removeService(ctx context.Context) error {
	client := r.core.CoreV1().Services(r.Service.Namespace)
	existing, err := client.Get(ctx, r.Service.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || existing.Labels[managedByLabel] != managedBy || !r.leadsHere(existing) {
		return err
	}
	err = client.Delete(ctx, r.Service.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{
		UID: &existing.UID, ResourceVersion: &existing.ResourceVersion,
	}})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
