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

package validation

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

func TestWarningsForCompositeController(t *testing.T) {
	const warning = "spec.hooks.sync: not set, so nothing happens while a parent lives"
	cases := map[string]struct {
		modify modification
		want   []string
	}{
		"Sync":         {modify: func(*metacontroller.CompositeController) {}},
		"OnlyFinalize": {modify: func(c *metacontroller.CompositeController) { c.Spec.Hooks.Sync, c.Spec.Hooks.Finalize = nil, newHook() }, want: []string{warning + ", yet finalize holds up its deletion"}},
		"EmptyHooks":   {modify: func(c *metacontroller.CompositeController) { c.Spec.Hooks.Sync = nil }, want: []string{warning}},
		"URLAndService": {
			modify: func(c *metacontroller.CompositeController) { c.Spec.Hooks.Sync.Webhook.URL = "http://example.com" },
			want:   []string{"spec.hooks.sync.webhook: url wins, service and path are ignored: remove them, or the url"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			controller := newController(tc.modify)
			check(t, nil, create(t, controller))
			if diff := cmp.Diff(tc.want, WarningsForCompositeController(controller)); diff != "" {
				t.Errorf("warnings: -want +got:\n%s", diff)
			}
		})
	}
}
