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
	"fmt"
	"strings"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// supported returns the problem of a spec that asks for what this version does not do. Running such a
// controller without it would call hooks with half of what they rely on.
func supported(spec *v1alpha1.CompositeControllerSpec) error {
	if spec.Hooks == nil || spec.Hooks.Sync == nil || spec.Hooks.Sync.Webhook == nil {
		return &problem{reasonInvalidSpec, "spec.hooks.sync.webhook: no sync hook is set, so there is nothing to call for a parent", eventCreateError}
	}
	var fields []string
	for i, rule := range spec.ChildResources {
		if method := updateMethod(rule.UpdateStrategy); method == v1alpha1.ChildUpdateRollingInPlace || method == v1alpha1.ChildUpdateRollingRecreate {
			fields = append(fields, fmt.Sprintf("spec.childResources[%d].updateStrategy.method: %s", i, method))
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return &problem{reasonNotSupported, fmt.Sprintf(
		"this version does not support %s: the controller does not run, rather than run without it", strings.Join(fields, ", ")), eventCreateError}
}
