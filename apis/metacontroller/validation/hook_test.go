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

package validation

import (
	"testing"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// webhook modifies the webhook of the sync hook.
func webhook(change func(*metacontroller.Webhook)) modification {
	return func(c *metacontroller.CompositeController) { change(c.Spec.Hooks.Sync.Webhook) }
}

// byURL makes the sync hook one with a url.
func byURL(url string) modification {
	return webhook(func(w *metacontroller.Webhook) { w.URL, w.Service, w.Path = url, nil, "" })
}

func TestValidateHook(t *testing.T) {
	run(t, map[string]invalid{
		"Version": {
			func(c *metacontroller.CompositeController) { c.Spec.Hooks.Sync.Version = "v3" },
			[]string{`spec.hooks.sync.version: Unsupported value: "v3": supported values: "v1", "v2"`},
		},
		"NoExecutor": {
			func(c *metacontroller.CompositeController) {
				c.Spec.Hooks.Finalize = &metacontroller.Hook{Version: "v1"}
			},
			[]string{`spec.hooks.finalize.webhook: Required value: a hook needs exactly one executor, and webhook is the only one`},
		},
		"CustomizeIsCheckedToo": {
			func(c *metacontroller.CompositeController) {
				c.Spec.Hooks.Customize = &metacontroller.Hook{Version: "v1"}
			},
			[]string{`spec.hooks.customize.webhook: Required value: a hook needs exactly one executor, and webhook is the only one`},
		},
		"NoDuration": {
			webhook(func(w *metacontroller.Webhook) { w.Timeout = "abc" }),
			[]string{`spec.hooks.sync.webhook.timeout: Invalid value: "abc": must be a duration, for example 500ms, 10s or 1m30s`},
		},
		"ZeroTimeout": {
			webhook(func(w *metacontroller.Webhook) { w.Timeout = "0s" }),
			[]string{`spec.hooks.sync.webhook.timeout: Invalid value: "0s": must be longer than 0, for example 10s`},
		},
		"NegativeTimeout": {
			webhook(func(w *metacontroller.Webhook) { w.Timeout = "-1m0s" }),
			[]string{`spec.hooks.sync.webhook.timeout: Invalid value: "-1m0s": must be longer than 0, for example 10s`},
		},
		"ResponseUnmarshalMode": {
			webhook(func(w *metacontroller.Webhook) { w.ResponseUnmarshalMode = "Strict" }),
			[]string{`spec.hooks.sync.webhook.responseUnMarshallMode: Unsupported value: "Strict": supported values: "loose", "strict"`},
		},
		"ETag": {
			webhook(func(w *metacontroller.Webhook) {
				w.ETag = &metacontroller.ETag{CacheTimeoutSeconds: new(int32(-1)), CacheCleanupSeconds: new(int32(-2))}
			}),
			[]string{
				`spec.hooks.sync.webhook.etag.cacheTimeoutSeconds: Invalid value: -1: must be greater than or equal to 0`,
				`spec.hooks.sync.webhook.etag.cacheCleanupSeconds: Invalid value: -2: must be greater than or equal to 0`,
			},
		},
	})
}

func TestValidateTarget(t *testing.T) {
	run(t, map[string]invalid{
		"Nothing": {
			webhook(func(w *metacontroller.Webhook) { w.Service, w.Path = nil, "" }),
			[]string{`spec.hooks.sync.webhook: Required value: set either url, or service and path`},
		},
		"PathWithoutService": {
			webhook(func(w *metacontroller.Webhook) { w.Service = nil }),
			[]string{`spec.hooks.sync.webhook.service: Required value: path needs a service: set either url, or service and path`},
		},
		"ServiceWithoutPath": {
			webhook(func(w *metacontroller.Webhook) { w.Path = "" }),
			[]string{`spec.hooks.sync.webhook.path: Required value: service needs a path: must start with /, for example /sync`},
		},
		"PathWithoutSlash": {
			webhook(func(w *metacontroller.Webhook) { w.Path = "sync" }),
			[]string{`spec.hooks.sync.webhook.path: Invalid value: "sync": must start with /, for example /sync`},
		},
		"PathWithFragment": {
			webhook(func(w *metacontroller.Webhook) { w.Path = "/sync#" }),
			[]string{`spec.hooks.sync.webhook.path: Invalid value: "/sync#": may not have a fragment`},
		},
		"PathWithControlCharacter": {
			webhook(func(w *metacontroller.Webhook) { w.Path = "/a\nb" }),
			[]string{`spec.hooks.sync.webhook.path: Invalid value: "/a\nb": must be the path of a URL: net/url: invalid control character in URL`},
		},
		"PathEscape": {
			webhook(func(w *metacontroller.Webhook) { w.Path = "/%zz" }),
			[]string{`spec.hooks.sync.webhook.path: Invalid value: "/%zz": must be the path of a URL: invalid URL escape "%zz"`},
		},
		"EmptyService": {
			webhook(func(w *metacontroller.Webhook) { w.Service.Name, w.Service.Namespace = "", "" }),
			[]string{
				`spec.hooks.sync.webhook.service.name: Required value`,
				`spec.hooks.sync.webhook.service.namespace: Required value`,
			},
		},
		"ServiceName": {
			webhook(func(w *metacontroller.Webhook) { w.Service.Name = "Shops" }),
			[]string{`spec.hooks.sync.webhook.service.name: Invalid value: "Shops": ` + label1123},
		},
		"ServiceNamespace": {
			webhook(func(w *metacontroller.Webhook) { w.Service.Namespace = "Default" }),
			[]string{`spec.hooks.sync.webhook.service.namespace: Invalid value: "Default": ` + label1123},
		},
		"PortZero": {
			webhook(func(w *metacontroller.Webhook) { w.Service.Port = new(int32(0)) }),
			[]string{`spec.hooks.sync.webhook.service.port: Invalid value: 0: must be greater than or equal to 1`},
		},
		"PortTooLarge": {
			webhook(func(w *metacontroller.Webhook) { w.Service.Port = new(int32(65536)) }),
			[]string{`spec.hooks.sync.webhook.service.port: Invalid value: 65536: must be less than or equal to 65535`},
		},
		"Protocol": {
			webhook(func(w *metacontroller.Webhook) { w.Service.Protocol = "HTTPS" }),
			[]string{`spec.hooks.sync.webhook.service.protocol: Unsupported value: "HTTPS": supported values: "http", "https"`},
		},
	})
}

func TestValidateURL(t *testing.T) {
	const at = `spec.hooks.sync.webhook.url: Invalid value: `
	run(t, map[string]invalid{
		"Scheme":           {byURL("ftp://example.com"), []string{at + `"ftp://example.com": must start with http:// or https://`}},
		"NoScheme":         {byURL("//example.com/sync"), []string{at + `"//example.com/sync": must start with http:// or https://`}},
		"NoHost":           {byURL("http:///sync"), []string{at + `"http:///sync": host must be a DNS name or an IP address, IPv6 in brackets, with an optional port`}},
		"Opaque":           {byURL("http:sync"), []string{at + `"http:sync": host must be a DNS name or an IP address, IPv6 in brackets, with an optional port`}},
		"HostSyntax":       {byURL("http://ex_ample.com"), []string{at + `"http://ex_ample.com": host must be a DNS name or an IP address, IPv6 in brackets, with an optional port`}},
		"User":             {byURL("http://me@example.com"), []string{at + `"http://me@example.com": may not have user information: use basicAuth or authorization`}},
		"PasswordIsHidden": {byURL("http://me:secret@example.com"), []string{at + `"http://me:xxxxx@example.com": may not have user information: use basicAuth or authorization`}},
		"UnparsedPassword": {byURL("http://me:sec ret@exa mple.com"), []string{at + `"http://xxxxx@exa mple.com": must be a URL, for example https://hooks.example.com/sync: invalid character " " in host name`}},
		"Port":             {byURL("http://example.com:65536"), []string{at + `"http://example.com:65536": host must have a port from 1 to 65535 after the colon`}},
		"EmptyPort":        {byURL("http://example.com:"), []string{at + `"http://example.com:": host must have a port from 1 to 65535 after the colon`}},
		"PortName":         {byURL("http://example.com:http"), []string{at + `"http://example.com:http": must be a URL, for example https://hooks.example.com/sync: invalid port ":http" after host`}},
		"Fragment":         {byURL("http://example.com/#"), []string{at + `"http://example.com/": may not have a fragment`}},
		"NotAURL":          {byURL("http://exa mple.com"), []string{at + `"http://exa mple.com": must be a URL, for example https://hooks.example.com/sync: invalid character " " in host name`}},
		"Everything": {byURL("ftp://me@:0/#a"), []string{
			at + `"ftp://me@:0/#a": must start with http:// or https://`,
			at + `"ftp://me@:0/#a": may not have user information: use basicAuth or authorization`,
			at + `"ftp://me@:0/#a": host must be a DNS name or an IP address, IPv6 in brackets, with an optional port`,
			at + `"ftp://me@:0/#a": may not have a fragment`,
		}},
	})
}
