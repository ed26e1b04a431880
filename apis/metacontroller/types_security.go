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

// CABundle says where the certificates are that verify a hook's server.
type CABundle struct {
	Inline       string
	SecretRef    *SecretKeyReference
	ConfigMapRef *ConfigMapKeyReference
}

// ClientTLS says where the certificate is that a hook's server is shown.
type ClientTLS struct {
	SecretRef     SecretReference
	CertKey       string
	PrivateKeyKey string
}

// Authorization says where the value of the Authorization header is.
type Authorization struct {
	Type      string
	SecretRef SecretKeyReference
}

// BasicAuth says where the user name and password for a hook are.
type BasicAuth struct {
	SecretRef   SecretReference
	UsernameKey string
	PasswordKey string
}

// SecretReference names a Secret.
type SecretReference struct {
	Name      string
	Namespace string
}

// SecretKeyReference names one key of a Secret.
type SecretKeyReference struct {
	Name      string
	Namespace string
	Key       string
}

// ConfigMapKeyReference names one key of a ConfigMap.
type ConfigMapKeyReference struct {
	Name      string
	Namespace string
	Key       string
}

// EndpointConfig is the security configuration of every webhook whose host
// matches and that sets none of its own.
type EndpointConfig struct {
	Host          string
	CABundle      *CABundle
	ClientTLS     *ClientTLS
	Authorization *Authorization
	BasicAuth     *BasicAuth
}
