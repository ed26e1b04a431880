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

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// namespaceReader reads namespaces from a cache, and past it what the cache does not have yet.
type namespaceReader struct {
	lister corelisters.NamespaceLister
	client kubernetes.Interface
}

var _ Namespaces = &namespaceReader{}

// NewNamespaces returns the labels of the namespaces that the lister has, or else the client finds.
func NewNamespaces(lister corelisters.NamespaceLister, client kubernetes.Interface) Namespaces {
	return &namespaceReader{lister: lister, client: client}
}

// Labels implements Namespaces.
func (r *namespaceReader) Labels(ctx context.Context, name string) (labels.Set, error) {
	namespace, err := r.lister.Get(name)
	if apierrors.IsNotFound(err) {
		namespace, err = r.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return nil, err
	}
	return namespace.Labels, nil
}
