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
	"io"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/registry/storage/host"
)

// pollInterval is how often the cluster is asked whether what was removed has gone.
const pollInterval = 500 * time.Millisecond

// Uninstaller takes Hookplane out of one cluster.
type Uninstaller struct {
	namespace  string
	stdout     io.Writer
	kubernetes kubernetes.Interface
	metadata   metadata.Interface
	discovery  discovery.DiscoveryInterface
}

// New returns what takes the servers of a namespace out of the cluster, and tells its progress. Nothing is asked yet.
func New(config *rest.Config, namespace string, stdout io.Writer) (*Uninstaller, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the cluster: %w", err)
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the cluster: %w", err)
	}
	return &Uninstaller{namespace: namespace, stdout: stdout, kubernetes: client, metadata: objects, discovery: client.Discovery()}, nil
}

// Run removes all but what was installed from manifests. It can be repeated after a failure.
//
// The controllers go first, because only a running server takes their finalizers off the objects of others. The servers end next, or they
// would register again. What led to them, and what they stored, goes last.
func (u *Uninstaller) Run(ctx context.Context) error {
	registered, err := u.registered(ctx)
	if err != nil {
		return err
	}
	if registered {
		if err := u.removeControllers(ctx); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{u.stopServers, u.unregister, u.removeRecords, u.removeShared} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// removeControllers deletes the controllers and waits until each has cleaned up after itself; then the revisions of parents, which stay
// where these stay.
func (u *Uninstaller) removeControllers(ctx context.Context) error {
	for _, name := range []string{"compositecontrollers", "decoratorcontrollers", "initializercontrollers", "controllerrevisions"} {
		resource := v1alpha1.SchemeGroupVersion.WithResource(name)
		if err := u.removeAll(ctx, resource); err != nil {
			return fmt.Errorf("cannot remove %s; a running server is needed for that: %w", resource.GroupResource(), err)
		}
	}
	return nil
}

// removeAll deletes all objects of a type and waits until they are gone.
func (u *Uninstaller) removeAll(ctx context.Context, resource schema.GroupVersionResource) error {
	left := ""
	err := u.poll(ctx, func(ctx context.Context) (bool, error) {
		page, err := u.metadata.Resource(resource).List(ctx, metav1.ListOptions{Limit: pageSize})
		if err != nil {
			return false, err
		}
		names := make([]string, 0, len(page.Items))
		for i := range page.Items {
			object := &page.Items[i]
			if names = append(names, object.Name); object.DeletionTimestamp != nil {
				continue
			}
			err := u.metadata.Resource(resource).Namespace(object.Namespace).Delete(ctx, object.Name, metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				return false, err
			}
			fmt.Fprintf(u.stdout, "deleted %s\n", Object{resource, object.Namespace, object.Name})
		}
		left = strings.Join(names, ", ")
		return len(names) == 0, nil
	})
	if err != nil && left != "" {
		return fmt.Errorf("still there: %s (their condition Ready tells why): %w", left, err)
	}
	return err
}

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
	err = u.poll(ctx, func(ctx context.Context) (bool, error) {
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

// unregister makes kube-apiserver forget the servers. An API that somebody else serves by now stays.
func (u *Uninstaller) unregister(ctx context.Context) error {
	for _, known := range registrations {
		resource := u.metadata.Resource(known.WithVersion("v1"))
		object, err := resource.Get(ctx, known.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || (err == nil && object.Labels[automanagedLabel] != "") {
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
	err := u.poll(ctx, func(ctx context.Context) (bool, error) {
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

// poll asks until the answer is yes or an error, or time is up.
func (u *Uninstaller) poll(ctx context.Context, done wait.ConditionWithContextFunc) error {
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, done)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
