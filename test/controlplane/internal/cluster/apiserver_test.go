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

package cluster

import (
	"slices"
	"testing"
)

// TestAPIServerFurtherFlags: of a flag given twice, kube-apiserver takes the last one.
func TestAPIServerFurtherFlags(t *testing.T) {
	further := []string{"--authorization-mode=AlwaysAllow", "--v=4"}
	args := apiServer(folder{path: "/dir"}, "/programs", 20000, further).Args
	if got := args[len(args)-len(further):]; !slices.Equal(got, further) {
		t.Errorf("the last flags are %q, want %q", got, further)
	}
	if !slices.Contains(args, "--secure-port=20000") {
		t.Errorf("the port is not in %q", args)
	}
}
