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
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
)

// supported returns the problem of a spec that gives a controller nothing to do.
func supported(spec *v1alpha1.CompositeControllerSpec) error {
	if spec.Hooks == nil || spec.Hooks.Sync == nil || spec.Hooks.Sync.Webhook == nil {
		return supervise.Invalid("spec.hooks.sync.webhook: no sync hook is set, so there is nothing to call for a parent")
	}
	return nil
}
