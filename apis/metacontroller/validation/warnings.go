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
	"github.com/hookplane/hookplane/apis/metacontroller"
)

// WarningsForCompositeController tells what is valid in a CompositeController
// and probably not meant. It is for objects that passed validation.
func WarningsForCompositeController(controller *metacontroller.CompositeController) []string {
	hooks := controller.Spec.Hooks
	if hooks == nil {
		return nil
	}
	var warnings []string
	if hooks.Sync == nil {
		warnings = append(warnings, "spec.hooks.sync: not set, so nothing happens while a parent lives")
	}
	for _, h := range []struct {
		name string
		hook *metacontroller.Hook
	}{{"sync", hooks.Sync}, {"finalize", hooks.Finalize}, {"customize", hooks.Customize}} {
		if h.hook == nil || h.hook.Webhook == nil {
			continue
		}
		if w := h.hook.Webhook; w.URL != "" && (w.Service != nil || w.Path != "") {
			warnings = append(warnings, "spec.hooks."+h.name+".webhook: url wins, service and path are ignored: remove them, or the url")
		}
	}
	return warnings
}
