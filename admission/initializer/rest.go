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

package initializer

import (
	"context"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
)

// GroupVersion is the API of the reviews, Resource their resource.
var GroupVersion = schema.GroupVersion{Group: "admission.metacontroller.k8s.io", Version: "v1alpha1"}

// Resource is where AdmissionReviews are created.
const Resource = "initializations"

// REST answers AdmissionReviews that are created. It stores nothing.
type REST struct {
	reviewer *Reviewer
}

var (
	_ rest.Creater                  = &REST{} //nolint:misspell // its name
	_ rest.Scoper                   = &REST{}
	_ rest.SingularNameProvider     = &REST{}
	_ rest.GroupVersionKindProvider = &REST{}
)

// NewREST returns the resource that the reviewer answers for.
func NewREST(reviewer *Reviewer) *REST { return &REST{reviewer: reviewer} }

// New implements rest.Storage.
func (*REST) New() runtime.Object { return &admissionv1.AdmissionReview{} }

// Destroy implements rest.Storage.
func (*REST) Destroy() {}

// NamespaceScoped implements rest.Scoper.
func (*REST) NamespaceScoped() bool { return false }

// GetSingularName implements rest.SingularNameProvider.
func (*REST) GetSingularName() string { return "initialization" }

// GroupVersionKind implements rest.GroupVersionKindProvider: what is created is of another group than the resource.
func (*REST) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return admissionv1.SchemeGroupVersion.WithKind("AdmissionReview")
}

// Create answers the review.
func (r *REST) Create(ctx context.Context, object runtime.Object, _ rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	review, ok := object.(*admissionv1.AdmissionReview)
	if !ok || review.Request == nil {
		return nil, apierrors.NewBadRequest("request: is missing: want an AdmissionReview as kube-apiserver sends it")
	}
	response, err := r.reviewer.Review(ctx, review.Request)
	if err != nil {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("cannot review: %v", err))
	}
	response.UID = review.Request.UID
	return &admissionv1.AdmissionReview{TypeMeta: review.TypeMeta, Response: response}, nil
}
