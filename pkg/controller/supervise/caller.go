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

package supervise

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
)

// NewHook makes the executor of a hook. Its error names the field that asks for what is not possible.
type NewHook func(hook.Spec) (hook.Hook, error)

// Caller is one hook of a controller, and the form in which it is asked and answers.
type Caller struct {
	hook.Hook
	Version hook.Version
	Mode    hook.Mode
}

// NewCallers returns the callers of a controller's hooks; nil for a hook that there is not. Of the spec only Path and Hook are still to be
// filled in. The error is a *DefinitionError.
func NewCallers(spec hook.Spec, sync, finalize, customize *v1alpha1.Hook, newHook NewHook) (ofSync, ofFinalize, ofCustomize *Caller, err error) {
	for _, declared := range []struct {
		name   string
		hook   *v1alpha1.Hook
		caller **Caller
	}{
		{"sync", sync, &ofSync}, {"finalize", finalize, &ofFinalize}, {"customize", customize, &ofCustomize},
	} {
		spec.Hook = declared.hook
		if *declared.caller, err = newCaller(declared.name, spec, newHook); err != nil {
			return nil, nil, nil, err
		}
	}
	return ofSync, ofFinalize, ofCustomize, nil
}

// Hooks are the hooks of callers, of which any may be nil.
func Hooks(callers ...*Caller) hook.Set {
	var set hook.Set
	for _, caller := range callers {
		if caller != nil {
			set = append(set, caller.Hook)
		}
	}
	return set
}

// newCaller returns the caller of the hook in that field of the controller's spec.hooks; nil when there is no such hook. Of the spec only
// Path is still to be filled in. The error is a *DefinitionError.
func newCaller(name string, spec hook.Spec, newHook NewHook) (*Caller, error) {
	if spec.Hook == nil {
		return nil, nil
	}
	spec.Path = field.NewPath("spec", "hooks", name)
	if spec.Hook.Webhook == nil {
		return nil, Invalid(spec.Path.Child("webhook").String() + ": a hook without an executor cannot be called: set webhook.url, or leave the hook out")
	}
	executor, err := newHook(spec)
	if err != nil {
		return nil, Invalid(err.Error())
	}
	return &Caller{Hook: executor, Version: hook.Version(spec.Hook.Version), Mode: hook.Mode(spec.Hook.Webhook.ResponseUnmarshalMode)}, nil
}
