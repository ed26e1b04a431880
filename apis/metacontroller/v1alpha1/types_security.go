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

// CABundle says where the certificates are that verify a hook's server:
// exactly one of its fields is set.
type CABundle struct {
	// inline has the certificates themselves, in PEM. Default: none. Example:
	// "-----BEGIN CERTIFICATE-----..." as written by openssl.
	// +optional
	// +k8s:optional
	// +k8s:unionMember
	Inline string `json:"inline,omitempty"`

	// secretRef names the key of a Secret that has the certificates, in PEM. A
	// change of the Secret is picked up. Default: none; the key alone is ca.crt
	// by default. Example: {name: hook-tls, namespace: shop}.
	// +optional
	// +k8s:optional
	// +k8s:unionMember
	SecretRef *SecretKeyReference `json:"secretRef,omitempty"`

	// configMapRef names the key of a ConfigMap that has the certificates, in
	// PEM. A change of the ConfigMap is picked up. Default: none; the key alone
	// is ca.crt by default. Example: {name: hook-ca, namespace: shop}.
	// +optional
	// +k8s:optional
	// +k8s:unionMember
	ConfigMapRef *ConfigMapKeyReference `json:"configMapRef,omitempty"`
}

// ClientTLS says where the certificate is that a hook's server is shown.
type ClientTLS struct {
	// secretRef names the Secret that has the certificate and its private key,
	// for instance one of type kubernetes.io/tls. Required. Example: {name:
	// hook-client, namespace: shop}.
	// +required
	SecretRef SecretReference `json:"secretRef"`

	// certKey is the Secret's key of the certificate. Default: tls.crt. Example:
	// client.crt.
	// +optional
	CertKey string `json:"certKey,omitempty"`

	// privateKeyKey is the Secret's key of the private key. Default: tls.key.
	// Example: client.key.
	// +optional
	PrivateKeyKey string `json:"privateKeyKey,omitempty"`
}

// Authorization says where the value of the Authorization header is, which is
// sent as "<type> <value>".
type Authorization struct {
	// type is the authentication scheme. Basic is not allowed: use basicAuth.
	// Default: Bearer. Example: Token.
	// +optional
	Type string `json:"type,omitempty"`

	// secretRef names the key of the Secret that has the value. Blanks around
	// the value are cut off. Required, with its key. Example: {name: hook-token,
	// namespace: shop, key: token}.
	// +required
	SecretRef SecretKeyReference `json:"secretRef"`
}

// BasicAuth says where the user name and password for a hook are.
type BasicAuth struct {
	// secretRef names the Secret that has both, for instance one of type
	// kubernetes.io/basic-auth. Required. Example: {name: hook-user, namespace:
	// shop}.
	// +required
	SecretRef SecretReference `json:"secretRef"`

	// usernameKey is the Secret's key of the user name. Default: username.
	// Example: user.
	// +optional
	UsernameKey string `json:"usernameKey,omitempty"`

	// passwordKey is the Secret's key of the password. Default: password.
	// Example: pass.
	// +optional
	PasswordKey string `json:"passwordKey,omitempty"`
}

// SecretReference names a Secret.
type SecretReference struct {
	// name of the Secret. Required. Example: hook-user.
	// +required
	// +k8s:required
	// +k8s:format=k8s-long-name
	Name string `json:"name"`

	// namespace of the Secret. Required. Example: shop.
	// +required
	// +k8s:required
	// +k8s:format=k8s-short-name
	Namespace string `json:"namespace"`
}

// SecretKeyReference names one key of a Secret.
type SecretKeyReference struct {
	// name of the Secret. Required. Example: hook-token.
	// +required
	// +k8s:required
	// +k8s:format=k8s-long-name
	Name string `json:"name"`

	// namespace of the Secret. Required. Example: shop.
	// +required
	// +k8s:required
	// +k8s:format=k8s-short-name
	Namespace string `json:"namespace"`

	// key of the Secret's data. Default: ca.crt in a caBundle; Required
	// elsewhere. Example: token.
	// +optional
	Key string `json:"key,omitempty"`
}

// ConfigMapKeyReference names one key of a ConfigMap.
type ConfigMapKeyReference struct {
	// name of the ConfigMap. Required. Example: hook-ca.
	// +required
	// +k8s:required
	// +k8s:format=k8s-long-name
	Name string `json:"name"`

	// namespace of the ConfigMap. Required. Example: shop.
	// +required
	// +k8s:required
	// +k8s:format=k8s-short-name
	Namespace string `json:"namespace"`

	// key of the ConfigMap's data. Default: ca.crt. Example: bundle.pem.
	// +optional
	Key string `json:"key,omitempty"`
}

// EndpointConfig is the security configuration of every webhook whose host
// matches and that sets none of its own.
type EndpointConfig struct {
	// host that the entry is for, as host or host:port, in any case. No port
	// equals port 443 of an https URL and port 80 of an http URL. The host of a
	// webhook given as a service is name.namespace. Required.
	// Example: hooks.example.com:8443.
	// +required
	Host string `json:"host"`

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
