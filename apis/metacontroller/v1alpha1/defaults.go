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

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// The rules in childResources, resources and attachments stay as they were
// written: those lists are replaced as a whole by an apply, so a default stored
// in one would make it differ from its manifest for ever. What uses a rule
// takes an omitted field for its default.

func addDefaultingFuncs(scheme *runtime.Scheme) error {
	return RegisterDefaults(scheme)
}

// SetDefaults_CompositeControllerSpec fills what a CompositeController omits.
func SetDefaults_CompositeControllerSpec(spec *CompositeControllerSpec) {
	setDefault(&spec.GenerateSelector, false)
}

// SetDefaults_InitializerControllerSpec fills what an InitializerController
// omits.
func SetDefaults_InitializerControllerSpec(spec *InitializerControllerSpec) {
	setZero(&spec.FailurePolicy, InitializerFailurePolicy(metacontroller.DefaultInitializerFailurePolicy))
	setZero(&spec.Deferral, InitializerDeferral(metacontroller.DefaultInitializerDeferral))
	setZero(&spec.ReinvocationPolicy, InitializerReinvocationPolicy(metacontroller.DefaultInitializerReinvocationPolicy))
}

// SetDefaults_ParentResourceRule fills what a parent rule omits.
func SetDefaults_ParentResourceRule(rule *ParentResourceRule) {
	setDefault(&rule.IgnoreStatusChanges, false)
}

// SetDefaults_RevisionHistory makes the whole spec the revision. A rule without
// revisionHistory means the same and stays without.
func SetDefaults_RevisionHistory(history *RevisionHistory) {
	if len(history.FieldPaths) == 0 {
		history.FieldPaths = []string{metacontroller.DefaultRevisionFieldPath}
	}
}

// SetDefaults_Hook fills the version, and in the webhook what depends on it.
func SetDefaults_Hook(hook *Hook) {
	setZero(&hook.Version, HookVersion(metacontroller.DefaultHookVersion))
	if hook.Webhook != nil {
		mode := metacontroller.DefaultResponseUnmarshalMode(metacontroller.HookVersion(hook.Version))
		setZero(&hook.Webhook.ResponseUnmarshalMode, ResponseUnmarshalMode(mode))
	}
}

// SetDefaults_Webhook fills the timeout.
func SetDefaults_Webhook(webhook *Webhook) {
	if webhook.Timeout == "" {
		webhook.Timeout = metacontroller.DefaultWebhookTimeout.String()
	}
}

// SetDefaults_ServiceReference fills the port and protocol.
func SetDefaults_ServiceReference(service *ServiceReference) {
	setDefault(&service.Port, metacontroller.DefaultServicePort)
	setZero(&service.Protocol, ServiceProtocol(metacontroller.DefaultServiceProtocol))
}

// SetDefaults_ETag leaves the cache off.
func SetDefaults_ETag(etag *ETag) {
	setDefault(&etag.Enabled, false)
}

// SetDefaults_CABundle fills the keys of the references.
func SetDefaults_CABundle(bundle *CABundle) {
	if bundle.SecretRef != nil {
		setZero(&bundle.SecretRef.Key, metacontroller.DefaultCABundleKey)
	}
	if bundle.ConfigMapRef != nil {
		setZero(&bundle.ConfigMapRef.Key, metacontroller.DefaultCABundleKey)
	}
}

// SetDefaults_ClientTLS fills the Secret's keys.
func SetDefaults_ClientTLS(tls *ClientTLS) {
	setZero(&tls.CertKey, metacontroller.DefaultClientTLSCertKey)
	setZero(&tls.PrivateKeyKey, metacontroller.DefaultClientTLSPrivateKey)
}

// SetDefaults_Authorization fills the authentication scheme, around which
// Metacontroller allowed blanks.
func SetDefaults_Authorization(authorization *Authorization) {
	authorization.Type = strings.TrimSpace(authorization.Type)
	setZero(&authorization.Type, metacontroller.DefaultAuthorizationType)
}

// SetDefaults_BasicAuth fills the Secret's keys.
func SetDefaults_BasicAuth(auth *BasicAuth) {
	setZero(&auth.UsernameKey, metacontroller.DefaultBasicAuthUsername)
	setZero(&auth.PasswordKey, metacontroller.DefaultBasicAuthPassword)
}

// setDefault points an omitted field to its default.
func setDefault[T any](field **T, value T) {
	if *field == nil {
		*field = &value
	}
}

// setZero gives an empty field its default.
func setZero[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
