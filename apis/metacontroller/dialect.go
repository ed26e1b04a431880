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

import (
	"fmt"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// FoldCompositeController rewrites the fields of the 2018 manifest dialect in
// controller into today's form, and raises what is too low to its minimum. It
// returns one warning for each of these fields that says what to write instead.
// It changes nothing but controller, which must have been defaulted.
//
// The old object is the stored one, or nil on create. It is needed because
// applying a 2018 manifest for the second time merges its fields into the
// stored form of the first time, so that a hook has both a path and a webhook.
// The 2018 fields win when they agree with the webhook or when the webhook is
// the stored one. Otherwise the manifest contradicts itself: the fields stay,
// and validation, which accepts none of them, refuses the object.
func FoldCompositeController(controller, old *CompositeController) (warnings []string) {
	f := folding{}
	spec, path := &controller.Spec, field.NewPath("spec")
	hooks, oldHooks := orEmpty(spec.Hooks), &CompositeControllerHooks{}
	if old != nil {
		oldHooks = orEmpty(old.Spec.Hooks)
	}
	spec.ChildResources = foldRules(&f, spec.ChildResources, path.Child("childResources"))
	spec.ClientConfig = f.clientConfig(spec.ClientConfig, path, []hookOfController{
		{"sync", hooks.Sync, oldHooks.Sync},
		{"finalize", hooks.Finalize, oldHooks.Finalize},
		{"customize", hooks.Customize, oldHooks.Customize},
	})
	f.neverCalled(&hooks.PreUpdateChild, path.Child("hooks", "preUpdateChild"))
	f.neverCalled(&hooks.PostUpdateChild, path.Child("hooks", "postUpdateChild"))
	f.raiseResyncPeriod(spec.ResyncPeriodSeconds, path.Child("resyncPeriodSeconds"))
	return f.warnings
}

// FoldDecoratorController does for a DecoratorController what
// [FoldCompositeController] does for a CompositeController.
func FoldDecoratorController(controller, old *DecoratorController) (warnings []string) {
	f := folding{}
	spec, path := &controller.Spec, field.NewPath("spec")
	hooks, oldHooks := orEmpty(spec.Hooks), &DecoratorControllerHooks{}
	if old != nil {
		oldHooks = orEmpty(old.Spec.Hooks)
	}
	spec.Resources = foldRules(&f, spec.Resources, path.Child("resources"))
	spec.Attachments = foldRules(&f, spec.Attachments, path.Child("attachments"))
	spec.ClientConfig = f.clientConfig(spec.ClientConfig, path, []hookOfController{
		{"sync", hooks.Sync, oldHooks.Sync},
		{"finalize", hooks.Finalize, oldHooks.Finalize},
		{"customize", hooks.Customize, oldHooks.Customize},
	})
	f.raiseResyncPeriod(spec.ResyncPeriodSeconds, path.Child("resyncPeriodSeconds"))
	return f.warnings
}

// FoldInitializerController does for an InitializerController what
// [FoldCompositeController] does for a CompositeController.
func FoldInitializerController(controller, old *InitializerController) (warnings []string) {
	f := folding{}
	spec, path := &controller.Spec, field.NewPath("spec")
	hooks, oldHooks := orEmpty(spec.Hooks), &InitializerControllerHooks{}
	if old != nil {
		oldHooks = orEmpty(old.Spec.Hooks)
	}
	spec.UninitializedResources = foldRules(&f, spec.UninitializedResources, path.Child("uninitializedResources"))
	spec.ClientConfig = f.clientConfig(spec.ClientConfig, path, []hookOfController{{"init", hooks.Init, oldHooks.Init}})
	return f.warnings
}

// orEmpty spares looking whether hooks are declared at all.
func orEmpty[T any](hooks *T) *T {
	if hooks == nil {
		return new(T)
	}
	return hooks
}

// folding collects the warnings about one object.
type folding struct {
	warnings []string
}

// warn says that the field at path is deprecated. Arguments that come from the
// manifest are to be quoted: control characters would void the warning.
func (f *folding) warn(path *field.Path, format string, args ...any) {
	f.warnings = append(f.warnings, path.String()+" is deprecated: "+fmt.Sprintf(format, args...))
}

// resourceRule is a pointer to a rule that declares a resource type, of any
// kind of controller.
type resourceRule[T any] interface {
	*T
	DeepCopy() *T
	// resourceFields returns the type that the rule declares, and the 2018
	// form of it.
	resourceFields() (apiVersion string, resource *string, resources *[]string)
}

func (r *ChildResourceRule) resourceFields() (apiVersion string, resource *string, resources *[]string) {
	return r.APIVersion, &r.Resource, &r.Resources
}

func (r *DecoratorResourceRule) resourceFields() (apiVersion string, resource *string, resources *[]string) {
	return r.APIVersion, &r.Resource, &r.Resources
}

func (r *DecoratorAttachmentRule) resourceFields() (apiVersion string, resource *string, resources *[]string) {
	return r.APIVersion, &r.Resource, &r.Resources
}

func (r *InitializerResourceRule) resourceFields() (apiVersion string, resource *string, resources *[]string) {
	return r.APIVersion, &r.Resource, &r.Resources
}

// foldRules makes one rule of each entry of resources. A rule that has resource
// too is left for validation to refuse.
func foldRules[T any, P resourceRule[T]](f *folding, rules []T, path *field.Path) []T {
	var folded []T
	for i := range rules {
		apiVersion, resource, resources := P(&rules[i]).resourceFields()
		if len(*resources) == 0 || *resource != "" {
			folded = append(folded, rules[i])
			continue
		}
		instead := make([]string, 0, len(*resources))
		for _, name := range *resources {
			rule := P(&rules[i]).DeepCopy()
			_, resource, resources := P(rule).resourceFields()
			*resource, *resources = name, nil
			folded = append(folded, *rule)
			instead = append(instead, fmt.Sprintf("{apiVersion: %q, resource: %q}", apiVersion, name))
		}
		f.warn(path.Index(i).Child("resources"), "write one rule for each resource: [%s]", strings.Join(instead, ", "))
	}
	return folded
}

// hookOfController is a hook with its JSON name and its stored state.
type hookOfController struct {
	name      string
	hook, old *Hook
}

// clientConfig folds the paths of the hooks, and with them clientConfig, into
// webhooks. It returns what cannot be folded: all of clientConfig while some
// hook's path is.
func (f *folding) clientConfig(config *ClientConfig, spec *field.Path, hooks []hookOfController) *ClientConfig {
	var folded []string
	left := false
	for _, h := range hooks {
		path := spec.Child("hooks", h.name)
		switch {
		case h.hook == nil || h.hook.Path == "":
		case config == nil || config.Service == nil || !foldPath(h.hook, h.old, config.Service):
			left = true
		default:
			f.warn(path.Child("path"), "write %s: %q", path.Child("webhook", "path"), h.hook.Webhook.Path)
			folded = append(folded, path.Child("webhook", "service").String())
		}
	}
	if left || config == nil {
		return config
	}
	f.warnClientConfig(config, spec.Child("clientConfig"), folded)
	return nil
}

func (f *folding) warnClientConfig(config *ClientConfig, path *field.Path, folded []string) {
	switch {
	case config.Service == nil:
	case len(folded) == 0:
		f.warn(path.Child("service"), "it has no effect, because no hook has a path: remove it")
	default:
		f.warn(path.Child("service"), "write %s: {name: %q, namespace: %q}",
			strings.Join(folded, " and "), config.Service.Name, config.Service.Namespace)
	}
	// Hooks of 2018 were called over http whatever caBundle said. Carrying it
	// on would hide that, and would turn off the webhook's endpointConfigs.
	if config.CABundle != "" {
		f.warn(path.Child("caBundle"), "it has no effect, because the hook is called over http: "+
			"remove it, or write spec.hooks.<hook>.webhook with service.protocol: https and caBundle.inline")
	}
	if config.Service == nil && config.CABundle == "" {
		f.warn(path, "it is empty: remove it")
	}
}

// foldPath moves path and service into the hook's webhook. It reports false,
// and changes nothing, when the webhook contradicts them and is not the stored
// one.
func foldPath(hook, old *Hook, service *ClientConfigService) bool {
	if hook.Webhook == nil {
		hook.Webhook = &Webhook{
			Timeout:               DefaultWebhookTimeout.String(),
			ResponseUnmarshalMode: DefaultResponseUnmarshalMode(hook.Version),
		}
	}
	webhook := hook.Webhook
	other := callsOther(webhook, service)
	if contradicts := other || differs(webhook.Path, hook.Path); contradicts {
		if old == nil || !apiequality.Semantic.DeepEqual(webhook, old.Webhook) {
			return false
		}
	}
	if other {
		webhook.URL, webhook.Service = "", nil
	}
	if webhook.Service == nil {
		webhook.Service = &ServiceReference{Port: new(DefaultServicePort), Protocol: DefaultServiceProtocol}
	}
	webhook.Service.Name, webhook.Service.Namespace = service.Name, service.Namespace
	webhook.Path, hook.Path = hook.Path, ""
	return true
}

// callsOther tells whether webhook calls something else than service, on
// whatever port: the 2018 dialect says nothing about ports.
func callsOther(webhook *Webhook, service *ClientConfigService) bool {
	return webhook.URL != "" || webhook.Service != nil &&
		(differs(webhook.Service.Name, service.Name) || differs(webhook.Service.Namespace, service.Namespace))
}

// differs tells whether today's form of a field says something else than the
// form of 2018. It may say nothing: when the author of today's form applies a
// 2018 manifest server-side, his fields have just been taken out of the object.
func differs(today, then string) bool {
	return today != "" && today != then
}

// raiseResyncPeriod raises a period that is too short to what it means.
func (f *folding) raiseResyncPeriod(seconds *int32, path *field.Path) {
	if seconds == nil || *seconds == 0 || *seconds >= MinResyncPeriodSeconds {
		return
	}
	f.warnings = append(f.warnings, fmt.Sprintf("%s: %d is raised to %d, the minimum; write 0 for never", path, *seconds, MinResyncPeriodSeconds))
	*seconds = MinResyncPeriodSeconds
}

// neverCalled drops a hook that has been declared since 2018 and never called.
func (f *folding) neverCalled(hook **Hook, path *field.Path) {
	if *hook != nil {
		f.warn(path, "it is never called: remove it")
	}
	*hook = nil
}
