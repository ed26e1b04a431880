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

package apiserver

import (
	"context"

	"github.com/hookplane/hookplane/pkg/hook"
)

// Runner is what runs beside the API, such as the controllers.
type Runner interface {
	// Run works until the context ends and returns when everything that it started has ended. An error
	// while the context has not ended stops the server.
	Run(ctx context.Context) error
}

// Controllers run beside the API, and make the hooks that admission calls too.
type Controllers interface {
	Runner
	// NewHook makes the executor of a hook.
	NewHook(spec hook.Spec) (hook.Hook, error)
}
