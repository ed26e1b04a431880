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
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// WarningsForCompositeController tells what is valid in a CompositeController
// and probably not meant. It is for objects that passed validation.
func WarningsForCompositeController(controller *metacontroller.CompositeController) []string {
	spec, path := &controller.Spec, field.NewPath("spec")
	warnings := warnSelector(spec, path)
	warnings = append(warnings, warnRollouts(spec, path)...)
	if hooks := spec.Hooks; hooks != nil {
		warnings = append(warnings, warnWithoutSync(hooks.Sync, hooks.Finalize, "a parent")...)
		warnings = append(warnings, warnHooks(compositeHooks(hooks), spec.EndpointConfigs)...)
	}
	return warnings
}

// WarningsForDecoratorController does for a DecoratorController what
// [WarningsForCompositeController] does for a CompositeController.
func WarningsForDecoratorController(controller *metacontroller.DecoratorController) []string {
	spec := &controller.Spec
	warnings := warnRecursion(spec, field.NewPath("spec"))
	if hooks := spec.Hooks; hooks != nil {
		warnings = append(warnings, warnWithoutSync(hooks.Sync, hooks.Finalize, "an object")...)
		warnings = append(warnings, warnHooks(decoratorHooks(hooks), spec.EndpointConfigs)...)
	}
	return warnings
}

// WarningsForInitializerController does for an InitializerController what
// [WarningsForCompositeController] does for a CompositeController, but for the
// expressions of its matchConditions.
func WarningsForInitializerController(controller *metacontroller.InitializerController) []string {
	spec := &controller.Spec
	var warnings []string
	if spec.Deferral == metacontroller.InitializerDeferAnnotate && spec.FailurePolicy != metacontroller.InitializerDefer {
		warnings = append(warnings, fmt.Sprintf("spec.deferral: has no effect with failurePolicy %s: nothing is deferred", spec.FailurePolicy))
	}
	if hooks := spec.Hooks; hooks != nil {
		warnings = append(warnings, warnHooks(initializerHooks(hooks), spec.EndpointConfigs)...)
		warnings = append(warnings, warnAdmissionTimeout(spec)...)
	}
	return warnings
}

// WarningsForControllerRevision has nothing to warn of: the server writes
// revisions.
func WarningsForControllerRevision(*metacontroller.ControllerRevision) []string {
	return nil
}

// warnAdmissionTimeout tells of a timeout that the API server does not grant.
func warnAdmissionTimeout(spec *metacontroller.InitializerControllerSpec) []string {
	const limit = 30 * time.Second // of the timeoutSeconds of an admission webhook
	hook := spec.Hooks.Init
	if hook == nil || hook.Webhook == nil || spec.FailurePolicy != metacontroller.InitializerFail {
		return nil
	}
	if timeout, err := time.ParseDuration(hook.Webhook.Timeout); err != nil || timeout <= limit {
		return nil
	}
	return []string{fmt.Sprintf("spec.hooks.init.webhook.timeout: the API server waits %v for admission and then refuses the object: "+
		"write a shorter timeout, or failurePolicy: Defer", limit)}
}

// warnWithoutSync tells what a controller without a sync hook does to its
// objects.
func warnWithoutSync(sync, finalize *metacontroller.Hook, object string) []string {
	switch {
	case sync != nil:
		return nil
	case finalize == nil:
		return []string{fmt.Sprintf("spec.hooks.sync: not set, so nothing happens while %s lives", object)}
	default:
		return []string{fmt.Sprintf("spec.hooks.sync: not set, so nothing happens while %s lives, yet finalize holds up its deletion", object)}
	}
}

// warnRollouts tells of what only a rollout looks at, where there is none.
func warnRollouts(spec *metacontroller.CompositeControllerSpec, path *field.Path) []string {
	var warnings []string
	rolling := sets.New(metacontroller.ChildUpdateRollingRecreate, metacontroller.ChildUpdateRollingInPlace)
	rollout := false
	for i, rule := range spec.ChildResources {
		switch strategy := rule.UpdateStrategy; {
		case strategy == nil:
		case rolling.Has(strategy.Method):
			rollout = true
		case strategy.StatusChecks != nil:
			warnings = append(warnings, fmt.Sprintf("%s: has no effect: only rolling methods wait for it",
				path.Child("childResources").Index(i).Child("updateStrategy", "statusChecks")))
		}
	}
	history := spec.ParentResource.RevisionHistory
	if history == nil {
		return warnings
	}
	path = path.Child("parentResource", "revisionHistory")
	if !rollout {
		return append(warnings, path.String()+": has no effect, because no child rule has a rolling update method")
	}
	for i, fieldPath := range history.FieldPaths {
		if root, _, _ := strings.Cut(fieldPath, "."); root == "status" {
			warnings = append(warnings, fmt.Sprintf("%s: every sync may change the status, and each change starts a rollout: use fields of the spec",
				path.Child("fieldPaths").Index(i)))
		}
	}
	return warnings
}

// warnRecursion tells of attachments that are decorated themselves.
func warnRecursion(spec *metacontroller.DecoratorControllerSpec, path *field.Path) []string {
	decorated := map[schema.GroupResource]int{}
	for i, rule := range slices.Backward(spec.Resources) {
		decorated[groupResource(rule.APIVersion, rule.Resource)] = i
	}
	var warnings []string
	for i, attachment := range spec.Attachments {
		if by, found := decorated[groupResource(attachment.APIVersion, attachment.Resource)]; found {
			warnings = append(warnings, fmt.Sprintf("%s: is decorated too, by %s: without a selector that leaves attachments out, each attachment gets attachments of its own, without end",
				path.Child("attachments").Index(i), path.Child("resources").Index(by)))
		}
	}
	return warnings
}
