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

package metacontroller

// Hook is one hook of a controller: a protocol version and one executor.
type Hook struct {
	Version HookVersion
	Webhook *Webhook
	// Path is the 2018 form of Webhook.Path; empty once folded.
	Path string
}

// HookVersion is the version of the request and response that a hook speaks.
type HookVersion string

// The hook versions.
const (
	HookVersionV1 HookVersion = "v1"
	HookVersionV2 HookVersion = "v2"
)

// Webhook calls a hook over HTTP.
type Webhook struct {
	URL                   string
	Service               *ServiceReference
	Path                  string
	Timeout               string
	ETag                  *ETag
	ResponseUnmarshalMode ResponseUnmarshalMode

	CABundle      *CABundle
	ClientTLS     *ClientTLS
	Authorization *Authorization
	BasicAuth     *BasicAuth
}

// ServiceReference names the Service that serves a hook.
type ServiceReference struct {
	Name      string
	Namespace string
	Port      *int32
	Protocol  ServiceProtocol
}

// ServiceProtocol is the URL scheme used to reach a Service.
type ServiceProtocol string

// The service protocols.
const (
	ServiceProtocolHTTP  ServiceProtocol = "http"
	ServiceProtocolHTTPS ServiceProtocol = "https"
)

// ETag configures the caching of responses.
type ETag struct {
	Enabled             *bool
	CacheTimeoutSeconds *int32
	CacheCleanupSeconds *int32
}

// ResponseUnmarshalMode says how exact a response must be.
type ResponseUnmarshalMode string

// The modes of decoding a response.
const (
	ResponseUnmarshalModeLoose  ResponseUnmarshalMode = "loose"
	ResponseUnmarshalModeStrict ResponseUnmarshalMode = "strict"
)
