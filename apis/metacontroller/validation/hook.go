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
	"errors"
	"net/url"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// namedHook is a hook with its JSON name.
type namedHook struct {
	name string
	hook *metacontroller.Hook
}

func validateHooks(hooks []namedHook, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, h := range hooks {
		errs = append(errs, validateHook(h.hook, path.Child(h.name))...)
	}
	return errs
}

func validateHook(hook *metacontroller.Hook, path *field.Path) field.ErrorList {
	if hook == nil {
		return nil
	}
	var errs field.ErrorList
	switch {
	case hook.Path != "" && hook.Webhook != nil:
		errs = append(errs, field.Forbidden(path.Child("path"), "contradicts webhook: set one of them, preferably webhook"))
	case hook.Path != "":
		errs = append(errs, field.Forbidden(path.Child("path"), "needs spec.clientConfig.service: write webhook with url, or with service and path"))
	case hook.Webhook == nil:
		errs = append(errs, field.Required(path.Child("webhook"), "a hook needs exactly one executor, and webhook is the only one"))
	}
	if hook.Webhook != nil {
		errs = append(errs, validateWebhook(hook.Webhook, path.Child("webhook"))...)
	}
	return errs
}

func validateWebhook(webhook *metacontroller.Webhook, path *field.Path) field.ErrorList {
	errs := validateTarget(webhook, path)
	errs = append(errs, validateTimeout(webhook.Timeout, path.Child("timeout"))...)
	return append(errs, validateSecurity(security{
		webhook.CABundle, webhook.ClientTLS, webhook.Authorization, webhook.BasicAuth,
	}, path)...)
}

func validateTimeout(text string, path *field.Path) field.ErrorList {
	if text == "" {
		return nil
	}
	switch timeout, err := time.ParseDuration(text); {
	case err != nil:
		return field.ErrorList{field.Invalid(path, text, "must be a duration, for example 500ms, 10s or 1m30s")}
	case timeout <= 0:
		return field.ErrorList{field.Invalid(path, text, "must be longer than 0, for example 10s")}
	}
	return nil
}

// validateTarget checks that there is a url, or a service with a path. A url wins over the others
// (docs/protocol.md §1), which is worth a warning and no refusal.
func validateTarget(webhook *metacontroller.Webhook, path *field.Path) field.ErrorList {
	const rule = "set either url, or service and path"
	if webhook.URL != "" {
		return validateURL(webhook.URL, path.Child("url"))
	}
	var errs field.ErrorList
	switch {
	case webhook.Service == nil && webhook.Path == "":
		return append(errs, field.Required(path, rule))
	case webhook.Service == nil:
		errs = append(errs, field.Required(path.Child("service"), "path needs a service: "+rule))
	}
	return append(errs, validatePath(webhook.Path, path.Child("path"))...)
}

func validateURL(raw string, path *field.Path) field.ErrorList {
	parsed, err := url.Parse(raw)
	if err != nil {
		return field.ErrorList{field.Invalid(path, withoutUser(raw), "must be a URL, for example https://hooks.example.com/sync: "+parseReason(err))}
	}
	var errs field.ErrorList
	invalid := func(detail string) {
		errs = append(errs, field.Invalid(path, parsed.Redacted(), detail))
	}
	if parsed.Scheme != "http" && parsed.Scheme != "https" {
		invalid("must start with http:// or https://")
		if parsed.Host == "" {
			return errs
		}
	}
	if parsed.User != nil {
		invalid("may not have user information: use basicAuth or authorization")
	}
	if reason := hostProblem(parsed.Host); reason != "" {
		invalid("host " + reason)
	}
	if strings.Contains(raw, "#") {
		invalid("may not have a fragment")
	}
	return errs
}

// withoutUser hides what may be a password in what cannot be parsed.
func withoutUser(raw string) string {
	at := strings.LastIndex(raw, "@")
	if at < 0 {
		return raw
	}
	scheme, _, _ := strings.Cut(raw[:at], "//")
	return scheme + "//xxxxx" + raw[at:]
}

// parseReason is the cause of a url.Parse error, which repeats the URL.
func parseReason(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err.Error()
	}
	return err.Error()
}

func validatePath(value string, path *field.Path) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, "service needs a path: must start with /, for example /sync")}
	}
	if !strings.HasPrefix(value, "/") {
		return field.ErrorList{field.Invalid(path, value, "must start with /, for example /sync")}
	}
	if _, err := url.Parse("http://service" + value); err != nil {
		return field.ErrorList{field.Invalid(path, value, "must be the path of a URL: "+parseReason(err))}
	}
	if strings.Contains(value, "#") {
		return field.ErrorList{field.Invalid(path, value, "may not have a fragment")}
	}
	return nil
}
