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
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

var (
	apiServices      = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	definitions      = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	leases           = schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}
	secrets          = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	mutatingWebhooks = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"}
)

// pageSize is how many objects are in memory at a time.
const pageSize = 500

// servedFrom returns the namespace of the Service to which kube-apiserver forwards requests for our API, empty when it does not.
func (u *Uninstaller) servedFrom(ctx context.Context) (namespace string, err error) {
	registered, err := u.aggregator.ApiregistrationV1().APIServices().Get(ctx, apiServiceName(v1alpha1.SchemeGroupVersion.Group), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("cannot read the APIService of %s: %w", v1alpha1.SchemeGroupVersion.Group, err)
	case registered.Spec.Service == nil: // CustomResourceDefinitions, of a Metacontroller
		return "", nil
	}
	return registered.Spec.Service.Namespace, nil
}

// Find looks at every object of the cluster. What cannot be read is named in the result.
func (u *Uninstaller) Find(ctx context.Context) (*Remains, error) {
	namespace, err := u.servedFrom(ctx)
	if err != nil {
		return nil, err
	}
	remains := &Remains{}
	resources, err := u.resources(remains)
	if err != nil {
		return nil, err
	}
	for _, resource := range resources {
		if resource.Group == v1alpha1.SchemeGroupVersion.Group && namespace == "" {
			continue // a Metacontroller's
		}
		if err := u.look(ctx, resource, remains); err != nil {
			return nil, err
		}
	}
	return remains, nil
}

// resources are all types that can be listed, each in one version, in the order of their names.
func (u *Uninstaller) resources(remains *Remains) ([]schema.GroupVersionResource, error) {
	lists, err := discovery.ServerPreferredResources(u.discovery)
	var failed *discovery.ErrGroupDiscoveryFailed
	switch {
	case errors.As(err, &failed):
		for group, err := range failed.Groups {
			remains.Unseen = append(remains.Unseen, fmt.Sprintf("all of %s: %v", group, err))
		}
		slices.Sort(remains.Unseen)
	case err != nil:
		return nil, fmt.Errorf("cannot find out which resource types the cluster has: %w", err)
	}
	listable := discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list"}}, lists)
	found, err := discovery.GroupVersionResources(listable)
	if err != nil {
		return nil, fmt.Errorf("cannot understand which resource types the cluster has: %w", err)
	}
	var resources []schema.GroupVersionResource
	for resource := range found {
		if resource.Resource != "events" { // the most numerous, and nothing of ours is on them
			resources = append(resources, resource)
		}
	}
	slices.SortFunc(resources, func(a, b schema.GroupVersionResource) int { return strings.Compare(a.String(), b.String()) })
	return resources, nil
}

// look adds the objects of one type, page by page.
func (u *Uninstaller) look(ctx context.Context, resource schema.GroupVersionResource, remains *Remains) error {
	options := metav1.ListOptions{Limit: pageSize}
	for {
		page, err := u.metadata.Resource(resource).List(ctx, options)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			return nil // the type has gone, or is none of objects
		}
		if err != nil {
			remains.Unseen = append(remains.Unseen, fmt.Sprintf("%s: %v", resource.GroupResource(), err))
			return nil
		}
		for i := range page.Items {
			object := &page.Items[i]
			if why := classify(resource.GroupResource(), object, u.namespace); why != "" {
				remains.add(why, Object{GroupVersionResource: resource, Namespace: object.Namespace, Name: object.Name})
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return nil
		}
	}
}
