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

import "time"

// What omitted fields become. The version packages default with these values,
// and so does the folding of the 2018 dialect, which happens after defaulting.
const (
	DefaultHookVersion                         = HookVersionV1
	DefaultServicePort                   int32 = 80
	DefaultServiceProtocol                     = ServiceProtocolHTTP
	DefaultWebhookTimeout                      = 10 * time.Second
	DefaultInitializerFailurePolicy            = InitializerFail
	DefaultInitializerDeferral                 = InitializerDeferGate
	DefaultInitializerReinvocationPolicy       = InitializerReinvokeNever
	DefaultRevisionFieldPath                   = "spec"
	DefaultCABundleKey                         = "ca.crt"
	DefaultClientTLSCertKey                    = "tls.crt"
	DefaultClientTLSPrivateKey                 = "tls.key"
	DefaultAuthorizationType                   = "Bearer"
	DefaultBasicAuthUsername                   = "username"
	DefaultBasicAuthPassword                   = "password"
	// MinResyncPeriodSeconds is what smaller non-zero periods are raised to.
	MinResyncPeriodSeconds int32 = 1
)

// DefaultResponseUnmarshalMode is the mode of a hook of the given version that
// does not say: v2 hooks are checked strictly.
func DefaultResponseUnmarshalMode(version HookVersion) ResponseUnmarshalMode {
	if version == HookVersionV2 {
		return ResponseUnmarshalModeStrict
	}
	return ResponseUnmarshalModeLoose
}
