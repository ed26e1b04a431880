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
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
)

// controllerKind is the kind of the controllers that this package runs.
const controllerKind = "CompositeController"

// caller is one hook of a controller, and the form in which it is asked and answers.
type caller struct {
	hook.Hook
	version hook.Version
	mode    hook.Mode
}

// newCaller returns the caller of the hook in that field of the controller's spec.hooks.
func newCaller(controller *v1alpha1.CompositeController, name string, spec *v1alpha1.Hook, newHook NewHook) (*caller, error) {
	executor, err := newHook(hook.Spec{
		ControllerKind: controllerKind, ControllerName: controller.Name,
		Path: field.NewPath("spec", "hooks", name), Hook: spec, Endpoints: controller.Spec.EndpointConfigs,
	})
	if err != nil {
		return nil, &problem{reasonInvalidSpec, err.Error(), eventCreateError}
	}
	return &caller{Hook: executor, version: hook.Version(spec.Version), mode: hook.Mode(spec.Webhook.ResponseUnmarshalMode)}, nil
}
