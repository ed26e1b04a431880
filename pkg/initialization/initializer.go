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

package initialization

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
)

// NewHook makes the executor of a hook. Its error says which field asks for what is not possible.
type NewHook func(hook.Spec) (hook.Hook, error)

// Initializer is an InitializerController, ready to be called. It is immutable.
type Initializer struct {
	// Object is what was compiled. It is read only.
	Object *v1alpha1.InitializerController
	// Resources are the resource types whose new objects are completed, in the version that the hook is sent.
	Resources []schema.GroupVersionResource
	// NamespaceSelector and ObjectSelector select by labels; never nil.
	NamespaceSelector, ObjectSelector labels.Selector
	// Timeout is how long the hook may take.
	Timeout time.Duration
	// Problem is why the hook cannot be called at all: every call fails with it. Nil when it can.
	Problem error

	hook hook.Hook
	mode hook.Mode
	raw  []byte // the controller's JSON, as hooks are sent it
}

// kind is that of the objects.
const kind = "InitializerController"

// ownGroup is the group of controllers, and the end of the names of all other groups of this server.
const ownGroup = "metacontroller.k8s.io"

// Name returns the initializer's name, spec.initializerName.
func (i *Initializer) Name() string { return i.Object.Spec.InitializerName }

// Policy returns the failure policy.
func (i *Initializer) Policy() v1alpha1.InitializerFailurePolicy {
	if i.Object.Spec.FailurePolicy == "" {
		return v1alpha1.InitializerFailurePolicy(metacontroller.DefaultInitializerFailurePolicy)
	}
	return i.Object.Spec.FailurePolicy
}

// Gates reports whether a deferred object is held back.
func (i *Initializer) Gates() bool {
	return i.Object.Spec.Deferral != v1alpha1.InitializerDeferAnnotate
}

// Declares reports whether new objects of the resource type, as sent in its version, are completed.
func (i *Initializer) Declares(resource schema.GroupVersionResource) bool {
	return slices.Contains(i.Resources, resource)
}

// compile returns the initializer that an object describes. What is wrong with the object is the result's Problem.
func compile(object *v1alpha1.InitializerController, newHook NewHook) *Initializer {
	i := &Initializer{
		Object:            object,
		NamespaceSelector: labels.Everything(), ObjectSelector: labels.Everything(), Timeout: metacontroller.DefaultWebhookTimeout,
	}
	i.Problem = errors.Join(
		i.setResources(),
		setSelector(&i.NamespaceSelector, object.Spec.NamespaceSelector, "spec.namespaceSelector"),
		setSelector(&i.ObjectSelector, object.Spec.ObjectSelector, "spec.objectSelector"),
		i.makeHook(newHook),
		i.encode(),
	)
	return i
}

// setResources takes over the resource types but those that this server itself serves: it would wait for itself.
func (i *Initializer) setResources() error {
	var errs []error
	for n, rule := range i.Object.Spec.UninitializedResources {
		version, err := schema.ParseGroupVersion(rule.APIVersion)
		if err != nil || version.Version == "" || rule.Resource == "" {
			continue // not valid, so the API has refused it
		}
		resource := version.WithResource(rule.Resource)
		switch {
		case isOwn(resource):
			errs = append(errs, fmt.Errorf("spec.uninitializedResources[%d]: %s: objects of this server itself cannot be initialized", n, resource.GroupResource()))
		case !i.Declares(resource):
			i.Resources = append(i.Resources, resource)
		}
	}
	return errors.Join(errs...)
}

func isOwn(resource schema.GroupVersionResource) bool {
	return resource.Group == ownGroup || strings.HasSuffix(resource.Group, "."+ownGroup)
}

func setSelector(into *labels.Selector, from *metav1.LabelSelector, path string) error {
	if from == nil {
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(from)
	if err != nil {
		*into = labels.Nothing()
		return fmt.Errorf("%s: %w", path, err)
	}
	*into = selector
	return nil
}

func (i *Initializer) makeHook(newHook NewHook) error {
	spec := &i.Object.Spec
	if spec.Hooks == nil || spec.Hooks.Init == nil || spec.Hooks.Init.Webhook == nil {
		return errors.New("spec.hooks.init.webhook: no init hook is set, so there is nothing to call for an object")
	}
	webhook := spec.Hooks.Init.Webhook
	i.mode = hook.Mode(webhook.ResponseUnmarshalMode)
	if timeout, err := time.ParseDuration(webhook.Timeout); err == nil && timeout > 0 {
		i.Timeout = timeout
	}
	called := spec.Hooks.Init.DeepCopy()
	called.Webhook.ETag = nil // answers are remembered by the object's UID, which new objects do not have
	var err error
	i.hook, err = newHook(hook.Spec{
		Path: field.NewPath("spec", "hooks", "init"), Hook: called, Endpoints: spec.EndpointConfigs,
		ControllerName: i.Object.Name, ControllerKind: kind,
	})
	return err
}

func (i *Initializer) encode() error {
	shown := i.Object.DeepCopy()
	shown.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind(kind))
	shown.ManagedFields = nil
	shown.Status = v1alpha1.InitializerControllerStatus{}
	var err error
	i.raw, err = json.Marshal(shown)
	return err
}

// hooks are the hook, if there is one.
func (i *Initializer) hooks() hook.Set {
	if i.hook == nil {
		return nil
	}
	return hook.Set{i.hook}
}

// Err returns why the hook cannot be called as things are, though nothing is wrong with the object: a Secret is missing.
func (i *Initializer) Err() error { return i.hooks().Err() }

// HookNamespace returns the namespace of the Service that the hook is called by, empty when it is none: the Service that
// the webhook names, or the one that the host name of its URL is.
func (i *Initializer) HookNamespace() string {
	hooks := i.Object.Spec.Hooks
	if hooks == nil || hooks.Init == nil || hooks.Init.Webhook == nil {
		return ""
	}
	webhook := hooks.Init.Webhook
	if webhook.URL == "" {
		if webhook.Service == nil {
			return ""
		}
		return webhook.Service.Namespace
	}
	parsed, err := url.Parse(webhook.URL)
	if err != nil {
		return ""
	}
	// <service>.<namespace>.svc[.<cluster domain>]
	if parts := strings.Split(parsed.Hostname(), "."); len(parts) > 2 && parts[2] == "svc" {
		return parts[1]
	}
	return ""
}
