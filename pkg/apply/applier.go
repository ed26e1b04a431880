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

package apply

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// DefaultParallelism is how many children of one call are written at the same time unless Options say otherwise.
const DefaultParallelism = 8

// Options are what an Applier can be told.
type Options struct {
	// FieldManager owns the fields that are applied. Required.
	FieldManager string
	// Parallelism is how many children of one call are written at the same time. Default DefaultParallelism.
	Parallelism int
}

// Applier writes children and parents. Safe for concurrent use.
type Applier struct {
	client       rest.Interface
	fieldManager string
	parallelism  int
}

// New returns an Applier for the API server of config. The rate limit of config is not used.
func New(config *rest.Config, opts Options) (*Applier, error) {
	if opts.FieldManager == "" {
		return nil, fmt.Errorf("a field manager is required")
	}
	if opts.Parallelism < 0 {
		return nil, fmt.Errorf("parallelism %d is negative", opts.Parallelism)
	}
	if opts.Parallelism == 0 {
		opts.Parallelism = DefaultParallelism
	}
	client, err := newClient(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for %s: %w", config.Host, err)
	}
	return &Applier{client: client, fieldManager: opts.FieldManager, parallelism: opts.Parallelism}, nil
}

// newClient returns a client for requests of any group: it decodes nothing but the Status of a failure.
func newClient(config *rest.Config) (rest.Interface, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.RateLimiter = nil
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.GroupVersion = nil
	config.APIPath = ""
	config.ContentType = runtime.ContentTypeJSON
	config.AcceptContentTypes = ""
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return rest.UnversionedRESTClientForConfigAndClient(config, httpClient)
}
