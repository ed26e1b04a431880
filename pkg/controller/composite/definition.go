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

package composite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/revision"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// Reasons of the condition Ready that other kinds do not have, docs/protocol.md §8.
const (
	reasonChildNotFound = "ChildResourceNotFound"
	reasonNoStatus      = "ParentStatusMissing"
)

// definition is what a CompositeController says, checked against what the cluster serves.
type definition struct {
	config *Config
	object *v1alpha1.CompositeController
	parent objects.Resource
	// resources are the child resources, rules the same as the plan takes them, in the order of the spec.
	resources []objects.Resource
	rules     []plan.Rule
	// selector tells which objects of the parent resource are parents.
	selector            labels.Selector
	ignoreStatusChanges bool
	generateSelector    bool
	resyncPeriod        time.Duration // 0: never
	// sync, finalize and customize are the hooks, the last two nil when there is no such hook.
	sync, finalize, customize *supervise.Caller
	// finalizer is what parents carry as long as finalize wants to be called before they go.
	finalizer string
	// revisions are how the revisions of parents are made; nil when no child rule has a rolling method.
	revisions *revision.Scheme
	// raw is the object as JSON, as hooks are shown it: as it was when its generation was first seen.
	raw []byte
}

var _ supervise.Definition = &definition{}

// Same implements supervise.Definition.
func (d *definition) Same(running supervise.Controller) bool {
	other, ok := running.(*controller)
	return ok && d.object.UID == other.object.UID && d.object.Generation == other.object.Generation &&
		d.parent == other.parent && slices.Equal(d.resources, other.resources)
}

// define checks a CompositeController against the cluster. The error is a *supervise.DefinitionError, or transient.
func define(ctx context.Context, object *v1alpha1.CompositeController, config *Config) (*definition, error) {
	if err := supported(&object.Spec); err != nil {
		return nil, err
	}
	d := &definition{config: config, object: object, finalizer: finalizerPrefix + object.Name}
	if err := d.readSpec(); err != nil {
		return nil, supervise.Invalid(err.Error())
	}
	if err := d.makeHooks(); err != nil {
		return nil, err
	}
	if err := d.findResources(ctx); err != nil {
		return nil, err
	}
	var err error
	if d.revisions, err = d.newScheme(config.Namespace); err != nil {
		return nil, supervise.Invalid(err.Error())
	}
	return d, nil
}

// makeHooks makes the executors of the hooks.
func (d *definition) makeHooks() error {
	hooks := d.object.Spec.Hooks
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

// readSpec takes over what needs no cluster.
func (d *definition) readSpec() error {
	spec := &d.object.Spec
	d.selector = labels.Everything()
	if spec.ParentResource.LabelSelector != nil {
		var err error
		if d.selector, err = metav1.LabelSelectorAsSelector(spec.ParentResource.LabelSelector); err != nil {
			return fmt.Errorf("spec.parentResource.labelSelector: %w", err)
		}
	}
	d.ignoreStatusChanges = spec.ParentResource.IgnoreStatusChanges != nil && *spec.ParentResource.IgnoreStatusChanges
	d.generateSelector = spec.GenerateSelector != nil && *spec.GenerateSelector
	if spec.ResyncPeriodSeconds != nil {
		d.resyncPeriod = time.Duration(*spec.ResyncPeriodSeconds) * time.Second
	}
	shown := d.object.DeepCopy()
	shown.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind(controllerKind))
	shown.ManagedFields = nil
	var err error
	d.raw, err = json.Marshal(shown)
	return err
}

// findResources looks up the resources that the rules name.
func (d *definition) findResources(ctx context.Context) error {
	var err error
	if d.parent, err = supervise.Lookup(ctx, d.config.Objects, parentType(d.object), "spec.parentResource", supervise.ReasonParentNotFound); err != nil {
		return err
	}
	if !d.parent.HasStatus {
		return noStatus(d.parent)
	}
	for i, rule := range d.object.Spec.ChildResources {
		path := fmt.Sprintf("spec.childResources[%d]", i)
		resource, err := supervise.Lookup(ctx, d.config.Objects, supervise.TypeName{APIVersion: rule.APIVersion, Resource: rule.Resource}, path, reasonChildNotFound)
		if err != nil {
			return err
		}
		if d.parent.Namespaced && !resource.Namespaced {
			return &supervise.DefinitionError{Reason: supervise.ReasonParentScope, Event: supervise.EventCreateError, Message: fmt.Sprintf(
				"%s: %s are cluster-scoped, and a namespaced parent (%s) cannot own them: use a cluster-scoped parent resource",
				path, rule.Resource, d.parent.Resource)}
		}
		d.resources = append(d.resources, resource)
		d.rules = append(d.rules, plan.Rule{
			APIVersion: rule.APIVersion, Kind: resource.Kind, Resource: rule.Resource, Namespaced: resource.Namespaced,
			Method: plan.Method(updateMethod(rule.UpdateStrategy)), StatusChecks: statusChecks(rule.UpdateStrategy),
		})
	}
	return nil
}

func updateMethod(strategy *v1alpha1.ChildUpdateStrategy) v1alpha1.ChildUpdateMethod {
	if strategy == nil || strategy.Method == "" {
		return v1alpha1.ChildUpdateOnDelete
	}
	return strategy.Method
}
