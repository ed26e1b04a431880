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

package server

import "runtime/debug"

// version is set when a release is linked: -ldflags "-X github.com/hookplane/hookplane/pkg/server.version=v0.1.0".
// The version variables of k8s.io/component-base must not be used for it: feature gates follow those.
var version string

// Version returns the version of this program: that of the release, else what the go command knows of the
// build, such as v0.1.1-0.20260101120000-0123456789ab, else "devel".
func Version() string {
	if version != "" {
		return version
	}
	if build, ok := debug.ReadBuildInfo(); ok && build.Main.Version != "" && build.Main.Version != "(devel)" {
		return build.Main.Version
	}
	return "devel"
}
