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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// client reads and writes objects as bytes, so that no number changes on the way.
type client struct {
	rest         rest.Interface
	fieldManager string
}

var _ Objects = &client{}

// NewObjects returns the objects of the cluster that config leads to, written in the name of a field manager.
func NewObjects(config *rest.Config, fieldManager string) (Objects, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	config = rest.CopyConfig(config)
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.AcceptContentTypes, config.ContentType = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	config.QPS, config.RateLimiter = -1, nil
	found, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, err
	}
	return &client{rest: found, fieldManager: fieldManager}, nil
}

// Get implements Objects.
func (c *client) Get(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) ([]byte, error) {
	return send(ctx, c.request("GET", resource, namespace, name))
}

// Update implements Objects.
func (c *client) Update(ctx context.Context, resource schema.GroupVersionResource, namespace, name string, object []byte) error {
	_, err := send(ctx, c.request("PUT", resource, namespace, name).
		SetHeader("Content-Type", runtime.ContentTypeJSON).Param("fieldManager", c.fieldManager).Body(object))
	return err
}

func (c *client) request(verb string, resource schema.GroupVersionResource, namespace, name string) *rest.Request {
	root := []string{"/apis", resource.Group, resource.Version}
	if resource.Group == "" {
		root = []string{"/api", resource.Version}
	}
	return c.rest.Verb(verb).AbsPath(root...).NamespaceIfScoped(namespace, namespace != "").Resource(resource.Resource).Name(name)
}

// send sends a request. A failure that the API server explained is an apierrors.APIStatus.
func send(ctx context.Context, request *rest.Request) ([]byte, error) {
	result := request.Do(ctx)
	if err := result.Error(); err != nil { // Raw would return it without the server's explanation
		return nil, err
	}
	return result.Raw()
}
