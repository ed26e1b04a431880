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

package decorator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// reasonAttachmentNotFound is a reason of the condition Ready, docs/protocol.md §8.
const reasonAttachmentNotFound = "AttachmentResourceNotFound"

// definition is what a DecoratorController says, checked against what the cluster serves.
type definition struct {
	config *Config
	object *v1alpha1.DecoratorController
	// resources are all that is watched, each once: first the types of the targets, then those of attachments that are none.
	resources []objects.Resource
	// selections are the rules for the targets, by type.
	selections [][]selection
	// rules are those of attachments as the plan takes them, and attachments their resources: indexes into resources.
	rules       []plan.Rule
	attachments []int

	resyncPeriod time.Duration // 0: never
	// sync, finalize and customize are the hooks, the last two nil when there is no such hook.
	sync, finalize, customize *supervise.Caller
	// finalizer is what targets carry as long as finalize wants to be called before they go.
	finalizer string
	// manager is the field manager of labels and annotations.
	manager string
	// raw is the object as JSON, as hooks are shown it: as it was when its generation was first seen.
	raw []byte
}

var _ supervise.Definition = &definition{}

// Same implements supervise.Definition.
func (d *definition) Same(running supervise.Controller) bool {
	other, ok := running.(*controller)
	return ok && d.object.UID == other.object.UID && d.object.Generation == other.object.Generation &&
		slices.Equal(d.resources, other.resources)
}

// define checks a DecoratorController against the cluster. The error is a *supervise.DefinitionError, or transient.
func define(ctx context.Context, object *v1alpha1.DecoratorController, config *Config) (*definition, error) {
	d := &definition{
		config: config, object: object, finalizer: finalizerPrefix + object.Name, manager: fieldManager(object.Name),
	}
	if err := d.readSpec(); err != nil {
		return nil, err
	}
	if err := d.makeHooks(); err != nil {
		return nil, err
	}
	if err := d.findTargets(ctx); err != nil {
		return nil, err
	}
	return d, d.findAttachments(ctx)
}

// readSpec takes over what needs no cluster.
func (d *definition) readSpec() error {
	if seconds := d.object.Spec.ResyncPeriodSeconds; seconds != nil {
		d.resyncPeriod = time.Duration(*seconds) * time.Second
	}
	shown := d.object.DeepCopy()
	shown.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind(controllerKind))
	shown.ManagedFields = nil
	var err error
	d.raw, err = json.Marshal(shown)
	return err
}

// makeHooks makes the executors of the hooks.
func (d *definition) makeHooks() error {
	hooks := d.object.Spec.Hooks
	if hooks == nil || hooks.Sync == nil {
		return supervise.Invalid("spec.hooks.sync: no sync hook is set, so there is nothing to call for an object")
	}
	var err error
	d.sync, d.finalize, d.customize, err = supervise.NewCallers(hook.Spec{
		ControllerKind: controllerKind, ControllerName: d.object.Name, Endpoints: d.object.Spec.EndpointConfigs,
	}, hooks.Sync, hooks.Finalize, hooks.Customize, d.config.NewHook)
	return err
}

// hooks are all hooks.
func (d *definition) hooks() hook.Set {
	return supervise.Hooks(d.sync, d.finalize, d.customize)
}

// findTargets looks up what the rules for targets name. Several rules may be about one type.
func (d *definition) findTargets(ctx context.Context) error {
	for i, rule := range d.object.Spec.Resources {
		path := fmt.Sprintf("spec.resources[%d]", i)
		selection, err := newSelection(&rule)
		if err != nil {
			return supervise.Invalid(path + "." + err.Error())
		}
		resource, err := supervise.Lookup(ctx, d.config.Objects, supervise.TypeName{APIVersion: rule.APIVersion, Resource: rule.Resource},
			path, supervise.ReasonParentNotFound)
		if err != nil {
			return err
		}
		number := d.watch(resource)
		if number == len(d.selections) {
			d.selections = append(d.selections, nil)
		}
		d.selections[number] = append(d.selections[number], selection)
	}
	return nil
}

// findAttachments looks up what the rules for attachments name.
func (d *definition) findAttachments(ctx context.Context) error {
	targets := d.resources
	for i, rule := range d.object.Spec.Attachments {
		path := fmt.Sprintf("spec.attachments[%d]", i)
		resource, err := supervise.Lookup(ctx, d.config.Objects, supervise.TypeName{APIVersion: rule.APIVersion, Resource: rule.Resource},
			path, reasonAttachmentNotFound)
		if err != nil {
			return err
		}
		if !resource.Namespaced && !slices.ContainsFunc(targets, func(r objects.Resource) bool { return !r.Namespaced }) {
			return &supervise.DefinitionError{Reason: supervise.ReasonParentScope, Event: supervise.EventCreateError, Message: fmt.Sprintf(
				"%s: %s are cluster-scoped, and no namespaced object can own them: spec.resources needs a cluster-scoped resource", path, rule.Resource)}
		}
		d.attachments = append(d.attachments, d.watch(resource))
		d.rules = append(d.rules, plan.Rule{
			APIVersion: rule.APIVersion, Kind: resource.Kind, Resource: rule.Resource, Namespaced: resource.Namespaced,
			Method: updateMethod(rule.UpdateStrategy),
		})
	}
	return nil
}

// watch returns the number of a resource, a new one when it is the first time that it is named.
func (d *definition) watch(resource objects.Resource) int {
	if number := slices.Index(d.resources, resource); number >= 0 {
		return number
	}
	d.resources = append(d.resources, resource)
	return len(d.resources) - 1
}

func updateMethod(strategy *v1alpha1.DecoratorAttachmentUpdateStrategy) plan.Method {
	if strategy == nil || strategy.Method == "" {
		return plan.OnDelete
	}
	return plan.Method(strategy.Method)
}
