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
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/pkg/objects"
)

func TestNoStatus(t *testing.T) {
	const (
		custom = "add `subresources: {status: {}}` to this version of its CustomResourceDefinition"
		native = "Kubernetes gives this type none, so choose another parent resource, such as a custom resource"
	)
	for name, tc := range map[string]struct {
		group string
		want  string
	}{
		"Core":              {group: "", want: native},
		"Apps":              {group: "apps", want: native},
		"Networking":        {group: "networking.k8s.io", want: native},
		"APIService":        {group: "apiregistration.k8s.io", want: native},
		"Custom":            {group: "example.com", want: custom},
		"CustomOfCommunity": {group: "gateway.networking.k8s.io", want: custom},
	} {
		t.Run(name, func(t *testing.T) {
			got := noStatus(objects.Resource{GroupVersionResource: schema.GroupVersionResource{Group: tc.group, Version: "v1", Resource: "things"}})
			want := "spec.parentResource: ignoring, things of " + schema.GroupVersion{Group: tc.group, Version: "v1"}.String() +
				" does not have subresource 'Status' enabled: " + tc.want
			if diff := cmp.Diff(want, got.Message); diff != "" {
				t.Errorf("noStatus() (-want +got):\n%s", diff)
			}
		})
	}
}
