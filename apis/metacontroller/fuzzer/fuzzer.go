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

// Package fuzzer makes random metacontroller.k8s.io objects for round-trip
// tests: internal objects as they are after decoding, with every default set.
// It is for tests only.
package fuzzer

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	runtimeserializer "k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/randfill"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// Funcs returns the fuzzers of the types that have defaults: what decoding
// would fill in must be there before, or the object does not survive a round
// trip.
func Funcs(runtimeserializer.CodecFactory) []any {
	return slices.Concat(specFuncs(), resourceFuncs(), hookFuncs(), securityFuncs())
}

func specFuncs() []any {
	return []any{
		func(spec *metacontroller.CompositeControllerSpec, c randfill.Continue) {
			c.FillNoCustom(spec)
			ensure(&spec.GenerateSelector, c.Bool())
			if spec.ResyncPeriodSeconds != nil {
				spec.ResyncPeriodSeconds = new(c.Int31())
			}
		},
		func(spec *metacontroller.DecoratorControllerSpec, c randfill.Continue) {
			c.FillNoCustom(spec)
			if spec.ResyncPeriodSeconds != nil {
				spec.ResyncPeriodSeconds = new(c.Int31())
			}
		},
		func(spec *metacontroller.InitializerControllerSpec, c randfill.Continue) {
			c.FillNoCustom(spec)
			spec.FailurePolicy = metacontroller.InitializerDefer
			spec.Deferral = metacontroller.InitializerDeferAnnotate
			spec.ReinvocationPolicy = metacontroller.InitializerReinvokeIfNeeded
		},
		func(revision *metacontroller.ControllerRevision, c randfill.Continue) {
			c.FillNoCustom(revision)
			revision.ParentPatch = runtime.RawExtension{Raw: []byte(`{"spec":{"replicas":3}}`)}
		},
	}
}

func resourceFuncs() []any {
	return []any{
		func(rule *metacontroller.ParentResourceRule, c randfill.Continue) {
			c.FillNoCustom(rule)
			ensure(&rule.IgnoreStatusChanges, c.Bool())
		},
		func(history *metacontroller.RevisionHistory, c randfill.Continue) {
			history.FieldPaths = []string{c.String(0), c.String(0)}
		},
	}
}

func hookFuncs() []any {
	return []any{
		func(hook *metacontroller.Hook, c randfill.Continue) {
			c.FillNoCustom(hook)
			hook.Version = metacontroller.HookVersionV2
		},
		func(webhook *metacontroller.Webhook, c randfill.Continue) {
			c.FillNoCustom(webhook)
			if webhook.Timeout == "" {
				webhook.Timeout = metacontroller.DefaultWebhookTimeout.String()
			}
			webhook.ResponseUnmarshalMode = metacontroller.ResponseUnmarshalModeLoose
		},
		func(service *metacontroller.ServiceReference, c randfill.Continue) {
			c.FillNoCustom(service)
			ensure(&service.Port, c.Int31())
			service.Protocol = metacontroller.ServiceProtocolHTTPS
		},
		func(etag *metacontroller.ETag, c randfill.Continue) {
			c.FillNoCustom(etag)
			ensure(&etag.Enabled, c.Bool())
		},
	}
}

func securityFuncs() []any {
	return []any{
		func(bundle *metacontroller.CABundle, c randfill.Continue) {
			c.FillNoCustom(bundle)
			if bundle.SecretRef != nil {
				bundle.SecretRef.Key = filled(c)
			}
			if bundle.ConfigMapRef != nil {
				bundle.ConfigMapRef.Key = filled(c)
			}
		},
		func(tls *metacontroller.ClientTLS, c randfill.Continue) {
			c.FillNoCustom(tls)
			tls.CertKey, tls.PrivateKeyKey = filled(c), filled(c)
		},
		func(authorization *metacontroller.Authorization, c randfill.Continue) {
			c.FillNoCustom(authorization)
			authorization.Type = strings.TrimSpace(filled(c))
		},
		func(auth *metacontroller.BasicAuth, c randfill.Continue) {
			c.FillNoCustom(auth)
			auth.UsernameKey, auth.PasswordKey = filled(c), filled(c)
		},
	}
}

// ensure sets a field that is omitted.
func ensure[T any](field **T, value T) {
	if *field == nil {
		*field = &value
	}
}

// filled returns a random string that is not empty.
func filled(c randfill.Continue) string {
	return "x" + c.String(0)
}
