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

package uninstall

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/registry/storage/host"
)

// stopServers scales the Deployments of the servers to nothing and waits until their Pods are gone.
func (u *Uninstaller) stopServers(ctx context.Context) error {
	selector := metav1.ListOptions{LabelSelector: nameLabel + "=" + partOf}
	deployments, err := u.kubernetes.AppsV1().Deployments(u.namespace).List(ctx, selector)
	if err != nil {
		return fmt.Errorf("cannot find the Deployment of the server: %w", err)
	}
	for i := range deployments.Items {
		name := deployments.Items[i].Name
		if err := u.scaleToZero(ctx, name); err != nil {
			return fmt.Errorf("cannot stop the Deployment %s/%s: %w", u.namespace, name, err)
		}
		fmt.Fprintf(u.stdout, "scaled the Deployment %s/%s to 0\n", u.namespace, name)
	}
	left := 0
	err = poll(ctx, pollInterval, func(ctx context.Context) (bool, error) {
		pods, err := u.kubernetes.CoreV1().Pods(u.namespace).List(ctx, selector)
		if err == nil {
			left = len(pods.Items)
		}
		return err == nil && left == 0, err
	})
	if err != nil {
		return fmt.Errorf("%d servers are left in %s: %w", left, u.namespace, err)
	}
	return nil
}

func (u *Uninstaller) scaleToZero(ctx context.Context, name string) error {
	deployments := u.kubernetes.AppsV1().Deployments(u.namespace)
	scale, err := deployments.GetScale(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	scale.Spec.Replicas = 0
	_, err = deployments.UpdateScale(ctx, name, scale, metav1.UpdateOptions{})
	return err
}

// unregister makes kube-apiserver forget the servers. An API that is served by CustomResourceDefinitions by now stays.
func (u *Uninstaller) unregister(ctx context.Context) error {
	namespace, err := u.servedFrom(ctx)
	if err != nil {
		return err
	}
	for _, known := range registrations {
		if namespace == "" && known.name == apiServiceName(v1alpha1.SchemeGroupVersion.Group) {
			continue
		}
		resource := u.metadata.Resource(known.WithVersion("v1"))
		object, err := resource.Get(ctx, known.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err == nil {
			err = resource.Delete(ctx, known.name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(object.UID))})
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("cannot remove the registration %s %s: %w", known.GroupResource, known.name, err)
		}
		fmt.Fprintf(u.stdout, "deleted %s\n", Object{GroupVersionResource: known.WithVersion("v1"), Name: known.name})
	}
	return nil
}

// removeRecords deletes the definitions of records, and with them these.
func (u *Uninstaller) removeRecords(ctx context.Context) error {
	suffix := "." + host.GroupVersion.Group
	err := poll(ctx, pollInterval, func(ctx context.Context) (bool, error) {
		page, err := u.metadata.Resource(definitions).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		gone := true
		for i := range page.Items {
			object := &page.Items[i]
			if !strings.HasSuffix(object.Name, suffix) {
				continue
			}
			if gone = false; object.DeletionTimestamp != nil {
				continue
			}
			if err := u.metadata.Resource(definitions).Delete(ctx, object.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				return false, err
			}
			fmt.Fprintf(u.stdout, "deleted %s\n", Object{GroupVersionResource: definitions, Name: object.Name})
		}
		return gone, nil
	})
	if err != nil {
		return fmt.Errorf("cannot remove the CustomResourceDefinitions of %s: %w", host.GroupVersion.Group, err)
	}
	return nil
}

// removeShared deletes what the servers had in common.
func (u *Uninstaller) removeShared(ctx context.Context) error {
	for _, known := range shared {
		object := Object{known.GroupVersionResource, u.namespace, known.name}
		err := u.metadata.Resource(known.GroupVersionResource).Namespace(u.namespace).Delete(ctx, known.name, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot remove %s: %w", object, err)
		}
		fmt.Fprintf(u.stdout, "deleted %s\n", object)
	}
	return nil
}
