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

package v1alpha1

// ClientConfig is the 2018 form of a hook's server, shared by all hooks of a
// controller.
type ClientConfig struct {
	// service is deprecated: write hooks.<hook>.webhook.service instead. It
	// names the Service that serves the hooks, over http on port 80.
	// +optional
	// +k8s:optional
	Service *ClientConfigService `json:"service,omitempty"`

	// caBundle is deprecated and has no effect, as in 2018: the hooks are
	// called over http, where there is no certificate to verify. Write
	// hooks.<hook>.webhook with protocol https and caBundle instead.
	// +optional
	CABundle string `json:"caBundle,omitempty"`
}

// ClientConfigService names the Service that serves the hooks of a 2018
// manifest.
type ClientConfigService struct {
	// name of the Service. Required. Example: shop-hooks.
	// +required
	Name string `json:"name"`

	// namespace of the Service. Required. Example: shop.
	// +required
	Namespace string `json:"namespace"`
}
