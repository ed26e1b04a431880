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

package hook

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// Spec is a hook as a controller declares it. It is what an executor is made of.
type Spec struct {
	// ControllerKind and ControllerName say whose hook it is.
	ControllerKind, ControllerName string
	// Path is the field that has the hook, such as spec.hooks.sync: errors name fields below it.
	Path *field.Path
	// Hook has the defaults of the API where it omits something.
	Hook *v1alpha1.Hook
	// Endpoints are the controller's spec.endpointConfigs.
	Endpoints []v1alpha1.EndpointConfig
}

// Name returns what the hook is called in spec.hooks: sync, finalize, customize, …
func (s *Spec) Name() string {
	path := s.Path.String()
	return path[strings.LastIndexByte(path, '.')+1:]
}
