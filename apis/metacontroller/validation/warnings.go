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

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// WarningsForCompositeController tells what is valid in a CompositeController
// and probably not meant. It is for objects that passed validation.
func WarningsForCompositeController(controller *metacontroller.CompositeController) []string {
	hooks := controller.Spec.Hooks
	if hooks == nil {
		return nil
	}
	return append(warnWithoutSync(hooks.Sync, hooks.Finalize, "parent"), warnHooks(compositeHooks(hooks))...)
}

// WarningsForDecoratorController does for a DecoratorController what
// [WarningsForCompositeController] does for a CompositeController.
func WarningsForDecoratorController(controller *metacontroller.DecoratorController) []string {
	hooks := controller.Spec.Hooks
	if hooks == nil {
		return nil
	}
	return append(warnWithoutSync(hooks.Sync, hooks.Finalize, "object"), warnHooks(decoratorHooks(hooks))...)
}

// WarningsForInitializerController does for an InitializerController what
// [WarningsForCompositeController] does for a CompositeController, but for the
// expressions of its matchConditions.
func WarningsForInitializerController(controller *metacontroller.InitializerController) []string {
	hooks := controller.Spec.Hooks
	if hooks == nil {
		return nil
	}
	return warnHooks(initializerHooks(hooks))
}

// WarningsForControllerRevision has nothing to warn of: the server writes
// revisions.
func WarningsForControllerRevision(*metacontroller.ControllerRevision) []string {
	return nil
}

// warnWithoutSync tells what a controller without a sync hook does to its
// objects.
func warnWithoutSync(sync, finalize *metacontroller.Hook, object string) []string {
	switch {
	case sync != nil:
		return nil
	case finalize == nil:
		return []string{fmt.Sprintf("spec.hooks.sync: not set, so nothing happens while a %s lives", object)}
	default:
		return []string{fmt.Sprintf("spec.hooks.sync: not set, so nothing happens while a %s lives, yet finalize holds up its deletion", object)}
	}
}

func warnHooks(hooks []namedHook) []string {
	var warnings []string
	for _, h := range hooks {
		if h.hook == nil || h.hook.Webhook == nil {
			continue
		}
		if w := h.hook.Webhook; w.URL != "" && (w.Service != nil || w.Path != "") {
			warnings = append(warnings, "spec.hooks."+h.name+".webhook: url wins, service and path are ignored: remove them, or the url")
		}
	}
	return warnings
}
