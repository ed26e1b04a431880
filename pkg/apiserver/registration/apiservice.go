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
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

const (
	// Among the versions and groups of a cluster, discovery puts the higher first. These are the values
	// that kube-apiserver gives to the groups of CustomResourceDefinitions.
	groupPriority   = 1000
	versionPriority = 100

	// servicePort is the port of a Service that others made for this server.
	servicePort = 443

	// managedByLabel marks what Run created and Remove may delete.
	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = "hookplane"

	// The annotations by which cert-manager's CA injector knows what to keep: a Certificate, a Secret, or kube-apiserver's own.
	injectCAFrom       = "cert-manager.io/inject-ca-from"
	injectCAFromSecret = "cert-manager.io/inject-ca-from-secret" //nolint:gosec // no secret: the name of an annotation
	injectAPIServerCA  = "cert-manager.io/inject-apiserver-ca"

	// automanagedLabel marks the APIServices that kube-apiserver makes for CustomResourceDefinitions.
	automanagedLabel = "kube-aggregator.kubernetes.io/automanaged"
)

// TakenError says that somebody else serves the API already.
type TakenError struct {
	// GroupVersion is the API, By who serves it.
	GroupVersion, By string
	// Definitions says that CustomResourceDefinitions do.
	Definitions bool
}

// Error implements error.
func (e *TakenError) Error() string {
	if e.Definitions {
		return fmt.Sprintf("%s is served by %s already, whose objects would be hidden; copy them with hookplane migrate copy, or have them hidden with --take-over-apiservice",
			e.GroupVersion, e.By)
	}
	return fmt.Sprintf("%s is served by %s already, whose objects would be hidden; remove or stop that first, or take it over with --take-over-apiservice",
		e.GroupVersion, e.By)
}

// ByDefinitions splits an error of Check: that the API is served by CustomResourceDefinitions, or any other.
func ByDefinitions(err error) (*TakenError, error) {
	if taken, ok := errors.AsType[*TakenError](err); ok && taken.Definitions {
		return taken, nil
	}
	return nil, err
}

// nameOf returns the name of the APIService of a group version.
func nameOf(gv schema.GroupVersion) string {
	return gv.Version + "." + gv.Group
}

func (r *Registrar) checkAPIService(ctx context.Context, gv schema.GroupVersion) error {
	existing, err := r.aggregator.ApiregistrationV1().APIServices().Get(ctx, nameOf(gv), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the APIService %s: %w", nameOf(gv), err)
	}
	if r.TakeOver || r.ours(existing) {
		return nil
	}
	return &TakenError{GroupVersion: gv.String(), By: servedBy(existing), Definitions: existing.Spec.Service == nil}
}

// ours reports whether the APIService leads to our Service.
func (r *Registrar) ours(s *apiregistrationv1.APIService) bool {
	return s.Spec.Service != nil && s.Spec.Service.Namespace == r.Service.Namespace && s.Spec.Service.Name == r.Service.Name
}

func servedBy(s *apiregistrationv1.APIService) string {
	if s.Spec.Service == nil {
		return "CustomResourceDefinitions (an installation of Metacontroller)"
	}
	return fmt.Sprintf("the Service %s/%s", s.Spec.Service.Namespace, s.Spec.Service.Name)
}

func (r *Registrar) ensureAPIService(ctx context.Context, gv schema.GroupVersion) error {
	client := r.aggregator.ApiregistrationV1().APIServices()
	spec, err := r.apiServiceSpec(gv)
	if err != nil {
		return err
	}
	existing, err := client.Get(ctx, nameOf(gv), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		created := &apiregistrationv1.APIService{ObjectMeta: metav1.ObjectMeta{Name: nameOf(gv)}, Spec: spec}
		r.annotate(created)
		_, err := client.Create(ctx, created, metav1.CreateOptions{})
		return wrap(err, "cannot create the APIService %s", nameOf(gv))
	}
	if err != nil {
		return fmt.Errorf("cannot read the APIService %s: %w", nameOf(gv), err)
	}
	updated := existing.DeepCopy()
	r.annotate(updated)
	updated.Spec = withInjected(spec, updated)
	if equality.Semantic.DeepEqual(existing, updated) {
		return nil
	}
	delete(updated.Labels, automanagedLabel)
	_, err = client.Update(ctx, updated, metav1.UpdateOptions{})
	return wrap(err, "cannot update the APIService %s", nameOf(gv))
}

// annotate asks the CA injector for what it is to keep.
func (r *Registrar) annotate(s *apiregistrationv1.APIService) {
	if r.InjectCAFrom != "" {
		metav1.SetMetaDataAnnotation(&s.ObjectMeta, injectCAFrom, r.InjectCAFrom)
	}
}

// withInjected leaves the certificates of an APIService to cert-manager's CA injector, if it is annotated for that.
func withInjected(spec apiregistrationv1.APIServiceSpec, s *apiregistrationv1.APIService) apiregistrationv1.APIServiceSpec {
	for _, annotation := range []string{injectCAFrom, injectCAFromSecret, injectAPIServerCA} {
		if s.Annotations[annotation] != "" {
			spec.CABundle = s.Spec.CABundle
		}
	}
	return spec
}

func (r *Registrar) apiServiceSpec(gv schema.GroupVersion) (apiregistrationv1.APIServiceSpec, error) {
	bundle, err := r.CABundle()
	if err != nil {
		return apiregistrationv1.APIServiceSpec{}, err
	}
	port := int32(servicePort)
	if r.ExternalName != "" {
		port = r.Port
	}
	return apiregistrationv1.APIServiceSpec{
		Group: gv.Group, Version: gv.Version,
		GroupPriorityMinimum: groupPriority, VersionPriority: versionPriority,
		Service: &apiregistrationv1.ServiceReference{
			Namespace: r.Service.Namespace, Name: r.Service.Name, Port: new(port),
		},
		CABundle: bundle,
	}, nil
}

func (r *Registrar) removeAPIService(ctx context.Context, gv schema.GroupVersion) error {
	client := r.aggregator.ApiregistrationV1().APIServices()
	spec, err := r.apiServiceSpec(gv)
	if err != nil {
		return err
	}
	existing, err := client.Get(ctx, nameOf(gv), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || !equality.Semantic.DeepEqual(existing.Spec, withInjected(spec, existing)) {
		return err
	}
	// The precondition leaves an APIService alone that another process changed since it was read.
	err = client.Delete(ctx, nameOf(gv), metav1.DeleteOptions{Preconditions: &metav1.Preconditions{
		UID: &existing.UID, ResourceVersion: &existing.ResourceVersion,
	}})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// wrap adds what was attempted to an error; nil stays nil.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
