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
	"runtime/debug"
	"strconv"

	utilversion "k8s.io/apimachinery/pkg/util/version"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/component-base/compatibility"
)

// servedVersion is the version of the Kubernetes libraries, which feature gates go by, with this program's
// own version for people to see.
type servedVersion struct {
	compatibility.EffectiveVersion
	info apimachineryversion.Info
}

func newServedVersion(libraries compatibility.EffectiveVersion, version string) *servedVersion {
	info := *libraries.Info()
	info.Major, info.Minor = "", ""
	if parsed, err := utilversion.ParseGeneric(version); err == nil {
		info.Major, info.Minor = strconv.FormatUint(uint64(parsed.Major()), 10), strconv.FormatUint(uint64(parsed.Minor()), 10)
	}
	info.GitVersion = version
	info.GitCommit, info.GitTreeState, info.BuildDate = "", "", ""
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range build.Settings {
			switch setting.Key {
			case "vcs.revision":
				info.GitCommit = setting.Value
			case "vcs.time":
				info.BuildDate = setting.Value
			}
		}
	}
	return &servedVersion{EffectiveVersion: libraries, info: info}
}

// Info implements compatibility.EffectiveVersion.
func (v *servedVersion) Info() *apimachineryversion.Info {
	info := v.info
	return &info
}
