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

// Hook is one hook of a controller: a protocol version and exactly one
// executor, of which webhook is the only one.
type Hook struct {
	// version of the requests and responses. v1 names observed objects as the
	// parent sees them; v2 always names them namespace/name, lets children live
	// in other namespaces, and decodes responses strictly. Default: v1.
	// +optional
	// +k8s:optional
	Version HookVersion `json:"version,omitempty"`

	// webhook calls the hook over HTTP. Required. Example: {url:
	// https://hooks.example.com/sync}.
	// +optional
	// +k8s:optional
	Webhook *Webhook `json:"webhook,omitempty"`

	// path is deprecated, the form of 2018: write webhook.path instead. It is
	// accepted together with the controller's clientConfig, stored as
	// webhook.path, and answered with a warning.
	// +optional
	Path string `json:"path,omitempty"`
}

// HookVersion is the version of the request and response that a hook speaks.
// +enum
// +k8s:enum
type HookVersion string

// The hook versions.
const (
	// HookVersionV1 is the version that hooks have spoken since 2018.
	HookVersionV1 HookVersion = "v1"
	// HookVersionV2 names every object namespace/name.
	HookVersionV2 HookVersion = "v2"
)

// Webhook calls a hook with a POST of JSON over HTTP. It is reached by url, or
// by service and path.
type Webhook struct {
	// url is the full URL of the hook, http or https, without user information.
	// It wins over service and path, which are then ignored. Default: none;
	// Required without service. Example: https://hooks.example.com/sync.
	// +optional
	URL string `json:"url,omitempty"`

	// service is the Service that serves the hook. Needs path. Default: none;
	// Required without url. Example: {name: shop-hooks, namespace: shop}.
	// +optional
	// +k8s:optional
	Service *ServiceReference `json:"service,omitempty"`

	// path is the path of the hook on service, starting with a slash. A query
	// may follow. Default: none; Required with service. Example: /sync.
	// +optional
	Path string `json:"path,omitempty"`

	// timeout limits the whole call, from connecting to the last byte of the
	// response. A duration such as 500ms, 10s or 1m30s, longer than 0. Default:
	// 10s. Example: 30s.
	// +optional
	Timeout string `json:"timeout,omitempty"`

	// etag configures the caching of responses by their ETag header. Default: no
	// caching. Example: {enabled: true}.
	// +optional
	// +k8s:optional
	ETag *ETag `json:"etag,omitempty"`

	// responseUnMarshallMode says how exact a response must be. strict refuses
	// unknown and duplicate fields; loose ignores them. Default: loose for a
	// hook of version v1, strict for v2.
	// +optional
	// +k8s:optional
	ResponseUnmarshalMode ResponseUnmarshalMode `json:"responseUnMarshallMode,omitempty"`

	// caBundle has the certificates of the authorities that may have signed the
	// server's certificate. Default: the authorities that the system trusts.
	// Example: {secretRef: {name: hook-tls, namespace: shop}}.
	// +optional
	// +k8s:optional
	CABundle *CABundle `json:"caBundle,omitempty"`

	// clientTLS has the certificate that is shown to the server. Default: none.
	// Example: {secretRef: {name: hook-client, namespace: shop}}.
	// +optional
	// +k8s:optional
	ClientTLS *ClientTLS `json:"clientTLS,omitempty"`

	// authorization has the token that is sent in the Authorization header. May
	// not be set together with basicAuth. Default: none. Example: {secretRef:
	// {name: hook-token, namespace: shop, key: token}}.
	// +optional
	// +k8s:optional
	// +k8s:zeroOrOneOfMember
	Authorization *Authorization `json:"authorization,omitempty"`

	// basicAuth has the user name and password that are sent in the
	// Authorization header. May not be set together with authorization. Default:
	// none. Example: {secretRef: {name: hook-user, namespace: shop}}.
	// +optional
	// +k8s:optional
	// +k8s:zeroOrOneOfMember
	BasicAuth *BasicAuth `json:"basicAuth,omitempty"`
}

// ServiceReference names the Service that serves a hook, which is called at
// protocol://name.namespace:port followed by the path.
type ServiceReference struct {
	// name of the Service. Required. Example: shop-hooks.
	// +required
	// +k8s:required
	// +k8s:format=k8s-short-name
	Name string `json:"name"`

	// namespace of the Service. Required. Example: shop.
	// +required
	// +k8s:required
	// +k8s:format=k8s-short-name
	Namespace string `json:"namespace"`

	// port of the Service, from 1 to 65535. Default: 80. Example: 8443.
	// +optional
	// +k8s:optional
	// +k8s:minimum=1
	// +k8s:maximum=65535
	Port *int32 `json:"port,omitempty"`

	// protocol spoken by the Service: http or https. Default: http.
	// +optional
	// +k8s:optional
	Protocol ServiceProtocol `json:"protocol,omitempty"`
}

// ServiceProtocol is the URL scheme used to reach a Service.
// +enum
// +k8s:enum
type ServiceProtocol string

// The service protocols.
const (
	// ServiceProtocolHTTP calls in plain text.
	ServiceProtocolHTTP ServiceProtocol = "http"
	// ServiceProtocolHTTPS calls over TLS.
	ServiceProtocolHTTPS ServiceProtocol = "https"
)

// ETag configures the caching of responses. With it the last response for each
// parent is kept together with its ETag header, the next request carries that
// in If-None-Match, and an answer of 304 or 412 stands for the kept response.
type ETag struct {
	// enabled turns the cache on. Default: false.
	// +optional
	// +k8s:optional
	Enabled *bool `json:"enabled,omitempty"`

	// cacheTimeoutSeconds is how long a response is kept, in seconds. Omitted or
	// 0: until the room is needed. Example: 3600.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	CacheTimeoutSeconds *int32 `json:"cacheTimeoutSeconds,omitempty"`

	// cacheCleanupSeconds is how often responses that are too old are removed,
	// in seconds. Omitted or 0: when they are met. Example: 60.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	CacheCleanupSeconds *int32 `json:"cacheCleanupSeconds,omitempty"`
}

// ResponseUnmarshalMode says how exact a response must be.
// +enum
// +k8s:enum
type ResponseUnmarshalMode string

// The modes of decoding a response.
const (
	// ResponseUnmarshalModeLoose ignores unknown and duplicate fields.
	ResponseUnmarshalModeLoose ResponseUnmarshalMode = "loose"
	// ResponseUnmarshalModeStrict refuses unknown and duplicate fields.
	ResponseUnmarshalModeStrict ResponseUnmarshalMode = "strict"
)
