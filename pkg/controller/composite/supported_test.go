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
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
)

func TestSupported(t *testing.T) {
	webhook := &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: "http://hook/"}}
	cases := map[string]struct {
		spec v1alpha1.CompositeControllerSpec
		want string
	}{
		"Sync": {spec: v1alpha1.CompositeControllerSpec{Hooks: &v1alpha1.CompositeControllerHooks{Sync: webhook}}},
		"FinalizeAlone": { // docs/protocol.md §1: sync is required for anything to happen
			spec: v1alpha1.CompositeControllerSpec{Hooks: &v1alpha1.CompositeControllerHooks{Finalize: webhook}},
			want: "spec.hooks.sync.webhook: no sync hook is set, so there is nothing to call for a parent",
		},
		"NoHooks": {want: "spec.hooks.sync.webhook: no sync hook is set, so there is nothing to call for a parent"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := supported(&tc.spec); err != nil {
				got = err.Error()
				if _, lasting := errors.AsType[*supervise.DefinitionError](err); !lasting {
					t.Errorf("%v is a %T, want a *supervise.DefinitionError", err, err)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("supported() (-want +got):\n%s", diff)
			}
		})
	}
}
