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
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/component-base/compatibility"
)

func TestServedVersion(t *testing.T) {
	libraries := compatibility.NewEffectiveVersionFromString("1.37", "", "")
	cases := map[string]struct {
		version string
		want    map[string]string
	}{
		"Release":     {version: "v0.12.3", want: map[string]string{"major": "0", "minor": "12", "gitVersion": "v0.12.3", "emulation": "1.37"}},
		"Development": {version: "devel", want: map[string]string{"major": "", "minor": "", "gitVersion": "devel", "emulation": "1.37"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			served := newServedVersion(libraries, tc.version)
			info := served.Info()
			got := map[string]string{
				"major": info.Major, "minor": info.Minor, "gitVersion": info.GitVersion,
				"emulation": served.EmulationVersion().String(),
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("the version differs (-want +got):\n%s", diff)
			}
		})
	}
}
